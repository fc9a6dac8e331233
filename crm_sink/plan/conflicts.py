"""Hold back what people edited: a field whose present value is not what we wrote last.

Computes in the run's engine and writes the run folder. A record keeps its other changes; one that
has none left is dropped from the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.plan.differ import differs
from crm_sink.tables import before, text_of, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.plan.changes import FieldRule


@dataclass(frozen=True, slots=True)
class Held:
    """What is left of a plan, and what was held back.

    `records` were dropped whole; `fields` counts every field held, of those and of others.
    """

    changes: Relation
    records: int
    fields: int


def hold_back(
    differing: Relation,
    last: str,
    rules: Sequence[FieldRule],
    *,
    engine: Engine,
    conflicts: Path,
    into: Path,
) -> Held:
    """Take the edited fields out of a plan.

    Args:
        differing: The changes, with column `parent`.
        last: The SQL table of `written.last_written` for their ids.
        rules: The destination fields.
        engine: Where to compute.
        conflicts: Where the held fields are written (table `conflicts`).
        into: Where the changes that are left are written.
    """
    engine.run(f"create or replace temp table written_before as from {last}")
    edited = _edited(rules)
    held = engine.save(_held_fields(edited, rules, differing), conflicts)
    if held.rows == 0:
        conflicts.unlink()
        return Held(differing, records=0, fields=0)
    kept = engine.save(_kept_changes(edited, rules, differing), into)
    return Held(kept, records=differing.rows - kept.rows, fields=held.rows)


def _edited(rules: Sequence[FieldRule]) -> dict[str, str]:
    """Give, for each protected field, the condition that a person edited it since our write."""
    conditions = {}
    for rule in rules:
        if rule.protect:
            field, column = rule.field, f"w.{name(rule.field.name)}"
            changed = differs(field, f"{column}.v", f"c.{before(field.name)}")
            conditions[field.name] = (
                f"coalesce(c.{write(field.name)} and {column} is not null and {changed}, false)"
            )
    return conditions


def _held_fields(edited: Mapping[str, str], rules: Sequence[FieldRule], differing: Relation) -> str:
    """Give the query of table `conflicts`, in one join however many fields there are."""
    fields = ", ".join(
        f"case when {edited[rule.field.name]} then {_values(rule)} end"
        for rule in rules
        if rule.field.name in edited
    )
    return (
        "select row, key, id, h.field, h.written, h.present, h.desired, modified "
        f"from (select c.row, c.key, c.id, unnest([{fields}]) as h, c.modified "
        f"from {differing.scan()} c join written_before w on c.id = w.id "
        f"where {' or '.join(edited.values())}) where h is not null"
    )


def _values(rule: FieldRule) -> str:
    field, column = rule.field, name(rule.field.name)
    return (
        f"{{'field': {literal(field.name)}, "
        f"'written': {text_of(field, f'w.{column}.v')}, "
        f"'present': {text_of(field, f'c.{before(field.name)}')}, "
        f"'desired': {text_of(field, f'c.{column}')}}}"
    )


def _kept_changes(
    edited: Mapping[str, str], rules: Sequence[FieldRule], differing: Relation
) -> str:
    replaced = ", ".join(
        f"(c.{write(field)} and not {condition}) as {write(field)}"
        for field, condition in edited.items()
    )
    some = " or ".join(write(rule.field.name) for rule in rules)
    return (
        f"select * from (select c.* replace ({replaced}) "
        f"from {differing.scan()} c left join written_before w on c.id = w.id) "
        f"where {some} or action = 'create'"
    )
