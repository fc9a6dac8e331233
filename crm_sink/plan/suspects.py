"""Which fields may no longer hold what we wrote last: looked for run by run, the newest first.

Nearly every record holds what we wrote, and nearly all of it was written by the latest runs. So
each run is read once, for those fields alone that no later run wrote; and hashes of the values will
do. What is found is looked at again, value by value, in `conflicts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, name
from crm_sink.tables import before, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.plan.written import Layer, Written

# What a row of hashes costs in a hash table beside them, and the share of memory it may take:
# hardly anything is written meanwhile.
ROW_OVERHEAD = 48
SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Suspects:
    """Records with a field that does not hold what a run gave it, and that no later run wrote.

    Attributes:
        layer: What the run wrote.
        found: Their file: i (the hash of the id) and "F.edited" for each of the fields.
        rows: How many they are, at most.
        fields: The fields of which some record is suspect.
    """

    layer: Layer
    found: Relation
    rows: int
    fields: tuple[str, ...]

    def table(self, some: str = "true") -> str:
        """Give the SQL table of the suspects.

        Args:
            some: A SQL condition on `i`.
        """
        any_edited = " or ".join(edited(field) for field in self.fields)
        return f"(from {self.found.scan()} where ({any_edited}) and {some})"


@dataclass(frozen=True, slots=True)
class _Open:
    """What is still to be looked for: a query of `i` and the hash of each F, null for no matter."""

    query: str
    rows: int
    fields: tuple[str, ...]


def edited(field: str) -> str:
    """Give the quoted column that tells whether a field is suspect."""
    return name(f"{field}.edited")


def suspects(
    differing: Relation, written: Written, fields: Sequence[str], engine: Engine, folder: Path
) -> Iterator[Suspects]:
    """Find the fields to be written that do not hold what we wrote last.

    Args:
        differing: The changes.
        written: What earlier runs wrote.
        fields: The protected fields.
        engine: Where to compute.
        folder: For the files of what is found.
    """
    hashes = "".join(
        f", case when {write(field)} then hash({before(field)}) end as {name(field)}"
        for field in fields
    )
    query = f"select hash(id) as i{hashes} from {differing.scan()} where id is not null"
    left = _Open(query, differing.rows, tuple(fields))
    for number, layer in enumerate(written.newest_first()):
        if not layer.fields.isdisjoint(left.fields):
            found, left = _against(layer, left, engine, folder / str(number))
            if found is not None:
                yield found
        if left.rows == 0:
            return


def _against(
    layer: Layer, left: _Open, engine: Engine, folder: Path
) -> tuple[Suspects | None, _Open]:
    """Compare with what one run wrote; give what is suspect, and what it did not write."""
    memory = int(SHARE * engine.memory())
    parts = max(1, -(-layer.rows * (ROW_OVERHEAD + 8 * len(left.fields)) // memory))
    rows = 0
    for part in range(parts):
        query = _compared(layer, left, f"i % {parts} = {part}" if parts > 1 else "true")
        rows += engine.save(query, folder / f"{part}.parquet").rows
    relation = Relation(folder, rows)
    if rows == 0:
        return None, _Open("", 0, ())
    marks = ", ".join(f"count(*) filter ({edited(field)})" for field in left.fields)
    counts = ", ".join(f"count({name(field)})" for field in left.fields)
    some_edited = " or ".join(edited(field) for field in left.fields)
    row = engine.rows(
        f"select count(*) filter ({some_edited}), {marks}, {counts} from {relation.scan()}"
    )[0]
    many, marked, open_ = row[0], row[1 : len(left.fields) + 1], row[len(left.fields) + 1 :]
    still = tuple(field for field, count in zip(left.fields, open_, strict=True) if count)
    columns = "".join(f", {name(field)}" for field in still)
    some_open = " or ".join(f"{name(field)} is not null" for field in still)
    following = _Open(
        f"select i{columns} from {relation.scan()} where {some_open}", rows if still else 0, still
    )
    if not many:
        return None, following
    found = tuple(field for field, count in zip(left.fields, marked, strict=True) if count)
    return Suspects(layer, relation, int(many), found), following


def _compared(layer: Layer, left: _Open, some: str) -> str:
    """Give the query of the records that are not settled: i, F where still open, "F.edited"."""
    hashes = "".join(
        f", case when {write(field)} then hash({name(field)}) end as {name(field)}"
        for field in left.fields
    )
    columns = "".join(
        f", case when w.{name(field)} is null then o.{name(field)} end as {name(field)}, "
        f"coalesce(o.{name(field)} <> w.{name(field)}, false) as {edited(field)}"
        for field in left.fields
    )
    unsettled = " or ".join(
        f"{name(field)} is not null or {edited(field)}" for field in left.fields
    )
    wrote = f"(from (select hash(id) as i{hashes} from {layer.table('true')}) where {some})"
    return (
        f"select * from (select o.i{columns} from (from ({left.query}) where {some}) o "
        f"left join {wrote} w on o.i = w.i) where {unsettled}"
    )
