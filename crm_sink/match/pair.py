"""Pair predictions with the records they speak of.

Pure SQL over relations: it reads no CRM and decides nothing about values. A key without a record,
or with more than one, becomes a reject (unless records may be created); so does a converted lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.errors import CrmSinkError
from crm_sink.match.extras import CONVERTED
from crm_sink.match.refusals import collect_twins, converted, found_twice, not_found
from crm_sink.tables import REJECTS, before, empty, sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema, ObjectSchema


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
    """

    desired: Relation
    present: Relation
    columns: str
    join: str
    where: str
    rows: int
    rejects: Relation

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
        chosen = f"where hash(match_key) % {parts} = {number}" if parts > 1 else ""
        return (
            f"(select {self.columns} "
            f"from (from {self.desired.scan()} {chosen}) d "
            f"{self.join} (from {self.present.scan()} {chosen}) p on d.match_key = p.match_key "
            f"where {self.where})"
        )

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
    counts = _count(desired, present, engine)
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
        columns=_columns(pairing, engine.nulls(present)),
        join="left join" if pairing.create else "join",
        where=_kept(counts, desired),
        rows=desired.rows - rejects.rows,
        rejects=rejects,
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


def _count(desired: Relation, present: Relation, engine: Engine) -> _Counts:
    has_converted = CONVERTED in engine.columns(present.scan())
    conversions = f"count(*) filter (where p.{name(CONVERTED)})" if has_converted else "0"
    row = engine.rows(
        f"select count(*), count(p.id), {conversions} "
        f"from {desired.scan()} d left join {present.scan()} p on d.match_key = p.match_key"
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
