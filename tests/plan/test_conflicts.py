"""A field that no longer holds what the latest of our runs wrote to it is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.engine import Engine, Relation
from crm_sink.plan import conflicts, suspects
from crm_sink.plan.changes import FieldRule
from crm_sink.plan.conflicts import Held, Places, hold_back
from crm_sink.plan.written import PastRun, past_writes
from crm_sink.schema import FieldSchema, FieldType

RULES = [
    FieldRule(FieldSchema("Score__c", FieldType.DOUBLE, precision=3)),
    FieldRule(FieldSchema("Band__c", FieldType.STRING, length=10)),
]
KINDS = {"Score__c": "DOUBLE", "Band__c": "VARCHAR"}
COLUMNS = (
    'id, "Score__c", "Score__c.before", "Score__c.write", '
    '"Band__c", "Band__c.before", "Band__c.write"'
)


def changes(engine: Engine, rows: str, folder: Path, *, day: str) -> Relation:
    """Save changes given as rows of `COLUMNS`, of records that were last changed on a day."""
    fixed = (
        "0 as chunk, 1::bigint as row, 'key of ' || id as key, id, 'update' as action, "
        f"timestamp '2026-11-{day}' as modified, null::varchar as parent"
    )
    query = f"select {fixed}, * exclude (id) from (values {rows}) t({COLUMNS})"
    return Relation(folder, engine.save(query, folder / "chunk=0" / "data.parquet").rows)


def wrote(
    engine: Engine, rows: str, home: Path, *, undoes: str | None = None, by_bulk: bool = True
) -> PastRun:
    """Save a run of which the org accepted everything."""
    made = changes(engine, rows, home / "changes", day="01")
    told = "true as ok, false as created"
    engine.save(
        f"select chunk, row, key, id, {told} from {made.scan()}", home / "outcomes" / "0.parquet"
    )
    return PastRun(home / "changes", home / "outcomes", home.name, undoes, by_bulk)


def held_back(
    engine: Engine,
    home: Path,
    runs: list[PastRun],
    rows: str,
    *,
    day: str = "03",
    snapshot: Path | None = None,
) -> tuple[Held, list[tuple[object, ...]]]:
    """Hold back; give what is left and the conflicts: id, field, written, present, desired."""
    differing = changes(engine, rows, home / "differing", day=day)
    written = past_writes(runs, KINDS, engine, snapshot=snapshot)
    places = Places(home / "conflicts.parquet", home / "held.parquet", home / "kept")
    held = hold_back(differing, written, RULES, engine=engine, places=places)
    if not held.fields:
        return held, []
    found = Relation(places.conflicts, 0).scan()
    columns = "id, field, written, present, desired"
    return held, engine.rows(f"select {columns} from {found} order by id, field")


FIRST = "('a', 90, null, true, 'Hot', null, true), ('b', 10, null, true, 'Cold', null, true)"
SECOND = "('a', 80, 90, true, 'Hot', 'Hot', false)"


def test_what_the_latest_write_of_a_field_left_counts(engine: Engine, tmp_path: Path) -> None:
    """The second run wrote the score of `a`; its band, and all of `b`, is of the first."""
    runs = [wrote(engine, FIRST, tmp_path / "1"), wrote(engine, SECOND, tmp_path / "2")]
    rows = "('a', 70, 90, true, 'Cold', 'Warm', true), ('b', 20, 10, true, 'Hot', 'Cold', true)"
    held, found = held_back(engine, tmp_path, runs, rows)
    assert found == [
        ("a", "Band__c", "Hot", "Warm", "Cold"),
        ("a", "Score__c", "80", "90", "70"),  # somebody put our first score back
    ]
    assert (held.records, held.fields) == (1, 2)
    assert engine.rows(f'select id, "Band__c.write" from {held.changes.scan()}') == [("b", True)]


def test_many_parts_hold_back_the_same(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "SHARE", 1e-7)  # of the memory: 19 bytes
    monkeypatch.setattr(conflicts, "parts_of", lambda *_: 7)
    numbers = [f"('id {n}', {n}, null, true, 'Hot', null, true)" for n in range(40)]
    runs = [wrote(engine, ", ".join(numbers), tmp_path / "1")]
    rows = [f"('id {n}', 99, {n + n // 30}, true, 'Cold', 'Hot', true)" for n in range(40)]
    held, found = held_back(engine, tmp_path, runs, ", ".join(rows))
    assert [(row[0], row[1]) for row in found] == [(f"id {n}", "Score__c") for n in range(30, 40)]
    assert (held.records, held.changes.rows) == (0, 40)


def test_a_value_that_only_looks_different_is_no_edit(engine: Engine, tmp_path: Path) -> None:
    """Salesforce trims; another writer's blank is not an edit of a person."""
    runs = [wrote(engine, FIRST, tmp_path / "1")]
    rows = "('a', 90, 90, false, 'Cold', ' Hot ', true)"
    assert held_back(engine, tmp_path, runs, rows)[1] == []


