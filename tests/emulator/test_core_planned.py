"""Kept plans: what is prepared and emptied instead of made again gives what a new one would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from crm_sink.emulator.planned import LONGEST_LIFE, Planned, hastily
from crm_sink.emulator.sql import MARK, literal, varying

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cursor() -> Iterator[Any]:
    with duckdb.connect() as connection:
        planned = Planned(connection.cursor())
        planned.execute("begin transaction")
        yield planned
        planned.close()


def filled(cursor: Any, table: str, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(f"create or replace temp table {table} as {query}")
    found: list[tuple[Any, ...]] = cursor.execute(f"select * from {table} order by all").fetchall()
    return found


def test_a_table_that_is_made_again_holds_only_its_new_rows(cursor: Any) -> None:
    with hastily(cursor):
        for _ in range(4):
            assert filled(cursor, "t", "select 1 as n union all select 2") == [(1,), (2,)]


def test_what_varies_is_new_each_time(cursor: Any) -> None:
    with hastily(cursor):
        for number in range(4):
            query = f"select {varying(str(number), 'bigint')} + 1 as n"
            assert filled(cursor, "t", query) == [(number + 1,)]


@pytest.mark.parametrize("text", [MARK, f"{MARK}bigint*/1{MARK}*/", "it's /*", "'/*'$"])
def test_a_text_that_looks_like_a_mark_is_a_text(cursor: Any, text: str) -> None:
    with hastily(cursor):
        for number in range(4):
            query = f"select {literal(text)} as said, {varying(str(number), 'bigint')} as n"
            assert filled(cursor, "t", query) == [(text, number)]
            query = f"select {varying(literal(text), 'varchar')} as varied"
            assert filled(cursor, "t", query) == [(text,)]


def test_a_table_of_other_columns_makes_those_that_read_it_anew(cursor: Any) -> None:
    for width in (1, 2, 1, 2):
        cells = ", ".join(f"{place} as c{place}" for place in range(width))
        assert filled(cursor, "first", f"select {cells}") == [tuple(range(width))]
        assert filled(cursor, "second", "select * from first") == [tuple(range(width))]
        cursor.execute("commit")
        cursor.execute("begin transaction")


def test_two_tables_of_one_name_in_one_transaction_are_kept_apart(cursor: Any) -> None:
    for _ in range(3):
        for width in (1, 2):
            cells = ", ".join(f"{place} as c{place}" for place in range(width))
            assert filled(cursor, "first", f"select {cells}") == [tuple(range(width))]
            assert filled(cursor, "second", "select * from first") == [tuple(range(width))]


def test_a_field_that_is_added_between_two_calls_is_written_and_read(api: Any) -> None:
    from crm_sink.emulator.schema import Field

    lead = api.lead()
    for name in ("One__c", "Two__c", "Three__c"):
        field = Field(name, name, "string", length=20, custom=True)
        api.running.org.store.add_field("Lead", field)
        for value in ("a", "b"):
            assert api.patch(f"sobjects/Lead/{lead}", {name: value}).status_code == 204
            assert api.field(lead, name) == value


def test_calls_for_two_objects_in_turns_keep_their_rows_apart(api: Any) -> None:
    for number in range(4):
        lead = api.lead(LastName=f"Lead {number}")
        account = api.post("sobjects/Account", {"Name": f"Account {number}"}).json()["id"]
        assert api.field(lead, "LastName") == f"Lead {number}"
        found = api.get(f"sobjects/Account/{account}").json()
        assert found["Name"] == f"Account {number}"


def test_more_calls_than_a_cursor_lives_are_all_written(api: Any) -> None:
    lead = api.lead()
    for number in range(LONGEST_LIFE + 5):
        assert api.patch(f"sobjects/Lead/{lead}", {"Score__c": number % 100}).status_code == 204
    assert api.field(lead, "Score__c") == (LONGEST_LIFE + 4) % 100
    assert api.get("/__log__/counts").json()["most"] == LONGEST_LIFE + 6


def test_a_refused_call_leaves_nothing_behind_for_the_next(api: Any) -> None:
    lead = api.lead()
    for _ in range(3):
        records = [
            {"attributes": {"type": "Lead"}, "Id": lead, "Score__c": 1},
            {"attributes": {"type": "Lead"}, "Id": "00Q", "Score__c": 1},
        ]
        said = api.patch("composite/sobjects", {"allOrNone": True, "records": records}).json()
        assert [one["success"] for one in said] == [False, False]
        said = api.patch("composite/sobjects", {"records": records[:1]}).json()
        assert [one["success"] for one in said] == [True]


@pytest.mark.parametrize("text", [MARK, "/*="])
def test_a_value_that_looks_like_a_mark_is_offered_written_and_refused(api: Any, text: str) -> None:
    from crm_sink.emulator.schema import Field, PicklistValue

    only = (PicklistValue(text, text),)
    field = Field("M__c", text, "picklist", 255, restricted=True, values=only, custom=True)
    api.running.org.store.add_field("Lead", field)
    lead = api.lead()
    for value, done in ((text, True), ("other", False)) * 3:
        records = [{"attributes": {"type": "Lead"}, "id": lead, "M__c": value, "Ext__c": text}]
        reply = api.patch("composite/sobjects", {"records": records})
        assert [one["success"] for one in reply.json()] == [done]
    assert api.field(lead, "M__c") == api.field(lead, "Ext__c") == text
