from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.ledger.contract import Run, Totals
from crm_sink.report.diff import (
    FieldChange,
    SampledChange,
    changes_text,
    fields_of,
    sample_changes,
    sample_text,
    shown,
)
from crm_sink.schema import FieldSchema, FieldType

SCORE = FieldSchema("Score__c", FieldType.DOUBLE)
BAND = FieldSchema("Band__c", FieldType.PICKLIST)
FIXED = 'chunk, "row", key, id, action, modified'
FIELDS = (
    '"Score__c", "Score__c.before", "Score__c.write", "Band__c", "Band__c.before", "Band__c.write"'
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


def changes(*rows: str) -> str:
    """Give the query of table `changes`; a row is key, id, action | score and band."""
    values = ", ".join(
        f"(0, {number}, {row.replace('|', ', timestamp ' + repr('2026-11-20 06:00:00') + ',')})"
        for number, row in enumerate(rows, start=1)
    )
    return (
        "select * replace (cast(Score__c as double) as Score__c, "
        '"Score__c.before"::double as "Score__c.before") '
        f"from (values {values}) as t({FIXED}, {FIELDS})"
    )


WARMER = "'P-1', '00Q1', 'update' | 83, 71, true, 'Hot', 'Warm', true"
SCORED = "'P-2', '00Q2', 'update' | 12, null, true, 'Cold', 'Cold', false"
NEW = "'P-3', null, 'create' | 50, null, true, 'Warm', null, true"
GONE = "'P-4', '00Q4', 'clear' | null, 44, true, null, 'Cold', true"


def test_a_change_holds_old_and_new_of_the_fields_that_are_written(
    engine: Engine, tmp_path: Path
) -> None:
    table = engine.save(changes(SCORED), tmp_path / "c.parquet")
    assert sample_changes(table, [SCORE, BAND], engine) == [
        SampledChange("P-2", "00Q2", "update", (FieldChange("Score__c", None, "12"),))
    ]


def test_a_few_changes_show_every_action_before_more_of_one(engine: Engine, tmp_path: Path) -> None:
    """Of five updates, a creation and a leaver, three records show all three actions."""
    table = engine.save(changes(*[SCORED] * 5, NEW, GONE), tmp_path / "c.parquet")
    sampled = sample_changes(table, [SCORE, BAND], engine, limit=3)
    assert [change.action for change in sampled] == ["update", "create", "clear"]


def test_records_with_more_written_fields_come_first(engine: Engine, tmp_path: Path) -> None:
    table = engine.save(changes(SCORED, SCORED, WARMER), tmp_path / "c.parquet")
    assert sample_changes(table, [SCORE, BAND], engine, limit=1)[0].key == "P-1"


def test_changes_are_read_by_people(engine: Engine, tmp_path: Path) -> None:
    table = engine.save(changes(WARMER, NEW, GONE), tmp_path / "c.parquet")
    assert changes_text(sample_changes(table, [SCORE, BAND], engine)).splitlines() == [
        "P-1  00Q1  update",
        "  Score__c: 71 → 83",
        "  Band__c:  Warm → Hot",
        "P-3  new record  create",
        "  Score__c: (empty) → 50",
        "  Band__c:  (empty) → Warm",
        "P-4  00Q4  clear",
        "  Score__c: 44 → (empty)",
        "  Band__c:  Cold → (empty)",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "(empty)"),
        ("two\nlines\r\nthree\rfour", "two⏎lines⏎three⏎four"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("a\u202eb", "a�b"),
        ("Zoë 🚀", "Zoë 🚀"),
    ],
)
def test_a_value_is_one_line_that_cannot_steer_the_terminal(value: str | None, line: str) -> None:
    assert shown(value) == line


def test_the_fields_of_a_plan_are_read_from_its_own_columns(engine: Engine, tmp_path: Path) -> None:
    table = engine.save(changes(WARMER), tmp_path / "c.parquet")
    fields = [(field.name, field.type) for field in fields_of(table, engine)]
    assert fields == [("Score__c", FieldType.DOUBLE), ("Band__c", FieldType.STRING)]


@pytest.mark.parametrize(
    ("score", "text"),
    [("0.1 + 0.2", "0.3"), ("83", "83"), ("-1.50", "-1.5"), ("1e-7", "0.0000001")],
)
def test_a_number_shows_the_digits_that_it_has(
    engine: Engine, tmp_path: Path, score: str, text: str
) -> None:
    table = engine.save(changes(WARMER.replace("83", score)), tmp_path / "c.parquet")
    sampled = sample_changes(table, fields_of(table, engine), engine)
    assert sampled[0].fields[0].after == text


def test_a_runs_changes_are_shown_out_of_its_folder(
    make_run: Callable[..., Run], save: Callable[[str, str], Relation]
) -> None:
    save(changes(WARMER), "changes/chunk=0/part.parquet")
    save(changes(NEW), "changes/chunk=1/part.parquet")
    text = sample_text(make_run(totals=Totals(to_create=1, to_update=1)), limit=1)
    assert text.splitlines() == [
        "1 of 2 changes, old → new",
        "",
        "P-1  00Q1  update",
        "  Score__c: 71 → 83",
        "  Band__c:  Warm → Hot",
    ]


def test_a_run_that_changes_nothing_shows_nothing(make_run: Callable[..., Run]) -> None:
    assert sample_text(make_run()) == ""
