"""The changes of a plan: desired values against present ones, down to the fields that differ.

Computes in the run's engine and writes the run folder; reads no CRM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.plan.differ import differs
from crm_sink.schema import NUMBER_TYPES, TEXT_TYPES, FieldType
from crm_sink.tables import before, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Relation
    from crm_sink.schema import FieldSchema


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A destination field and how its mapping treats it."""

    field: FieldSchema
    tolerance: float = 0
    keep_nulls: bool = False  # a null leaves the field as it is
    protect: bool = True  # a person's edit stays


def compare(matched: str, rules: Sequence[FieldRule], *, creates: bool) -> str:
    """Compare each desired value with the present one.

    Args:
        matched: A SQL table of `match.pair.Matched`.
        rules: The destination fields.
        creates: Whether rows without a record are in it, to be created.

    Returns:
        A SQL table: row, key, id, action, modified, parent, F, "F.before", and "F.write" where
        the field really differs.
    """
    columns = "".join(
        f", {name(rule.field.name)}, {before(rule.field.name)}, "
        f"{_writes(rule, creates=creates)} as {write(rule.field.name)}"
        for rule in rules
    )
    action = "case when id is null then 'create' else 'update' end" if creates else "'update'"
    return f"(select row, key, id, {action} as action, modified, parent{columns} from {matched})"


def _writes(rule: FieldRule, *, creates: bool) -> str:
    desired, present = name(rule.field.name), before(rule.field.name)
    changed = differs(rule.field, desired, present, tolerance=rule.tolerance)
    filled = f"{desired} is not null"
    if creates:
        # A new record has nothing to clear; false is what Salesforce gives a checkbox by itself.
        for_new = f"coalesce({desired}, false)" if rule.field.type is FieldType.BOOLEAN else filled
        changed = f"case when id is null then {for_new} else {changed} end"
    return f"({filled} and {changed})" if rule.keep_nulls else f"({changed})"


def clearing(
    present: Relation,
    rules: Sequence[FieldRule],
    *,
    flag: FieldSchema | None,
    parent: str | None,
    passed_over: str | None = None,
) -> str:
    """Give the changes for the records in temp table `leavers`: clear our fields, or flag them.

    Lookups are left alone: who owns a contact is not a prediction. With a flag only the flag is
    set. A checkbox is cleared to false.

    Args:
        present: Table `present`, holding the leavers too.
        rules: The destination fields.
        flag: The checkbox to set, or None to clear.
        parent: The parent's reference field in `present`, if the object has one.
        passed_over: The checkbox in `present` of records that the org lets nobody write, if the
            object has one.
    """
    columns = ""
    for rule in rules:
        field, column = rule.field, name(rule.field.name)
        cleared = "false" if field.type is FieldType.BOOLEAN else "null"
        if flag is not None and field.name == flag.name:
            after, writes = "true", f"not coalesce(p.{column}, false)"
        elif flag is not None or not _is_clearable(field):
            after, writes = f"p.{column}", "false"
        else:
            after, writes = cleared, f"p.{column} is distinct from {cleared}"
        columns += (
            f", {after} as {column}, p.{column} as {before(field.name)}, "
            f"({writes}) as {write(field.name)}"
        )
    parent_sql = f"p.{name(parent)}" if parent else "cast(null as varchar)"
    left_out = f" where not coalesce(p.{name(passed_over)}, false)" if passed_over else ""
    return (
        f"(select cast(null as bigint) as row, l.key, p.id, 'clear' as action, p.modified, "
        f"{parent_sql} as parent{columns} "
        f"from leavers l join {present.scan()} p on p.id = l.id{left_out})"
    )


def _is_clearable(field: FieldSchema) -> bool:
    is_reference = field.lookup is not None or field.type is FieldType.REFERENCE
    return not is_reference and (field.nillable or field.type is FieldType.BOOLEAN)


def differing(compared: str, rules: Sequence[FieldRule], chunk: int) -> str:
    """Give the query of the rows of which some field is to be written, numbered as a chunk."""
    some = " or ".join(write(rule.field.name) for rule in rules)
    # A record to create is a change even when every mapped value is null.
    return (
        f"select cast({chunk} as integer) as chunk, * from {compared} "
        f"where {some} or action = 'create'"
    )


def row_bytes(rules: Sequence[FieldRule]) -> str:
    """Give the SQL estimate of a change's size in a Bulk CSV, in bytes: hardly less than it is."""
    size = "case when action = 'create' then strlen(key) + 4 else 20 end"
    for rule in rules:
        length = str(cell_bytes(rule.field))
        if rule.field.type in TEXT_TYPES:
            length = f"coalesce({_quoted_bytes(name(rule.field.name))} + {length}, 5)"
        size += f" + case when {write(rule.field.name)} then {length} else 1 end"
    return size


def _quoted_bytes(text: str) -> str:
    """Give the SQL for a text's bytes in a CSV, where a quote is written twice."""
    quotes = f"strlen({text}) - strlen(replace({text}, '\"', ''))"
    return f"strlen({text}) + case when contains({text}, '\"') then {quotes} else 0 end"


def cell_bytes(field: FieldSchema) -> int:
    """Give the most bytes of a field's cell and its comma; of a text, those beside its characters.

    Quotes in a text, which are written twice, are not counted here.
    """
    if field.type in TEXT_TYPES:
        return 4
    if field.type in NUMBER_TYPES:
        return (field.precision or 18) + 3  # sign, point and comma
    return 6 if field.type is FieldType.BOOLEAN else 26  # a datetime has 24 characters
