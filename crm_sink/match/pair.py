"""Pair predictions with the records they speak of.

Pure SQL over relations: it reads no CRM and decides nothing about values. A key without a record,
or with more than one, becomes a reject (unless records may be created); so does a converted lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.engine import WIDE, name
from crm_sink.errors import CrmSinkError
from crm_sink.match.extras import CONVERTED
from crm_sink.match.refusals import collect_twins, converted, found_twice, not_found
from crm_sink.tables import REJECTS, before, empty, sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema, ObjectSchema

# Of two sides: their values are not the same as they stand, or there is no record.
APART = "d.h is distinct from p.h"


@dataclass(frozen=True, slots=True)
class Pairing:
    """What pairing needs to know of the destination."""

    schema: ObjectSchema
    key: FieldSchema
    fields: Sequence[FieldSchema]
    parent: FieldSchema | None
    create: bool  # a key without a record makes one


@dataclass(frozen=True, slots=True)
class Matched:
    """Predictions beside their records.

    Attributes:
        desired: Table `desired`.
        present: Table `present`.
        columns: The SQL select list of `table`.
        join: `join`, or `left join` where records may be created.
        where: What leaves out the rejected rows.
        rows: How many rows `table` has.
        rejects: Rows that found no record, or not one record (table `rejects`).
        sides: The SQL join of both sides by key, each with a hash `h` of its values alone.
        apart: How many pairs of `sides` hold different values as they stand: no fewer than differ.
        only: The keys of the only pairs to give (column `match_key`), or None for all.
    """

    desired: Relation
    present: Relation
    columns: str
    join: str
    where: str
    rows: int
    rejects: Relation
    sides: str
    apart: int
    only: Relation | None = None

    @property
    def table(self) -> str:
        """The SQL table expression of all pairs.

        Columns: row, key, id (null: to be created), modified, parent (null where the object has
        none), each mapped field F (desired) and "F.before" (present).
        """
        return self.part(0, 1)

    def part(self, number: int, parts: int) -> str:
        """Give one of several disjoint parts of the table, chosen by the hash of the key.

        A part's join fits in memory where that of the whole does not.
        """
        wanted = [f"hash(match_key) % {parts} = {number}"] if parts > 1 else []
        if self.only is not None:
            wanted.append(f"match_key in (select match_key from {self.only.scan()})")
        chosen = f"where {' and '.join(wanted)}" if wanted else ""
        return (
            f"(select {self.columns} "
            f"from (from {self.desired.scan()} {chosen}) d "
            f"{self.join} (from {self.present.scan()} {chosen}) p on d.match_key = p.match_key "
            f"where {self.where})"
        )

    def narrowed(self, engine: Engine, into: Path) -> Matched:
        """Give only the pairs with different values, and those to create.

        Args:
            engine: Where to compute.
            into: The Parquet file for their keys.
        """
        some = APART if self.apart else "false"
        keys = f"select distinct d.match_key from {self.sides} where {some}"
        return replace(self, only=engine.save(keys, into))

    def group(self, number: int, groups: int, engine: Engine, folder: Path) -> Matched:
        """Copy one of several groups of both sides into files of their own.

        Its parts are those whose number, divided by `groups`, leaves the group's. They are then
        looked for in the group alone.
        """
        chosen = f"where hash(match_key) % {groups} = {number}"
        return replace(
            self,
            desired=engine.save(f"from {self.desired.scan()} {chosen}", folder / "desired.parquet"),
            present=engine.save(f"from {self.present.scan()} {chosen}", folder / "present.parquet"),
        )


def pair(
    desired: Relation, present: Relation, pairing: Pairing, engine: Engine, into: Path
) -> Matched:
    """Pair desired rows with present records by their match key.

    Args:
        desired: Table `desired`.
        present: Table `present`, with the mapped fields and the extra ones.
        pairing: The destination.
        engine: Where to compute.
        into: The Parquet file for the rejects.
    """
    nulls = engine.nulls(present)
    # A field that no record has a value of makes nearly every pair different, before a first sync.
    is_new = bool(nulls & {field.name for field in pairing.fields} - engine.nulls(desired))
    # Vectors of 150 fields of two tables do not fit into the default memory at once (measured).
    is_hashed = not is_new and len(pairing.fields) <= WIDE
    sides = _sides(desired, present, pairing, is_hashed=is_hashed)
    counts = _count(sides, present, engine)
    refusals = []
    if counts.pairs > desired.rows:
        collect_twins(present, engine)
        refusals.append(found_twice(desired, pairing.schema.name, pairing.key.name))
    if counts.found < counts.pairs and not pairing.create:
        refusals.append(not_found(desired, present, pairing.schema.name, pairing.key.name))
    if counts.converted:
        refusals.append(converted(desired, present, twins=counts.pairs > desired.rows))
    query = " union all ".join(f"({refusal})" for refusal in refusals) or empty(REJECTS)
    rejects = engine.save(query, into)
    matched = Matched(
        desired=desired,
        present=present,
        columns=_columns(pairing, nulls),
        join="left join" if pairing.create else "join",
        where=_kept(counts, desired),
        rows=desired.rows - rejects.rows,
        rejects=rejects,
        sides=sides,
        apart=counts.apart,
    )
    if refusals:  # without any, the counts have shown that each row has exactly one record
        _require_every_row(matched, engine)
    return matched


def _require_every_row(matched: Matched, engine: Engine) -> None:
    """Fail loudly if a row is neither paired nor rejected, or both: figures are never assumed."""
    paired = int(engine.value(f"select count(*) from {matched.table}"))
    if paired != matched.rows:
        raise CrmSinkError(
            f"{matched.desired.rows:,} predictions became {paired:,} pairs and "
            f"{matched.rejects.rows:,} rejects; nothing was written",
            hint="report this with the run's id: it is a defect of crm_sink",
        )


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a join by key alone tells, so that nothing is looked for that is not there."""

    pairs: int  # more than the desired rows: some key has several records
    found: int  # fewer than the pairs: some key has none
    converted: int
    apart: int


