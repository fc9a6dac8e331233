"""A query that names its records by their keys gives what a look through the whole table gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.serve import running
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared(api_template: Any, tmp_path_factory: Any, log_in: Any) -> Iterator[Any]:
    """Run an org with four leads, a to d."""
    import shutil

    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("keys") / "org")
    with running(folder) as handle:
        api = log_in(handle)
        api.ids = {key: api.lead(Ext__c=key.upper(), Note__c=key) for key in "abcd"}
        yield api


def found(api: Any, where: str, verb: str = "query") -> list[str]:
    soql = f"SELECT Note__c FROM Lead WHERE {where} ORDER BY Note__c"
    return [row["Note__c"] for row in api.get(verb, params={"q": soql}).json()["records"]]


@pytest.mark.parametrize(
    ("where", "notes"),
    [
        ("Id = '{a}'", "a"), ("Id IN ('{a}', '{c}')", "ac"), ("Ext__c = 'b'", "b"),
        ("Ext__c IN ('a', 'D', 'd')", "ad"), ("Ext__c IN ('a', 'nobody')", "a"),
        ("Ext__c IN ('a', 'b') AND Note__c != 'a'", "b"), ("Ext__c IN ('a', null)", "a"),
        ("Ext__c IN ('a', 'b') AND (Id IN ('{b}') AND IsDeleted = false)", "b"),
        ("Ext__c = 'a' OR Note__c = 'c'", "ac"), ("NOT Ext__c = 'a'", "bcd"),
        ("Ext__c IN ('a', 'b') AND Id IN ('{c}')", ""), ("Id = '{a}' LIMIT 1", "a"),
        ("Id IN ('{a}', '{b}', '{c}') ORDER BY Note__c DESC LIMIT 1 OFFSET 1", "b"),
        ("Id IN ('{a}', '{b}') LIMIT 0", ""),
    ],
)  # fmt: skip
def test_a_query_by_keys_finds_what_it_names(shared: Any, where: str, notes: str) -> None:
    soql = f"SELECT Note__c FROM Lead WHERE {where.format(**shared.ids)}"
    rows = shared.get("query", params={"q": soql}).json()["records"]
    assert sorted(row["Note__c"] for row in rows) == list(notes)


@pytest.mark.parametrize(
    ("where", "key", "texts"),
    [
        ("Ext__c IN ('A', 'a', 'b')", "Ext__c", ("a", "b")),
        ("Lead.Ext__c = 'A'", "Ext__c", ("a",)),
        ("Ext__c IN ('a', 'b') AND (Score__c > 1 AND Id = '00Q5g0000000001EAA')", "Id",
         ("00Q5g0000000001EAA",)),
    ],
)  # fmt: skip
def test_keys_that_stand_alone_or_beside_an_and_name_the_records(
    shared: Any, where: str, key: str, texts: tuple[str, ...]
) -> None:
    org = shared.running.org
    reading = Reading(org.store.objects, org.now().replace(tzinfo=None))
    keys = translate(f"SELECT Id FROM Lead WHERE {where}", reading).keys
    assert keys is not None
    assert (keys.field.name, keys.texts) == (key, texts)


@pytest.mark.parametrize(
    "where",
    [
        "Ext__c = null", "Ext__c IN ('a', null)", "Ext__c != 'a'", "Ext__c NOT IN ('a')",
        "Ext__c = 'a' OR Score__c = 1", "(NOT Ext__c = 'a')", "Code__c = 'a'", "Ext__c LIKE 'a'",
        "Acc__r.Ext__c = 'a'", "Ext__c = 'a' ALL ROWS",
    ],
)  # fmt: skip
def test_other_conditions_name_no_records(shared: Any, where: str) -> None:
    org = shared.running.org
    reading = Reading(org.store.objects, org.now().replace(tzinfo=None))
    assert translate(f"SELECT Id FROM Lead WHERE {where}", reading).keys is None


def test_a_query_within_a_query_names_no_records(shared: Any) -> None:
    org = shared.running.org
    reading = Reading(org.store.objects, org.now().replace(tzinfo=None))
    inner = "SELECT ConvertedContactId FROM Lead"
    assert translate(f"SELECT Id FROM Contact WHERE Id IN ({inner})", reading).keys is None


def test_a_key_that_went_to_another_record_finds_that_one(api: Any) -> None:
    one, two = api.lead(Ext__c="a", Note__c="one"), api.lead(Ext__c="b", Note__c="two")
    assert found(api, "Ext__c IN ('a', 'b')") == ["one", "two"]
    api.patch(f"sobjects/Lead/{one}", {"Ext__c": "c"})
    api.patch(f"sobjects/Lead/{two}", {"Ext__c": "a"})
    assert found(api, "Ext__c = 'a'") == ["two"]
    assert found(api, "Ext__c IN ('a', 'b')") == ["two"]


def test_a_deleted_record_leaves_its_key_to_a_new_one(api: Any) -> None:
    one = api.lead(Ext__c="a", Note__c="one")
    assert found(api, "Ext__c = 'a'") == ["one"]
    api.call("DELETE", f"sobjects/Lead/{one}")
    assert found(api, "Ext__c = 'a'") == found(api, f"Id = '{one}'") == []
    api.lead(Ext__c="a", Note__c="new")
    assert found(api, "Ext__c = 'a'") == ["new"]
    assert found(api, "Ext__c = 'a'", "queryAll") == ["new", "one"]


def test_records_that_moved_in_their_table_are_found_again(api: Any) -> None:
    leads = [api.lead(Ext__c=key, Note__c=key) for key in "abc"]
    assert found(api, "Ext__c IN ('a', 'c')") == ["a", "c"]
    with api.running.org.store.writing() as cursor:
        cursor.execute("create temp table kept as select * from Lead where Note__c <> 'a'")
        cursor.execute("delete from Lead")
        cursor.execute("insert into Lead select * from kept order by Id desc")
    assert found(api, "Ext__c IN ('b', 'c')") == ["b", "c"]
    assert found(api, f"Id IN ('{leads[1]}', '{leads[2]}')") == ["b", "c"]
    assert found(api, "Ext__c IN ('b', 'c') AND Note__c != 'b'") == ["c"]


@pytest.mark.parametrize("key", ["P-1", "p-1", " P-1 ", "é", "%"])
def test_a_record_is_named_by_its_key_in_the_path(api: Any, key: str) -> None:
    stored = key.strip()
    lead = api.lead(Ext__c=stored)
    for _ in range(2):
        found_one = api.get(f"sobjects/Lead/Ext__c/{key.replace('%', '%25')}").json()
        assert found_one["Id"] == lead


@pytest.mark.parametrize("key", ["ΟΔΟΣ", "İzmir", "Straße"])
def test_letters_of_every_alphabet_are_folded_as_they_are_stored(shared: Any, key: str) -> None:
    """Python says `οδος` of `ΟΔΟΣ` where the database says `οδοσ`, and `i̇` of `İ`."""
    record_id = shared.lead(Ext__c=key, LastName=key)
    for where in (f"Ext__c = '{key}'", f"LastName IN ('{key}')", f"LastName = '{key}'"):
        soql = f"SELECT Id FROM Lead WHERE {where}"
        (row,) = shared.get("query", params={"q": soql}).json()["records"]
        assert row["Id"] == record_id
    listed = ", ".join(f"'{key}{number or ''}'" for number in range(25))
    soql = f"SELECT COUNT() FROM Lead WHERE LastName IN ({listed})"
    assert shared.get("query", params={"q": soql}).json()["totalSize"] == 1
    shared.call("DELETE", f"sobjects/Lead/{record_id}")


def test_a_moment_is_found_as_it_is_shown(shared: Any) -> None:
    record_id = shared.lead(At__c="2026-01-01T10:00:00.123456Z")
    soql = "SELECT Id FROM Lead WHERE At__c = 2026-01-01T10:00:00.123Z"
    (row,) = shared.get("query", params={"q": soql}).json()["records"]
    assert row["Id"] == record_id
    shared.call("DELETE", f"sobjects/Lead/{record_id}")