def test_a_field_that_we_never_wrote_is_nobodys_edit(engine: Engine, tmp_path: Path) -> None:
    runs = [wrote(engine, "('a', 90, null, true, 'Hot', 'Warm', false)", tmp_path / "1")]
    rows = "('a', 90, 90, false, 'Cold', 'Warm', true), ('new', 5, 1, true, 'Cold', 'Hot', true)"
    assert held_back(engine, tmp_path, runs, rows)[1] == []


def test_a_record_as_it_was_before_our_write_was_never_written(
    engine: Engine, tmp_path: Path
) -> None:
    """By its SystemModstamp and its value: only a Bulk job's count had called it accepted."""
    runs = [wrote(engine, FIRST, tmp_path / "1"), wrote(engine, SECOND, tmp_path / "2")]
    rows = "('a', 70, 90, true, 'Cold', 'Hot', true)"
    assert held_back(engine, tmp_path, runs, rows, day="01")[1] == []


def test_what_is_put_back_within_the_second_of_a_write_that_was_answered_for_is_an_edit(
    engine: Engine, tmp_path: Path
) -> None:
    """SystemModstamp has whole seconds; sObject Collections answer for each row."""
    runs = [wrote(engine, SECOND, tmp_path / "1", by_bulk=False)]
    rows = "('a', 70, 90, true, 'Cold', 'Hot', true)"
    _, found = held_back(engine, tmp_path, runs, rows, day="01")
    assert found == [("a", "Score__c", "80", "90", "70")]


def test_what_an_undo_restored_counts_only_where_no_write_is_left(
    engine: Engine, tmp_path: Path
) -> None:
    """`a` was written once more after the undo; `b` holds what the undo restored."""
    runs = [
        wrote(engine, FIRST, tmp_path / "1"),
        wrote(engine, SECOND, tmp_path / "2"),
        wrote(
            engine,
            "('a', 1, 80, true, 'Hot', 'Hot', false), ('b', 2, 10, true, 'Cold', 'Cold', false)",
            tmp_path / "3",
            undoes="1",
        ),
    ]
    rows = "('a', 70, 80, true, 'Hot', 'Hot', false), ('b', 20, 2, true, 'Hot', 'Warm', true)"
    _, found = held_back(engine, tmp_path, runs, rows)
    assert found == [("b", "Band__c", "Cold", "Warm", "Hot")]


def test_what_was_pruned_is_older_than_every_run_that_is_left(
    engine: Engine, tmp_path: Path
) -> None:
    snapshot = tmp_path / "snapshot.parquet"
    values = "('a', 'key of a', 'update', 90.0, true, 'Hot', true)"
    names = 'id, key, action, "Score__c", "Score__c.write", "Band__c", "Band__c.write"'
    engine.save(f"select * from (values {values}) t({names})", snapshot)
    runs = [wrote(engine, SECOND, tmp_path / "2")]
    rows = "('a', 70, 80, true, 'Cold', 'Warm', true)"
    _, found = held_back(engine, tmp_path, runs, rows, snapshot=snapshot)
    assert found == [("a", "Band__c", "Hot", "Warm", "Cold")]
