"""Predictions and records are compared in parts that fit in memory, and in a Bulk job."""

from __future__ import annotations

from pathlib import Path

from crm_sink.engine import Engine, Relation
from crm_sink.plan.changes import FieldRule
from crm_sink.plan.parts import groups_of, parts_for_jobs, parts_of
from crm_sink.schema import FieldSchema, FieldType

NOTE = FieldRule(FieldSchema("Note__c", FieldType.STRING, length=255))


def notes(engine: Engine, folder: Path, value: str) -> Relation:
    """Save ten notes, and say that there are a million."""
    query = f'select {value}::varchar as "Note__c" from range(10)'
    return Relation(engine.save(query, folder / "notes.parquet").path, 1_000_000)


def test_longer_texts_make_more_parts(engine: Engine, tmp_path: Path) -> None:
    assert parts_of(notes(engine, tmp_path, "repeat('x', 20)"), [NOTE], engine) == 3
    assert parts_of(notes(engine, tmp_path, "repeat('x', 250)"), [NOTE], engine) == 6


def test_a_part_is_no_larger_than_a_job(engine: Engine, tmp_path: Path) -> None:
    assert parts_for_jobs(notes(engine, tmp_path, "repeat('x', 20)"), [NOTE], engine) == 1
    assert parts_for_jobs(notes(engine, tmp_path, "repeat('x', 250)"), [NOTE], engine) == 4


def test_few_parts_are_read_as_they_are_and_many_in_groups() -> None:
    assert [groups_of(parts) for parts in (1, 12, 13, 28, 64)] == [1, 1, 3, 5, 8]
