"""The way back: what a run wrote, held against what the records hold now.

Pure SQL over relations. A field goes back to its value from before the run only where the record
still holds what the run wrote; a field that somebody changed since is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, literal, name
from crm_sink.plan.accepted import accepted
from crm_sink.plan.differ import differs
from crm_sink.tables import CHANGES, CONFLICTS, REJECTS, before, empty, sql_type, text_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema

# What becomes of a record that the run wrote.
UPDATE, DELETE, UNCHANGED, CONFLICT, REJECT = (
    "update", "delete", "unchanged", "conflict", "reject",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is to be undone, and how.

    Attributes:
        fields: The fields that the run wrote.
        parent: The name of the reference field that column `parent` holds; None without one.
        delete_created: Whether records that the run created are deleted.
    """

    fields: Sequence[FieldSchema]
    parent: str | None
    delete_created: bool


def wrote(changes: Relation, outcomes: Relation, undoing: Undoing, engine: Engine) -> str:
    """Give the SQL table of what a run wrote, a row for each change that the org accepted.

    Columns: row, key, id, action, parent, F (as written), "F.before" and "F.write".
    """
    fields = "".join(
        f", try_cast({name(field.name)} as {sql_type(field)}) as {name(field.name)}, "
        f"try_cast({before(field.name)} as {sql_type(field)}) as {before(field.name)}, "
        f"{write(field.name)}"
        for field in undoing.fields
    )
    made = "action = 'create' and coalesce(created, false)"
    created = "" if undoing.delete_created else f" where not ({made})"
    # An upsert may find a record that came into being since the plan: it must not be deleted. After
    # a lost answer nobody may know who made the record: that one must not be, either.
    action = (
        "case when action = 'create' and created is null then 'unsure' "
        "when action = 'create' and not created then 'found' else action end"
    )
    return (
        f"(select row, key, id, {action} as action, parent{fields} "
        f"from {accepted(changes.scan(), outcomes.scan(), engine)}{created})"
    )


def count_created(changes: Relation, outcomes: Relation, engine: Engine) -> int:
    """Count the records that a run created."""
    table = accepted(changes.scan(), outcomes.scan(), engine)
    return int(engine.value(f"select count(*) from {table} where created"))


def judged(written: str, present: Relation, undoing: Undoing, part: tuple[int, int]) -> str:
    """Give the query of what becomes of each record that a run wrote.

    Args:
        written: The SQL table of `wrote`.
        present: Table `present`, keyed by Id, with every field.
        undoing: The fields.
        part: Which of how many disjoint parts, chosen by the hash of the id.

    Returns:
        Columns: row, key, id, modified, parent, fate; F (the value to restore), "F.before" (what
        the record holds now), "F.write", "F.conflict", and "F.written" (what the run wrote) where
        that is true.
    """
    number, parts = part
    chosen = f" where hash({{}}) % {parts} = {number}" if parts > 1 else ""
    some_write = " or ".join(write(field.name) for field in undoing.fields) or "false"
    some_conflict = " or ".join(_conflict(field) for field in undoing.fields) or "false"
    fate = (
        f"case when was in ('delete', 'found') or (was = 'unsure' and not missing) "
        f"then '{REJECT}' when missing "
        f"then case when was in ('create', 'unsure') then '{UNCHANGED}' else '{REJECT}' end "
        f"when was = 'create' and not ({some_conflict}) then '{DELETE}' "
        f"when was <> 'create' and ({some_write}) then '{UPDATE}' "
        f"when {some_conflict} then '{CONFLICT}' else '{UNCHANGED}' end as fate"
    )
    columns = "".join(_judged_field(field, undoing.parent) for field in undoing.fields)
    pairs = (
        f"(from {written}{chosen.format('left(id, 15)')}) w "
        f"left join (from {present.scan()}{chosen.format('match_key')}) p "
        "on p.match_key = left(w.id, 15)"
    )
    return (
        f"select *, {fate} from (select w.row, w.key, w.id, p.modified, w.parent, "
        f"w.action as was, p.id is null as missing{columns} from {pairs})"
    )


def _judged_field(field: FieldSchema, parent: str | None) -> str:
    written, earlier = f"w.{name(field.name)}", f"w.{before(field.name)}"
    present, marked = f"p.{name(field.name)}", f"w.{write(field.name)}"
    changed = differs(field, written, present)
    is_back = f"not {differs(field, earlier, present)}"
    unknown = _unknown_parent(field, parent)
    restore = (
        f"{marked} and not {changed} and not ({unknown}) and {differs(field, earlier, present)}"
    )
    # A record that the run created has no earlier value: it is as we left it, or it is not.
    apart = f"case when w.action = 'create' then {changed} else {changed} and not {is_back} end"
    conflict = f"{marked} and ({apart} or ({unknown}))"
    return (
        f", {earlier} as {name(field.name)}, {present} as {before(field.name)}, "
        f"({restore}) as {write(field.name)}, ({conflict}) as {_conflict(field)}, "
        f"case when {conflict} then {written} end as {_written(field)}"
    )


