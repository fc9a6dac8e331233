"""Judge a saved plan's changes anew against what the records hold by now.

A value that moved since the plan was made was moved by somebody: it is left alone like any edit,
unless the mapping overwrites edits; where it already is what the plan would write, there is nothing
left to do. A record that is to be deleted, and was worked on, stays. Computes in the run's engine;
reads no CRM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.plan.differ import differs
from crm_sink.tables import before, text_of, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crm_sink.engine import Engine, Relation
    from crm_sink.plan.changes import FieldRule


@dataclass(frozen=True, slots=True)
class Moved:
    """How many records of a plan have moved on, and what follows."""

    records: int  # of which some value that is to be written is no longer what the plan saw
    unchanged: int  # those that hold by now what the plan would write: nothing is left to do
    conflicts: int  # those that are left alone whole
    fields: int  # fields that are left alone, of those and of others


def compare(changes: Relation, present: Relation, rules: Sequence[FieldRule]) -> str:
    """Give the SQL table of the changes as they stand now.

    Args:
        changes: Table `changes` of the plan.
        present: Table `present` of its records, read just now; a record that is gone keeps its
            change, and the org will say why it refuses it.
        rules: The destination fields.

    Returns:
        The columns of `changes`, with before, write and modified as they are now; and for each
        field "F.moved" and "F.held".
    """
    replaced = [
        f"case when p.id is null then c.{before(rule.field.name)} else p.{name(rule.field.name)} "
        f"end as {before(rule.field.name)}, {_writes(rule)} as {write(rule.field.name)}"
        for rule in rules
    ]
    added = [
        f"{_moved(rule)} as {_mark(rule, 'moved')}, {_held(rule)} as {_mark(rule, 'held')}"
        for rule in rules
    ]
    return (
        f"(select c.* replace ({', '.join(replaced)}, coalesce(p.modified, c.modified) as "
        f"modified), {', '.join(added)} "
        f"from {changes.scan()} c left join {present.scan()} p on p.id = c.id)"
    )


def count(compared: str, rules: Sequence[FieldRule], engine: Engine) -> Moved:
    """Count what moved, in a table of `compare`."""
    moved, held = (_some(_mark(rule, kind) for rule in rules) for kind in ("moved", "held"))
    left = f"({_left(rules)})"
    fields = " + ".join(f"count(*) filter (where {_mark(rule, 'held')})" for rule in rules)
    row = engine.rows(
        f"select count(*) filter (where {moved}), "
        f"count(*) filter (where not {left} and not ({held})), "
        f"count(*) filter (where not {left} and ({held})), {fields} from {compared}"
    )[0]
    return Moved(*(int(figure) for figure in row))


def overtaken(compared: str, rules: Sequence[FieldRule]) -> str:
    """Give the query of those rows of `compare` that somebody gave a third value.

    It is neither what the plan saw nor what it would write: not even a call of ours whose answer
    was lost can have written it.
    """
    some = _some(
        f"({_mark(rule, 'held')} or ({_mark(rule, 'moved')} and {write(rule.field.name)}))"
        for rule in rules
    )
    return f"select * from {compared} where {some}"


def still_to_write(compared: str, rules: Sequence[FieldRule]) -> str:
    """Give the query of the changes of which something is left to write."""
    marks = ", ".join(_mark(rule, kind) for rule in rules for kind in ("moved", "held"))
    return f"select * exclude ({marks}) from {compared} where {_left(rules)}"


def held_back(compared: str, rules: Sequence[FieldRule]) -> str:
    """Give the query of the fields that are left alone, as table `conflicts`.

    `written` is null: what the field held before somebody moved it need not be ours.
    """
    parts = [
        f"select row, key, id, {literal(rule.field.name)} as field, "
        f"cast(null as varchar) as written, "
        f"{text_of(rule.field, before(rule.field.name))} as present, "
        f"{text_of(rule.field, name(rule.field.name))} as desired, modified, "
        "cast(null as varchar) as changed_by, cast(null as timestamp) as changed_at "
        f"from {compared} where {_mark(rule, 'held')}"
        for rule in rules
    ]
    return " union all ".join(parts)


def _moved(rule: FieldRule) -> str:
    """Tell that a value to be written, or of a record to be deleted, is not what the plan saw."""
    field, seen = rule.field, f"c.{before(rule.field.name)}"
    differ = differs(field, seen, f"p.{name(field.name)}")
    is_meant = f"(c.{write(field.name)} or c.action = 'delete')"
    return f"(p.id is not null and {is_meant} and {differ})"


def _is_due(rule: FieldRule) -> str:
    field = rule.field
    desired, now = f"c.{name(field.name)}", f"p.{name(field.name)}"
    differ = differs(field, desired, now, tolerance=rule.tolerance)
    return f"(c.{write(field.name)} and (p.id is null or {differ}))"


def _held(rule: FieldRule) -> str:
    # What somebody worked on is never deleted, whatever the mapping says of edits.
    is_deleted = f"(c.action = 'delete' and {_moved(rule)})"
    return f"({is_deleted} or ({_moved(rule)} and {_is_due(rule)}))" if rule.protect else is_deleted


def _writes(rule: FieldRule) -> str:
    return f"({_is_due(rule)} and not {_held(rule)})"


def _left(rules: Sequence[FieldRule]) -> str:
    held = _some(_mark(rule, "held") for rule in rules)
    return (
        f"{_some(write(rule.field.name) for rule in rules)} or action = 'create' "
        f"or (action = 'delete' and not ({held}))"
    )


def _some(marks: Iterable[str]) -> str:
    return " or ".join(marks)


def _mark(rule: FieldRule, kind: str) -> str:
    return name(f"{rule.field.name}.{kind}")
