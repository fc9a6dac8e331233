"""Looking for records by a word, and the list of what was changed last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Api


def test_a_word_finds_records_of_the_objects_that_are_named(api: Api) -> None:
    api.lead(Company="Globex Corporation")
    api.post("sobjects/Account", {"Name": "Globex"})
    asked = {"q": "FIND {globex} IN ALL FIELDS RETURNING Account(Id, Name)"}
    (found,) = api.get("search", params=asked).json()["searchRecords"]
    assert (found["attributes"]["type"], found["Name"]) == ("Account", "Globex")


def test_without_objects_all_are_looked_through(api: Api) -> None:
    api.lead(Company="Globex Corporation")
    api.post("sobjects/Account", {"Name": "Globex"})
    found = api.get("search", params={"q": "FIND {Globex}"}).json()["searchRecords"]
    assert sorted(one["attributes"]["type"] for one in found) == ["Account", "Lead"]


def test_a_search_without_braces_is_malformed(api: Api) -> None:
    reply = api.get("search", params={"q": "FIND Globex"})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "MALFORMED_SEARCH")


def test_a_parameterized_search_takes_object_and_fields(api: Api) -> None:
    api.post("sobjects/Account", {"Name": "Globex", "Phone": "1"})
    asked = {"q": "Globex", "sobject": "account", "Account.fields": "Phone,Name"}
    (found,) = api.get("parameterizedSearch", params=asked).json()["searchRecords"]
    assert (found["Phone"], found["Name"]) == ("1", "Globex")


def test_a_word_that_nobody_has_finds_nothing(api: Api) -> None:
    asked = {"q": "Acme", "sObject": "Account"}
    assert api.get("parameterizedSearch", params=asked).json() == {"searchRecords": []}


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("globex", True), ("lobe", False), ("Glob", False), ("glob*", True), ("gl?bex", True),
        ("globex böhm", True), ("globex acme", False), ('"Globex & Söhne"', True), ("%%", False),
        ("a_b", False), ('""', False), ("((", False), ("a.b@globex.example", True),
        ("acme OR globex", True), ("globex and acme OR smith", False), ("OR", False),
        ("globex AND NOT acme", True), ("acme or globex AND NOT Böhm", False),
    ],
)  # fmt: skip
def test_words_are_found_whole_and_all_of_them(api: Api, words: str, is_found: bool) -> None:
    api.lead(Company="Globex & Söhne", LastName="Böhm", Email="a.b@globex.example")
    reply = api.get("search", params={"q": f"FIND {{{words}}} RETURNING Lead"})
    assert (reply.status_code, bool(reply.json()["searchRecords"])) == (200, is_found)


def test_clauses_of_an_object_choose_among_what_is_found(api: Api) -> None:
    """As `sf data search` and jsforce's users write them; the quoted words are no clauses."""
    for name, city in (("a) LIMIT 0", "Rome"), ("b", "Rome"), ("c", "Bonn"), ("d", "Rome")):
        api.lead(LastName=name, Company="Globex", City=city)
    api.lead(LastName="e", Company="Acme", City="Rome")
    api.post("sobjects/Account", {"Name": "Globex"})
    clauses = "WHERE City = 'Rome' AND LastName IN ('a) LIMIT 0', 'b', 'e') ORDER BY LastName DESC"
    asked = f"FIND {{Globex}} RETURNING Lead(LastName {clauses} LIMIT 2), Account(Id LIMIT 0)"
    found = api.get("search", params={"q": asked}).json()["searchRecords"]
    assert [one["LastName"] for one in found] == ["b", "a) LIMIT 0"]
    wrong = api.get("search", params={"q": "FIND {nobody} RETURNING Lead(Id WHERE Bogus = 1)"})
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_a_limit_holds_without_objects_too(api: Api) -> None:
    for name in "ab":
        api.lead(LastName=name, Company="Globex")
    found = api.get("search", params={"q": "FIND {Globex} IN ALL FIELDS LIMIT 1"}).json()
    assert len(found["searchRecords"]) == 1


@pytest.mark.parametrize("words", ["", "a", " "])
def test_a_single_letter_is_not_looked_for(api: Api, words: str) -> None:
    reply = api.get("search", params={"q": f"FIND {{{words}}}"})
    text = f"search term must be longer than one character: {words.strip()}"
    assert (reply.status_code, reply.json()) == (
        400,
        [{"message": text, "errorCode": "MALFORMED_SEARCH"}],
    )


def test_a_deleted_record_is_not_found(api: Api) -> None:
    lead = api.lead(Company="Globex")
    api.call("DELETE", f"sobjects/Lead/{lead}")
    assert api.get("search", params={"q": "FIND {Globex}"}).json() == {"searchRecords": []}


def test_what_was_changed_last_stands_first(api: Api) -> None:
    api.lead(Company="Globex")
    first, *_ = api.get("recent", params={"limit": "1"}).json()
    assert first["attributes"]["type"] in {"Lead", "User"}
    assert set(first) == {"attributes", "Id", "Name"}