def _unknown_parent(field: FieldSchema, parent: str | None) -> str:
    """Tell that a lookup led to a record without our key, or nowhere: clearing it may be wrong."""
    if field.lookup is None:
        return "false"
    nowhere = "w.parent is null" if field.lookup == parent else "false"
    return f"w.action <> 'create' and w.{before(field.name)} is null and not {nowhere}"


def restored(judgement: str, undoing: Undoing, part: int) -> str:
    """Give the query of the records to restore, as table `changes` with the column `parent`.

    Args:
        judgement: The query of `judged`.
        undoing: The fields.
        part: The number of the part, as the changes' chunk.
    """
    return _changes(f"({judgement})", undoing, UPDATE, str(part))


def rest(judgement: str, undoing: Undoing) -> str:
    """Give the query of what is not simply restored: deletes, conflicts and rejects."""
    some_conflict = " or ".join(_conflict(field) for field in undoing.fields) or "false"
    return (
        f"select * from ({judgement}) where fate not in ('{UPDATE}', '{UNCHANGED}') "
        f"or (fate = '{UPDATE}' and ({some_conflict}))"
    )


def deleted(found: Relation, undoing: Undoing) -> str:
    """Give the query of the records to delete, as table `changes`, not yet in chunks.

    Args:
        found: The rows of `rest`.
        undoing: The fields.
    """
    return _changes(found.scan(), undoing, DELETE, "0")


def _changes(judgement: str, undoing: Undoing, fate: str, chunk: str) -> str:
    fixed = {"chunk": chunk, "action": literal(fate)}
    columns = ", ".join(
        f"cast({fixed.get(column, column)} as {kind}) as {column}"
        for column, kind in CHANGES.items()
    )
    fields = "".join(
        f", {name(field.name)}, {before(field.name)}, "
        f"{write(field.name) if fate == UPDATE else 'false'} as {write(field.name)}"
        for field in undoing.fields
    )
    return f"select {columns}, parent{fields} from {judgement} where fate = '{fate}'"


def conflicts(found: Relation, undoing: Undoing) -> str:
    """Give the query of table `conflicts`: the fields that somebody changed since the run."""
    parts = [
        "select row, key, id, "
        f"{literal(field.name)} as field, {text_of(field, _written(field))} as written, "
        f"{text_of(field, before(field.name))} as present, "
        f"{text_of(field, name(field.name))} as desired, modified, "
        "cast(null as varchar) as changed_by, cast(null as timestamp) as changed_at "
        f"from {found.scan()} where {_conflict(field)} and fate in ('{UPDATE}', '{CONFLICT}')"
        for field in undoing.fields
    ]
    return " union all ".join(parts) or empty(CONFLICTS)


def rejects(found: Relation, object_name: str) -> str:
    """Give the query of table `rejects`: records to which nothing can be restored."""
    recycle_bin = "restore it from Salesforce's Recycle Bin, which keeps it for 15 days"
    values = {
        "stage": "'match'",
        "value": "left(key, 255)",
        "code": _by_kind("DELETED_BY_UNDO", "BEFORE_UNKNOWN", "MAKER_UNKNOWN", "NOT_FOUND"),
        "message": _by_kind(
            f"the {object_name} was deleted by the run that is undone",
            f"the {object_name} was made by somebody else between plan and write: what it held "
            "before is not known",
            f"the org's answer was lost, and nothing tells whether the run or somebody else made "
            f"the {object_name}: it is left as it is",
            f"the {object_name} was deleted, or the user may not see it",
        ),
        "hint": _by_kind(
            recycle_bin,
            "look at its field history in Salesforce",
            "look at its Created By and Created Date in Salesforce; delete it there if it is yours",
            recycle_bin,
        ),
        "attempts": "0",
    }
    columns = ", ".join(
        f"cast({values.get(column, column if column in ('row', 'key', 'id') else 'null')} "
        f"as {kind}) as {name(column)}"
        for column, kind in REJECTS.items()
    )
    return f"select {columns} from {found.scan()} where fate = '{REJECT}'"


def _by_kind(deleted_by_us: str, met: str, unsure: str, missing: str) -> str:
    kinds = {"delete": deleted_by_us, "found": met, "unsure": unsure}
    cases = " ".join(f"when {literal(kind)} then {literal(what)}" for kind, what in kinds.items())
    return f"case was {cases} else {literal(missing)} end"


def counts(found: Relation, engine: Engine) -> dict[str, int]:
    """Count the records of each fate in `rest`."""
    rows = engine.rows(f"select fate, count(*) from {found.scan()} group by fate")
    return {fate: int(count) for fate, count in rows}


def _written(field: FieldSchema) -> str:
    return name(f"{field.name}.written")


def _conflict(field: FieldSchema) -> str:
    return name(f"{field.name}.conflict")