def _sides(desired: Relation, present: Relation, pairing: Pairing, *, is_hashed: bool) -> str:
    """Give the join of both sides by key, each with a hash of its values: `d` and `p`.

    Values that are equal as they stand are equal to every rule. That two different records of one
    key have the same 64 bits is likely once in 10^13 syncs of a million records.
    """
    fields = ", ".join(name(field.name) for field in pairing.fields)
    # What is taken to be apart is not read for that.
    hashes = (f"hash({fields})",) * 2 if is_hashed else ("0", "1")
    return (
        f"(select match_key, {hashes[0]} as h from {desired.scan()}) d "
        f"left join (select *, {hashes[1]} as h from {present.scan()}) p "
        "on d.match_key = p.match_key"
    )


def _count(sides: str, present: Relation, engine: Engine) -> _Counts:
    has_converted = CONVERTED in engine.columns(present.scan())
    conversions = f"count(*) filter (where p.{name(CONVERTED)})" if has_converted else "0"
    row = engine.rows(
        f"select count(*), count(p.id), {conversions}, count(*) filter (where {APART}) from {sides}"
    )[0]
    return _Counts(*(int(count) for count in row))


def _kept(counts: _Counts, desired: Relation) -> str:
    kept = "true"
    if counts.pairs > desired.rows:
        kept += " and d.match_key not in (select match_key from twin_records)"
    if counts.converted:
        kept += f" and not coalesce(p.{name(CONVERTED)}, false)"
    return kept


def _columns(pairing: Pairing, nulls: frozenset[str]) -> str:
    """Give the select list of the pairs.

    A field that no record holds a value of is not read: before the first sync a join of a million
    records needs little but their ids.
    """
    fields = "".join(
        f", d.{name(field.name)}, {_present(field, nulls)} as {before(field.name)}"
        for field in pairing.fields
    )
    parent = _present(pairing.parent, nulls) if pairing.parent else "cast(null as varchar)"
    return f"d.row, d.key, p.id, p.modified, {parent} as parent{fields}"


def _present(field: FieldSchema, nulls: frozenset[str]) -> str:
    if field.name in nulls:
        return f"cast(null as {sql_type(field)})"
    return f"p.{name(field.name)}"
