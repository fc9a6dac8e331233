"""Hold back what people edited: a field whose present value is not what we wrote last.

Computes in the run's engine and writes the run folder. A record keeps its other changes; one that
has none left is dropped from the plan.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, literal, name
from crm_sink.plan.differ import differs
from crm_sink.plan.parts import parts_for_jobs, parts_for_marks, parts_of
from crm_sink.plan.suspects import Suspects, edited, suspects
from crm_sink.tables import before, text_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.plan.changes import FieldRule
    from crm_sink.plan.written import Written


@dataclass(frozen=True, slots=True)
class Held:
    """What is left of a plan, and what was held back.

    `records` were dropped whole; `fields` counts every field held, of those and of others.
    """

    changes: Relation
    records: int
    fields: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where holding back writes.

    Attributes:
        conflicts: The held fields (table `conflicts`); absent when there are none.
        whole: The changes of their records, as if nothing were held back.
        kept: A folder for the changes that are left, one folder `chunk=N/` for each part.
    """

    conflicts: Path
    whole: Path
    kept: Path


def hold_back(
    differing: Relation,
    written: Written,
    rules: Sequence[FieldRule],
    *,
    engine: Engine,
    places: Places,
) -> Held:
    """Take the edited fields out of a plan, part by part, so that each fits in memory.

    Args:
        differing: The changes, with column `parent`.
        written: What earlier runs wrote to the protected fields.
        rules: The destination fields.
        engine: Where to compute.
        places: Where the results are written.
    """
    found = places.kept.with_name("conflicts")
    looked_at = places.kept.with_name("suspects")
    protected = [rule.field.name for rule in rules if rule.protect]
    fields = 0
    for number, some in enumerate(suspects(differing, written, protected, engine, looked_at)):
        fields += _collect(some, differing, rules, engine=engine, into=found / str(number))
    shutil.rmtree(looked_at, ignore_errors=True)
    if fields:
        scan = Relation(found, fields).scan()
        engine.save(f"from {scan}", places.conflicts)
    shutil.rmtree(found, ignore_errors=True)
    if not fields:
        return Held(differing, records=0, fields=0)
    held = Relation(places.conflicts, fields).scan()
    engine.save(
        f"select * from {differing.scan()} where id in (select id from {held})", places.whole
    )
    rows = 0
    parts = max(
        parts_for_jobs(differing, rules, engine), parts_for_marks(fields, len(protected), engine)
    )
    for part in range(parts):
        query = _kept_changes(differing, held, rules, (part, parts))
        rows += engine.save(query, places.kept / f"chunk={part}" / "data.parquet").rows
    return Held(Relation(places.kept, rows), records=differing.rows - rows, fields=fields)


def _collect(
    some: Suspects, differing: Relation, rules: Sequence[FieldRule], *, engine: Engine, into: Path
) -> int:
    """Write the fields that really differ from what a run wrote; give how many they are."""
    looked_at = [rule for rule in rules if rule.field.name in some.fields]
    parts = parts_of(Relation(differing.path, some.rows), looked_at, engine)
    return sum(
        engine.save(
            _held_fields(some, looked_at, differing.scan(), (part, parts)), into / f"{part}.parquet"
        ).rows
        for part in range(parts)
    )


def _held_fields(
    some: Suspects, rules: Sequence[FieldRule], differing: str, part: tuple[int, int]
) -> str:
    """Give the query of one part of table `conflicts`, in one join however many fields it has."""
    number, parts = part
    ids, hashes = (
        f"{hashed} % {parts} = {number}" if parts > 1 else "true" for hashed in ("hash(id)", "i")
    )
    fields = ", ".join(f"case when {_is_edited(rule)} then {_values(rule)} end" for rule in rules)
    return (
        "select row, key, id, h.field, h.written, h.present, h.desired, modified, "
        "cast(null as varchar) as changed_by, cast(null as timestamp) as changed_at "
        f"from (select c.row, c.key, c.id, unnest([{fields}]) as h, c.modified "
        f"from (from {differing} where {ids}) c join {some.table(hashes)} s on s.i = hash(c.id) "
        f"join {some.layer.table(ids)} w on w.id = c.id) where h is not null"
    )


def _is_edited(rule: FieldRule) -> str:
    """Give the condition that a person edited a field since our write.

    Where the record is as it was when that write was planned, by its SystemModstamp and by the
    field's value, the write never came about, whatever the org said of it: a Bulk job's count may
    have called a row accepted that it neither wrote nor listed.
    """
    field = rule.field
    column, present = name(field.name), f"c.{before(field.name)}"
    changed = differs(field, f"w.{column}", present)
    untouched = (
        "(coalesce(c.modified = w.modified, false) "
        f"and not {differs(field, f'w.{before(field.name)}', present)})"
    )
    return f"s.{edited(field.name)} and w.{write(field.name)} and {changed} and not {untouched}"


def _values(rule: FieldRule) -> str:
    field, column = rule.field, name(rule.field.name)
    return (
        f"{{'field': {literal(field.name)}, "
        f"'written': {text_of(field, f'w.{column}')}, "
        f"'present': {text_of(field, f'c.{before(field.name)}')}, "
        f"'desired': {text_of(field, f'c.{column}')}}}"
    )


def _kept_changes(
    differing: Relation, held: str, rules: Sequence[FieldRule], part: tuple[int, int]
) -> str:
    """Give the query of one part of the changes without the fields that are held back."""
    number, parts = part
    protected = [rule.field.name for rule in rules if rule.protect]
    marks = ", ".join(f"bool_or(field = {literal(field)}) as {write(field)}" for field in protected)
    replaced = ", ".join(
        f"(c.{write(field)} and not coalesce(h.{write(field)}, false)) as {write(field)}"
        for field in protected
    )
    some = " or ".join(write(rule.field.name) for rule in rules)
    chosen = f"where coalesce(hash(id), 0) % {parts} = {number}"
    return (
        f"select * from (select c.* replace ({replaced}, {number}::integer as chunk) "
        f"from (from {differing.scan()} {chosen}) c left join "
        f"(select id, {marks} from {held} {chosen} group by id) h on c.id = h.id) "
        f"where {some} or action = 'create'"
    )
