"""A few changes of a plan for people: which record, and old → new of each field that is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, name
from crm_sink.report.masking import MASK
from crm_sink.report.printable import one_line
from crm_sink.report.reading import reading
from crm_sink.schema import NUMBER_TYPES, FieldSchema, FieldType
from crm_sink.tables import before, text_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine
    from crm_sink.ledger.contract import Run

WIDTH = 60  # characters of a value
EMPTY = "(empty)"
# How text_of is to show a column of a run folder, where the org's describe is not at hand.
_TYPES = {
    "BOOLEAN": FieldType.BOOLEAN,
    "INTEGER": FieldType.INT,
    "DATE": FieldType.DATE,
    "TIMESTAMP": FieldType.DATETIME,
    "TIME": FieldType.TIME,
    "DOUBLE": FieldType.DOUBLE,
}
CHANGE_COLUMNS = ("key", "id", "action", "field", "before", "after")
_ACTIONS = ("update", "create", "clear", "delete")
_SCALE = 18  # as many digits as a field can have; zeros at the end are not shown


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change; values as text, null as None."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SampledChange:
    """One record of a plan, with the fields that are written."""

    key: str
    id: str | None  # None for a record to create
    action: str
    fields: tuple[FieldChange, ...]


def sample_changes(
    changes: Relation, fields: Sequence[FieldSchema], engine: Engine, limit: int = 5
) -> list[SampledChange]:
    """Pick a few changes that show variety: of each action as many, those with most fields first.

    Args:
        changes: Table `changes`.
        fields: The destination fields.
        engine: Where to compute.
        limit: How many records to give.
    """
    marks = ", ".join(write(field.name) for field in fields)
    values = ", ".join(
        f"{text_of(field, column)}"
        for field in fields
        for column in (before(field.name), name(field.name))
    )
    table, most = changes.scan(), f"list_count(list_filter([{marks}], lambda w: w))"
    # Three small top-N scans: sorting a plan of a million records to show five would be waste.
    picked = " union all ".join(
        f"(select * from {table} where action = '{action}' "
        f"order by {most} desc, row, key limit {int(limit)})"
        for action in _ACTIONS
    )
    turn = f"row_number() over (partition by action order by {most} desc, row, key)"
    rows = engine.rows(
        f"select key, id, action, [{marks}], [{values}] from ({picked}) "
        f"order by {turn}, action in ('clear', 'delete'), action = 'create' limit {int(limit)}"
    )
    rows.sort(key=lambda row: _ACTIONS.index(row[2]))  # stable: within an action as they came
    return [
        SampledChange(key, record, action, _written(fields, marks, values))
        for key, record, action, marks, values in rows
    ]


def _written(
    fields: Sequence[FieldSchema], marks: list[bool], values: list[str | None]
) -> tuple[FieldChange, ...]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return tuple(
        FieldChange(field.name, _number(field, old), _number(field, new))
        for field, mark, (old, new) in zip(fields, marks, pairs, strict=True)
        if mark
    )


def _number(field: FieldSchema, text: str | None) -> str | None:
    """Leave out the zeros at the end of a number: 83.00 is read as 83."""
    if text is None or field.type not in NUMBER_TYPES or "." not in text:
        return text
    return text.rstrip("0").rstrip(".")


def changes_text(changes: Sequence[SampledChange]) -> str:
    """Write changes for people: a line for the record, and one for each field."""
    return "\n".join(line for change in changes for line in _lines(change))


def _lines(change: SampledChange) -> list[str]:
    record = f"{shown(change.key)}  {change.id or 'new record'}  {change.action}"
    width = max((len(field.field) for field in change.fields), default=0)
    return [
        record,
        *(
            f"  {field.field + ':':<{width + 1}} {shown(field.before)} → {shown(field.after)}"
            for field in change.fields
        ),
    ]


def shown(text: str | None) -> str:
    """Write a value in one line that is safe to print; null is `(empty)`."""
    return EMPTY if text is None else one_line(text, WIDTH)


def fields_of(changes: Relation, engine: Engine) -> list[FieldSchema]:
    """Give the destination fields of a plan as its own columns tell them."""
    columns = engine.columns(changes.scan())
    names = [column.removesuffix(".write") for column in columns if column.endswith(".write")]
    return [
        FieldSchema(field, _TYPES.get(columns[field], FieldType.STRING), scale=_SCALE)
        for field in names
        if field in columns
    ]


def sample_of(run: Run, *, limit: int = 5) -> list[SampledChange]:
    """Pick a few changes of a run (see `sample_changes`); none when it changes nothing."""
    folder = run.folder / "changes"
    if limit < 1 or not any(folder.rglob("*.parquet")):
        return []
    changes = Relation(folder.resolve(), 0)
    with reading(run.folder) as engine:
        return sample_changes(changes, fields_of(changes, engine), engine, limit)


def change_rows(changes: Sequence[SampledChange]) -> list[dict[str, str | None]]:
    """Give changes as rows for programs: one for each field that is written (CHANGE_COLUMNS).

    A change that writes no field, such as a deletion, is one row without a field.
    """
    return [
        dict(zip(CHANGE_COLUMNS, (change.key, change.id, change.action, *cells), strict=True))
        for change in changes
        for cells in _cells(change)
    ]


def _cells(change: SampledChange) -> list[tuple[str | None, str | None, str | None]]:
    nothing: list[tuple[str | None, str | None, str | None]] = [(None, None, None)]
    return [(each.field, each.before, each.after) for each in change.fields] or nothing


def masked(changes: Sequence[SampledChange]) -> list[SampledChange]:
    """Put … in place of keys and values, so that the changes can be sent on."""
    return [
        replace(
            change,
            key=MASK,
            fields=tuple(
                FieldChange(each.field, _mask(each.before), _mask(each.after))
                for each in change.fields
            ),
        )
        for change in changes
    ]


def _mask(value: str | None) -> str | None:
    return None if value is None else MASK


def sample_text(run: Run, *, limit: int = 5, mask: bool = False) -> str:
    """Write a few changes of a run for people; empty when it changes nothing."""
    sampled = sample_of(run, limit=limit)
    if not sampled:
        return ""
    if mask:
        sampled = masked(sampled)
    totals = run.totals
    rows = totals.to_create + totals.to_update + totals.to_clear
    title = f"{len(sampled)} of {rows:,} changes, old → new" if rows > 1 else "1 change, old → new"
    return f"{title}\n\n{changes_text(sampled)}"
