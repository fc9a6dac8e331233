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
from crm_sink.plan.parts import parts_of
from crm_sink.plan.written import HASH_BYTES, parts_for
from crm_sink.tables import before, text_of, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    suspects = _suspects(differing, written, rules, engine)
    parts = written.parts(engine, records=suspects)
    found = places.kept.with_name("conflicts")
    fields = 0
    for part in range(parts if suspects else 0):
        some = f"hash(id) % {parts} = {part} and id in (from suspects)"
        engine.run("drop table if exists written_before")
        engine.run(f"create temp table written_before as from {written.last(some)}")
        query = _held_fields(_edited(rules), rules, f"(from {differing.scan()} where {some})")
        fields += engine.save(query, found / f"{part}.parquet").rows
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
    rows, parts = 0, parts_of(differing, rules, engine)
    for part in range(parts):
        query = _kept_changes(differing, held, rules, (part, parts))
        rows += engine.save(query, places.kept / f"chunk={part}" / "data.parquet").rows
    return Held(Relation(places.kept, rows), records=differing.rows - rows, fields=fields)


def _suspects(
    differing: Relation, written: Written, rules: Sequence[FieldRule], engine: Engine
) -> int:
    """Collect into temp table `suspects` the ids of records with a value that is not ours.

    Nearly every record holds what we wrote; to see that, the hashes of the values will do.
    """
    engine.run("create or replace temp table suspects (id varchar)")
    fields = [rule.field.name for rule in rules if rule.protect]
    apart = " or ".join(
        f"(c.{write(field)} and w.{name(field)} <> hash(c.{before(field)}))" for field in fields
    )
    parts = parts_for(differing.rows, len(fields), engine, value_bytes=HASH_BYTES)
    for part in range(parts):
        some = f"(from {differing.scan()} where id is not null and hash(id) % {parts} = {part})"
        engine.run(f"create or replace temp table wanted as select id from {some}")
        last = written.last_hashes("id in (from wanted)")
        engine.run(
            f"insert into suspects select c.id from {some} c join {last} w on c.id = w.id "
            f"where {apart}"
        )
    engine.run("drop table wanted")
    return int(engine.value("select count(*) from suspects"))


def _edited(rules: Sequence[FieldRule]) -> dict[str, str]:
    """Give, for each protected field, the condition that a person edited it since our write.

    Where the record is as it was when that write was planned, by its SystemModstamp and by the
    field's value, the write never came about, whatever the org said of it: a Bulk job's count may
    have called a row accepted that it neither wrote nor listed.
    """
    conditions = {}
    for rule in rules:
        if rule.protect:
            field, column = rule.field, f"w.{name(rule.field.name)}"
            present = f"c.{before(field.name)}"
            untouched = (
                f"(coalesce(c.modified = {column}.modified, false) "
                f"and not {differs(field, f'{column}.before', present)})"
            )
            changed = f"{differs(field, f'{column}.v', present)} and not {untouched}"
            conditions[field.name] = (
                f"coalesce(c.{write(field.name)} and {column} is not null and {changed}, false)"
            )
    return conditions


def _held_fields(edited: Mapping[str, str], rules: Sequence[FieldRule], differing: str) -> str:
    """Give the query of table `conflicts`, in one join however many fields there are."""
    fields = ", ".join(
        f"case when {edited[rule.field.name]} then {_values(rule)} end"
        for rule in rules
        if rule.field.name in edited
    )
    return (
        "select row, key, id, h.field, h.written, h.present, h.desired, modified, "
        "cast(null as varchar) as changed_by, cast(null as timestamp) as changed_at "
        f"from (select c.row, c.key, c.id, unnest([{fields}]) as h, c.modified "
        f"from {differing} c join written_before w on c.id = w.id "
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
