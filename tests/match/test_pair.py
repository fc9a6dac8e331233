"""A prediction finds its record, or is rejected with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.engine import Engine
from crm_sink.match.pair import Matched, Pairing, pair
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema

KEY = FieldSchema("Ext__c", FieldType.STRING, length=40, external_id=True)
SCORE = FieldSchema("Score__c", FieldType.DOUBLE, precision=3)
LEAD = ObjectSchema("Lead", "Lead", "00Q")

DESIRED = "values (1, 'A-1', 'a-1', 83.0), (2, 'B-2', 'b-2', 10.0), (3, 'C-3', 'c-3', 5.0)"
PRESENT = """
values ('00Q000000000001AAA', 'a-1', timestamp '2026-11-01 00:00:00', 10.0, false, null, null),
       ('00Q000000000002AAA', 'b-2', timestamp '2026-11-01 00:00:00', 10.0, true, '003x', '001x'),
       ('00Q000000000004AAA', 'd-4', timestamp '2026-11-01 00:00:00', 10.0, false, null, null),
       ('00Q000000000005AAA', null, timestamp '2026-11-01 00:00:00', 10.0, false, null, null)
"""
PRESENT_COLUMNS = (
    'id, match_key, modified, "Score__c", "IsConverted", "ConvertedContactId", "ConvertedAccountId"'
)


def matched(
    engine: Engine, folder: Path, *, present: str = PRESENT, create: bool = False
) -> Matched:
    desired = engine.save(
        f'select * from ({DESIRED}) t(row, key, match_key, "Score__c")', folder / "d.parquet"
    )
    records = engine.save(f"select * from ({present}) t({PRESENT_COLUMNS})", folder / "p.parquet")
    pairing = Pairing(LEAD, KEY, [SCORE], parent=None, create=create)
    return pair(desired, records, pairing, engine, folder / "rejects.parquet")


def rejects(found: Matched, engine: Engine) -> list[tuple[object, ...]]:
    return engine.rows(f"select row, key, code from {found.rejects.scan()} order by row")


def test_a_key_with_one_record_is_paired_with_its_present_value(
    engine: Engine, tmp_path: Path
) -> None:
    found = matched(engine, tmp_path)
    columns = 'row, key, id, "Score__c", "Score__c.before"'
    assert engine.rows(f"select {columns} from {found.table}") == [
        (1, "A-1", "00Q000000000001AAA", 83.0, 10.0)
    ]


def test_a_key_without_a_record_and_a_converted_lead_are_rejects(
    engine: Engine, tmp_path: Path
) -> None:
    found = matched(engine, tmp_path)
    assert rejects(found, engine) == [(2, "B-2", "CONVERTED_LEAD"), (3, "C-3", "NOT_FOUND")]


@pytest.mark.parametrize("conversion", ["true", "false"])
def test_rejects_are_texts_where_none_has_a_record_too(
    engine: Engine, tmp_path: Path, conversion: str
) -> None:
    """A file in which no reject has an id would make all others unreadable beside it."""
    found = matched(engine, tmp_path, present=PRESENT.replace("10.0, true", f"1, {conversion}"))
    kinds = engine.columns(found.rejects.scan())
    assert {name: kinds[name] for name in ("id", "field")} == {"id": "VARCHAR", "field": "VARCHAR"}


def test_a_converted_leads_reject_names_its_contact_and_account(
    engine: Engine, tmp_path: Path
) -> None:
    found = matched(engine, tmp_path)
    message = engine.value(
        f"select message from {found.rejects.scan()} where code = 'CONVERTED_LEAD'"
    )
    assert "003x" in message
    assert "001x" in message


def test_a_key_without_a_record_is_created_where_the_mapping_says_so(
    engine: Engine, tmp_path: Path
) -> None:
    found = matched(engine, tmp_path, create=True)
    assert engine.rows(f"select row, id from {found.table} where id is null") == [(3, None)]
    assert rejects(found, engine) == [(2, "B-2", "CONVERTED_LEAD")]


@pytest.mark.parametrize("create", [True, False])
def test_a_key_with_two_records_is_a_reject_that_names_both(
    engine: Engine, tmp_path: Path, create: bool
) -> None:
    second = (
        "('00Q000000000009AAA', 'a-1', timestamp '2026-11-01 00:00:00', 1.0, false, null, null)"
    )
    found = matched(engine, tmp_path, present=f"{PRESENT}, {second}", create=create)
    message = engine.value(f"select message from {found.rejects.scan()} where code = 'FOUND_TWICE'")
    assert message == ("more than one Lead has this Ext__c: 00Q000000000001AAA, 00Q000000000009AAA")
    assert engine.value(f"select count(*) from {found.table} where row = 1") == 0


def test_every_row_is_paired_or_rejected(engine: Engine, tmp_path: Path) -> None:
    found = matched(engine, tmp_path)
    paired = engine.value(f"select count(*) from {found.table}")
    assert paired + found.rejects.rows == 3


def test_a_field_that_no_record_holds_is_compared_as_empty(engine: Engine, tmp_path: Path) -> None:
    empty = PRESENT.replace("10.0", "null::double")
    found = matched(engine, tmp_path, present=empty)
    assert "null" in found.columns
    [(kind,)] = engine.rows(f'select distinct typeof("Score__c.before") from {found.table}')
    assert kind == "DOUBLE"
    assert engine.rows(f'select row, "Score__c.before" from {found.table}') == [(1, None)]


def test_the_parts_of_all_groups_are_all_pairs_once(engine: Engine, tmp_path: Path) -> None:
    """Two groups of three parts each."""
    found = matched(engine, tmp_path)
    pairs = []
    for group in range(2):
        grouped = found.group(group, 2, engine, tmp_path / "group")
        for part in range(group, 6, 2):
            pairs += engine.rows(f"select row from {grouped.part(part, 6)}")
    assert sorted(pairs) == engine.rows(f"select row from {found.table} order by row")


SAME = PRESENT.replace("'a-1', timestamp '2026-11-01 00:00:00', 10.0", "'a-1', now(), 83.0")


@pytest.mark.parametrize(("present", "apart"), [(PRESENT, 2), (SAME, 1)])
def test_pairs_with_other_values_are_counted_with_keys_that_have_no_record(
    engine: Engine, tmp_path: Path, present: str, apart: int
) -> None:
    assert matched(engine, tmp_path, present=present).apart == apart


def test_narrowed_pairs_are_those_with_other_values_and_those_to_create(
    engine: Engine, tmp_path: Path
) -> None:
    for present, due in ((PRESENT, [(1,), (3,)]), (SAME, [(3,)])):
        found = matched(engine, tmp_path, present=present, create=True)
        narrowed = found.narrowed(engine, tmp_path / "apart.parquet")
        for parts in (1, 2):
            tables = [narrowed.part(part, parts) for part in range(parts)]
            rows = [row for table in tables for row in engine.rows(f"select row from {table}")]
            assert sorted(rows) == due


def test_a_value_that_is_there_and_one_that_is_not_are_apart(
    engine: Engine, tmp_path: Path
) -> None:
    """Row 1 holds a score, and of its two records' fields one is null."""
    half = PRESENT.replace("'a-1', timestamp '2026-11-01 00:00:00', 10.0", "'a-1', now(), null")
    assert matched(engine, tmp_path, present=half).apart == 2


def test_before_a_first_sync_every_pair_is_taken_to_be_apart(
    engine: Engine, tmp_path: Path
) -> None:
    """No record holds a score, and the predictions hold three."""
    assert matched(engine, tmp_path, present=PRESENT.replace("10.0", "null::double")).apart == 3


def test_of_a_wide_mapping_every_pair_is_taken_to_be_apart(engine: Engine, tmp_path: Path) -> None:
    """101 fields, and one record that holds the very values of its prediction."""
    fields = [FieldSchema(f"F{number}__c", FieldType.DOUBLE) for number in range(101)]
    values = ", ".join(f'1.0::double as "{field.name}"' for field in fields)
    one = f"select 1 as row, 'K' as key, 'k' as match_key, {values}"
    desired = engine.save(one, tmp_path / "d.parquet")
    other = f"select '00Q000000000001AAA' as id, 'k' as match_key, now() as modified, {values}"
    present = engine.save(other, tmp_path / "p.parquet")
    for count, apart in ((100, 0), (101, 1)):
        pairing = Pairing(LEAD, KEY, fields[:count], parent=None, create=False)
        found = pair(desired, present, pairing, engine, tmp_path / "rejects.parquet")
        assert found.apart == apart
