"""The rejects and conflicts of a run, row by row, for people and programs; masked on request.

Rows are given in batches: a run may have a million rejects. Nothing in the run folder is changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sink.engine import Relation, name
from crm_sink.report.masking import MASK, masked
from crm_sink.report.printable import one_line
from crm_sink.report.reading import reading
from crm_sink.report.run_json import iso
from crm_sink.tables import CONFLICTS, REJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crm_sink.ledger.contract import Run

BATCH = 10_000
WIDTH = 60  # characters of a value
PERSONAL = ("key", "value", "written", "present", "desired")  # columns that hold people's data


def rejects_of(run: Run, *, mask: bool = False) -> Iterator[dict[str, Any]]:
    """Give a run's rejects, in the order of the reject file.

    Args:
        run: The run.
        mask: Put `…` in place of keys and values, in messages too.
    """
    for row in _rows(run.folder / "rejects.parquet", REJECTS, "row nulls last, key, field"):
        if mask and row["message"]:
            row["message"] = masked(row["message"], row["value"], row["key"])
        yield _masked(row) if mask else row


def conflicts_of(run: Run, *, mask: bool = False) -> Iterator[dict[str, Any]]:
    """Give the fields that a run left alone because somebody changed them, by record."""
    for row in _rows(run.folder / "conflicts.parquet", CONFLICTS, "key, id, field"):
        for time in ("modified", "changed_at"):
            row[time] = iso(row[time])
        yield _masked(row) if mask else row


def reject_line(reject: dict[str, Any]) -> str:
    """Write a reject for people, in one line and one for its cure."""
    place = f"row {reject['row']}" if reject["row"] is not None else "no longer scored"
    field = f" {reject['field']}" if reject["field"] else ""
    value = f" ({_shown(reject['value'])})" if reject["value"] else ""
    line = f"{place}  {_shown(reject['key'])}  {reject['code']}{field}{value}: "
    line += one_line(reject["message"] or "", 200)
    return f"{line}\n  cure: {one_line(reject['hint'])}" if reject["hint"] else line


def conflict_line(conflict: dict[str, Any]) -> str:
    """Write a conflict for people: what we wrote if that is known, what is there, who and when."""
    written = conflict["written"]  # null where the field was changed after the plan was made
    wrote = "" if written is None else f"we wrote {_shown(written)}, "
    values = f"{wrote}it holds {_shown(conflict['present'])}"
    who = one_line(conflict["changed_by"] or "somebody")
    when = f" at {conflict['changed_at']}" if conflict["changed_at"] else ""
    return (
        f"{_shown(conflict['key'])}  {conflict['id']}  {conflict['field']}: {values}, "
        f"not set to {_shown(conflict['desired'])}; changed by {who}{when}"
    )


def _rows(path: Path, columns: dict[str, str], order: str) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with reading(path.parent) as engine:
        table = Relation(path.resolve(), 0).scan()
        known = engine.columns(table)
        listed = ", ".join(
            f"{name(column) if column in known else 'null'} as {name(column)}" for column in columns
        )
        cursor = engine.connection.execute(f"select {listed} from {table} order by {order}")
        while batch := cursor.fetchmany(BATCH):
            yield from (dict(zip(columns, row, strict=True)) for row in batch)


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    return {
        column: MASK if column in PERSONAL and value is not None else value
        for column, value in row.items()
    }


def _shown(value: object) -> str:
    if value is None:
        return "(empty)"
    return one_line(str(value.isoformat() if isinstance(value, datetime) else value), WIDTH)
