"""TYPEOF over a polymorphic owner, FORMAT, and what bulk queries say of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUEUE = "00G000000000001EAA"


@pytest.fixture(scope="module")
def api(api_template: Path, tmp_path_factory: pytest.TempPathFactory, log_in: Any) -> Iterator[Any]:
    """Run an org with a lead of the user's and one of a queue's."""
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("type_of") / "org")
    with running(folder) as handle:
        with handle.org.store.writing() as cursor:
            cursor.execute(
                f"""insert into "Group" by name select '{QUEUE}' as Id, 'Inbox' as Name,
                    'Queue' as Type"""
            )
        found = log_in(handle)
        found.lead(LastName="Abel", AnnualRevenue=1250)
        found.lead(LastName="Bell", OwnerId=QUEUE)
        yield found


def owners(api: Any, type_of: str) -> list[Any]:
    soql = f"SELECT Id, {type_of} FROM Lead ORDER BY LastName"
    reply = api.get("query", params={"q": soql})
    assert reply.status_code == 200, reply.text
    return [record["Owner"] for record in reply.json()["records"]]


def test_each_kind_of_owner_shows_the_fields_that_were_asked_of_it(api: Any) -> None:
    user, queue = owners(
        api, "TYPEOF Owner WHEN User THEN Alias, Email WHEN Group THEN Name, Type END"
    )
    assert list(user) == ["attributes", "Alias", "Email"]
    assert (user["attributes"]["type"], user["Alias"]) == ("User", "lrep")
    assert queue == {
        "attributes": {"type": "Group", "url": f"/services/data/v60.0/sobjects/Group/{QUEUE}"},
        "Name": "Inbox",
        "Type": "Queue",
    }


def test_what_no_when_names_gets_the_else_or_is_null(api: Any) -> None:
    user, queue = owners(api, "typeof owner when user then Alias else Name, Id end")
    assert (user["Alias"], queue["Name"], queue["Id"]) == ("lrep", "Inbox", QUEUE)
    assert owners(api, "TYPEOF Owner WHEN Group THEN Name END")[0] is None


@pytest.mark.parametrize(
    ("type_of", "code", "words"),
    [
        ("TYPEOF CreatedBy WHEN User THEN Name END", "MALFORMED_QUERY", "polymorphic"),
        ("TYPEOF Nope WHEN User THEN Name END", "INVALID_FIELD", "relationship 'Nope'"),
        ("TYPEOF Owner WHEN Account THEN Name END", "MALFORMED_QUERY", "'Account' is not a type"),
        ("TYPEOF Owner WHEN Group THEN Alias END", "INVALID_FIELD", "No such column 'Alias'"),
        ("TYPEOF Owner END", "MALFORMED_QUERY", "unexpected token: 'END'"),
    ],
)
def test_a_wrong_type_of_is_refused(api: Any, type_of: str, code: str, words: str) -> None:
    (error,) = api.get("query", params={"q": f"SELECT Id, {type_of} FROM Lead"}).json()
    assert error["errorCode"] == code
    assert words in error["message"]


def test_a_parent_of_several_kinds_is_a_name(api: Any) -> None:
    """As pasted from a live org: `type` is Name, the URL leads to the group, Email is null."""
    soql = "SELECT Owner.Name, Owner.Type, Owner.Email, Owner.Alias FROM Lead ORDER BY LastName"
    user, queue = (one["Owner"] for one in api.get("query", params={"q": soql}).json()["records"])
    assert queue == {
        "attributes": {"type": "Name", "url": f"/services/data/v60.0/sobjects/Group/{QUEUE}"},
        "Name": "Inbox",
        "Type": "Queue",
        "Email": None,
        "Alias": None,
    }
    assert (user["attributes"]["type"], user["Name"]) == ("Name", "Local Rep")
    assert "/sobjects/User/005" in user["attributes"]["url"]
    assert (user["Type"], user["Alias"]) == ("User", "lrep")


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Owner.Type = 'Queue'", ["Bell"]),
        ("Owner.Name = 'inbox'", ["Bell"]),
        ("Owner.Profile.Name = null", ["Bell"]),
        ("Owner.Profile.Name = 'System Administrator'", ["Abel"]),
        ("Owner.Name != 'Inbox'", ["Abel"]),
    ],
)
def test_a_name_can_be_filtered(api: Any, condition: str, names: list[str]) -> None:
    soql = f"SELECT LastName FROM Lead WHERE {condition} ORDER BY Owner.Name, LastName"
    reply = api.get("query", params={"q": soql})
    assert sorted(one["LastName"] for one in reply.json()["records"]) == names


def test_a_name_has_no_other_fields_than_all_kinds_share(api: Any) -> None:
    (error,) = api.get("query", params={"q": "SELECT Owner.Division FROM Lead"}).json()
    assert "No such column 'Division' on entity 'Name'" in error["message"]


def test_bulk_queries_do_not_take_type_of(api: Any) -> None:
    soql = "SELECT Id, TYPEOF Owner WHEN User THEN Alias END FROM Lead"
    assert api.post("jobs/query", {"operation": "query", "query": soql}).status_code == 400


def test_format_gives_the_value_also_under_another_name(api: Any) -> None:
    soql = "SELECT AnnualRevenue, FORMAT(convertCurrency(AnnualRevenue)) shown FROM Lead LIMIT 1"
    (record,) = api.get("query", params={"q": soql}).json()["records"]
    assert (record["AnnualRevenue"], record["shown"]) == (1250.0, 1250.0)
    twice = soql.replace(" shown", "")
    (error,) = api.get("query", params={"q": twice}).json()
    assert error["message"] == "duplicate field selected: AnnualRevenue"
