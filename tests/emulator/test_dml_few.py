"""The short way of a few plain rows does what the long way does, and steps aside for all others."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.emulator.dml import whereabouts
from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.history.tracking import track
from crm_sink.emulator.log.source import Source
from crm_sink.emulator.rest.rows import Rows

NOBODY = {"kind": "row-error", "code": "X", "keys": {"Ext__c": ["nobody"]}}
PLAIN = {
    "Score__c": 55, "Chance__c": 12.5, "Band__c": "Hot", "Tags__c": "Hot;Warm", "Note__c": "né/*",
    "Day__c": "2026-01-31", "At__c": "2026-01-31T06:00:00.000Z", "Flag__c": True,
    "Email": "a@b.de", "Industry": None, "NumberOfEmployees": 12, "Company": "O'Neil",
}  # fmt: skip


def short(api: Any, record: dict[str, Any], operation: str = "update", by: str = "") -> Any:
    """Hand one row to the short way; give the ids that it wrote, or None."""
    org = api.running.org
    target = org.store.objects["lead"]
    rows = Rows(target, org.store.objects)
    rows.add(0, record)
    columns = tuple(rows.columns.values())
    write = Write(target, operation, columns, JSON, external=target.find(by) if by else None)
    return org.waiting.write(write, rows.cells, Source())


def newest(api: Any, record_id: str) -> dict[str, Any]:
    """Give the newest logged change of a record, without what differs from write to write."""
    change = api.get(f"/__log__?id={record_id}").json()["changes"][-1]
    return {key: change[key] for key in ("operation", "created", "fields", "old", "new", "call")}


def read(api: Any, record_id: str) -> dict[str, Any]:
    found = api.get(f"sobjects/Lead/{record_id}").json()
    return {key: found[key] for key in PLAIN}


def test_the_short_way_writes_and_logs_what_the_long_way_does(api: Any) -> None:
    one, two = (api.lead(Industry="Energy", Note__c="old") for _ in range(2))
    assert api.patch(f"sobjects/Lead/{one}", PLAIN).status_code == 204
    assert api.post("/__faults__", NOBODY).status_code == 201  # rules for rows: the long way
    assert api.patch(f"sobjects/Lead/{two}", PLAIN).status_code == 204
    assert read(api, one) == read(api, two)
    assert read(api, one)["Note__c"] == "né/*"
    assert newest(api, one) == newest(api, two)
    assert newest(api, one)["old"]["Industry"] == "Energy"


def test_a_new_record_is_the_same_by_both_ways(api: Any) -> None:
    one = api.lead(**PLAIN)
    assert api.post("/__faults__", NOBODY).status_code == 201
    two = api.lead(**PLAIN)
    first, second = (api.get(f"sobjects/Lead/{record}").json() for record in (one, two))
    differ = {key for key in first if first[key] != second[key]}
    assert differ <= {"attributes", "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"}
    assert first["OwnerId"] == first["CreatedById"] == api.running.org.user_id
    assert newest(api, one) == newest(api, two)
    assert two > one


def test_new_records_may_set_different_fields(api: Any) -> None:
    rows = [{"Note__c": "a"}, {"Flag__c": True}, {"Industry": None}]
    lead = {"attributes": {"type": "Lead"}, "LastName": "Doe", "Company": "Acme"}
    records = [{**lead, **row} for row in rows]
    said = api.post("composite/sobjects", {"records": records}).json()
    assert [row["success"] for row in said] == [True] * 3
    ids = [row["id"] for row in said]
    assert [api.field(one, "Note__c") for one in ids] == ["a", None, None]
    assert [api.field(one, "Flag__c") for one in ids] == [False, True, False]


@pytest.mark.parametrize(
    ("more", "is_short"),
    [
        ({}, True), (PLAIN, True), ({"Company": None}, False), ({"Ext__c": "unique"}, False),
        ({"Id": "00Q000000000123AAA"}, False), ({"Score__c": 1000}, False),
        ({"IsConverted": True}, False), ({"OwnerId": "005000000000001AAA"}, False),
    ],
)  # fmt: skip
def test_new_records_go_the_short_way_when_they_are_plain(
    api: Any, more: dict[str, Any], is_short: bool
) -> None:
    made = short(api, {"LastName": "Doe", "Company": "Acme", **more}, "insert")
    assert (made is not None) == is_short
    assert short(api, {"LastName": "Doe"}, "insert") is None
    if made:
        assert api.field(made[0], "LastName") == "Doe"


def test_rows_that_set_different_fields_leave_the_others_alone(api: Any) -> None:
    one, two = api.lead(Note__c="a", Score__c=1), api.lead(Note__c="b", Score__c=2)
    records = [
        {"attributes": {"type": "Lead"}, "Id": one, "Note__c": "new"},
        {"attributes": {"type": "Lead"}, "Id": two[:15], "Score__c": 3},
    ]
    said = api.patch("composite/sobjects", {"records": records}).json()
    assert [(row["id"], row["success"]) for row in said] == [(one, True), (two, True)]
    assert (api.field(one, "Note__c"), api.field(one, "Score__c")) == ("new", 1.0)
    assert (api.field(two, "Note__c"), api.field(two, "Score__c")) == ("b", 3.0)
    assert newest(api, two)["fields"] == ["Score__c"]


def test_one_row_in_doubt_takes_none_of_the_others_with_it(api: Any) -> None:
    one, two = api.lead(), api.lead()
    records = [
        {"attributes": {"type": "Lead"}, "Id": one, "Score__c": 7},
        {"attributes": {"type": "Lead"}, "Id": two, "Score__c": 1000},
    ]
    said = api.patch("composite/sobjects", {"records": records}).json()
    assert [row["success"] for row in said] == [True, False]
    assert said[1]["errors"][0]["statusCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert (api.field(one, "Score__c"), api.field(two, "Score__c")) == (7.0, None)


def test_an_upsert_finds_its_record_by_a_unique_key_in_any_case(api: Any) -> None:
    one = api.lead(Ext__c="P-1")
    record = {"Ext__c": "p-1", "Score__c": 9}
    assert short(api, record, "upsert", "Ext__c") == {0: one}
    assert api.patch("sobjects/Lead/Ext__c/p-1", {"Score__c": 9}).json()["created"] is False
    assert api.field(one, "Ext__c") == "p-1"
    assert newest(api, one)["fields"] == ["Score__c"]


def test_plain_rows_go_the_short_way(api: Any) -> None:
    one = api.lead()
    assert short(api, {"Id": one, **PLAIN}) == {0: one}


@pytest.mark.parametrize(
    "more",
    [
        {"Note__c": " trimmed"}, {"Note__c": "x" * 26}, {"Company": None}, {"Flag__c": None},
        {"Ext__c": "unique"}, {"OwnerId": "005000000000001AAA"}, {"IsConverted": True},
        {"Acc__r": {"Ext__c": "a"}}, {"Day__c": "2026-02-30"}, {"Name": "Jane Doe"},
        {"Id": "00Q000000000123AAA"}, {"Id": "00Q"},
    ],
)  # fmt: skip
def test_what_is_not_plain_goes_the_long_way(api: Any, more: dict[str, Any]) -> None:
    assert short(api, {"Id": api.lead(), **more}) is None


def test_deleted_converted_and_lacking_records_go_the_long_way(api: Any) -> None:
    deleted, converted, lacking = api.lead(), api.lead(), api.lead()
    api.call("DELETE", f"sobjects/Lead/{deleted}")
    with api.running.org.store.writing() as cursor:
        cursor.execute("update Lead set IsConverted = true where Id = ?", [converted])
        cursor.execute("update Lead set Company = null where Id = ?", [lacking])
    for record in (deleted, converted, lacking):
        assert short(api, {"Id": record, "Score__c": 1}) is None
    assert short(api, {"Id": lacking, "Company": "Acme"}) == {0: lacking}


def test_a_key_that_went_to_another_record_finds_that_one(api: Any) -> None:
    one, two = api.lead(Ext__c="a"), api.lead(Ext__c="b")
    assert short(api, {"Ext__c": "a", "Score__c": 1}, "upsert", "Ext__c") == {0: one}
    api.patch(f"sobjects/Lead/{one}", {"Ext__c": "c"})
    api.patch(f"sobjects/Lead/{two}", {"Ext__c": "a"})
    assert api.patch("sobjects/Lead/Ext__c/a", {"Score__c": 4}).json()["id"] == two
    assert api.patch("sobjects/Lead/Ext__c/a", {"Score__c": 5}).json()["id"] == two
    assert (api.field(one, "Score__c"), api.field(two, "Score__c")) == (1.0, 5.0)


def test_records_that_moved_in_their_table_are_found_again(api: Any) -> None:
    first, *others = [api.lead() for _ in range(3)]
    assert short(api, {"Id": others[0], "Score__c": 1}) == {0: others[0]}
    with api.running.org.store.writing() as cursor:
        cursor.execute("create temp table kept as select * from Lead where Id <> ?", [first])
        cursor.execute("delete from Lead")
        cursor.execute("insert into Lead select * from kept order by Id desc")
    for record in others:
        for score in (1, 2):
            assert api.patch(f"sobjects/Lead/{record}", {"Score__c": score}).status_code == 204
        assert api.field(record, "Score__c") == 2.0


def test_of_too_many_records_none_is_remembered(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whereabouts, "MOST", 1)
    one = api.lead()
    assert short(api, {"Id": one, "Score__c": 1}) == {0: one}
    two = api.lead()
    assert short(api, {"Id": two, "Score__c": 1}) is None
    assert api.patch(f"sobjects/Lead/{two}", {"Score__c": 2}).status_code == 204
    assert api.field(two, "Score__c") == 2.0


def test_a_record_that_was_rolled_back_is_not_remembered(api: Any) -> None:
    known = api.lead()
    bad = {"attributes": {"type": "Lead"}, "LastName": "Doe"}
    good = {**bad, "Company": "Acme"}
    for _ in range(2):
        said = api.post("composite/sobjects", {"allOrNone": True, "records": [good, bad]}).json()
        assert not said[0]["success"]
        assert short(api, {"Id": known, "Score__c": 3}) == {0: known}
    new = api.lead()
    assert short(api, {"Id": new, "Score__c": 3}) == {0: new}


def history(api: Any, record_id: str) -> list[tuple[Any, ...]]:
    soql = (
        "SELECT Field, DataType, OldValue, NewValue, CreatedDate FROM LeadHistory "
        f"WHERE LeadId = '{record_id}' AND Field != 'created' ORDER BY Id"
    )
    found = api.get("query", params={"q": soql}).json()["records"]
    stamp = api.field(record_id, "SystemModstamp")
    return [(*list(row.values())[1:-1], row["CreatedDate"] <= stamp) for row in found]


def test_the_short_way_leaves_the_history_that_the_long_way_does(api: Any) -> None:
    track(api.running.org.store, "Lead", [*PLAIN, "Description"])
    one, two = (api.lead(Industry="Energy", Note__c="old", Score__c=55) for _ in range(2))
    values = {**PLAIN, "Description": "long"}
    assert short(api, {"Id": one, **values}) == {0: one}
    assert short(api, {"Id": one, **values}) == {0: one}
    api.post("/__faults__", NOBODY)
    api.patch(f"sobjects/Lead/{two}", values)
    rows = history(api, one)
    assert rows == history(api, two)
    # All but the score, which was 55 before, and once although it was written twice.
    assert len(rows) == len(values) - 1
    assert ("Industry", "DynamicEnum", "Energy", None, True) in rows


def test_rows_of_one_call_keep_the_history_of_what_each_has_set(api: Any) -> None:
    track(api.running.org.store, "Lead", ["Note__c", "Score__c"])
    one, two = api.lead(Note__c="a", Score__c=1), api.lead(Note__c="b", Score__c=2)
    item = {"attributes": {"type": "Lead"}}
    records = [{**item, "Id": one, "Note__c": "new"}, {**item, "Id": two, "Score__c": 3}]
    api.patch("composite/sobjects", {"records": records})
    assert history(api, one) == [("Note__c", "Text", "a", "new", True)]
    assert history(api, two) == [("Score__c", "Double", 2.0, 3.0, True)]
