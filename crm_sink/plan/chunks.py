"""Cut a plan's changes into chunks, so that children of one parent travel together.

Two jobs that hold children of one account fight for its lock; so a chunk is chosen by the hash of
the parent, and creates and updates never share a chunk. Writes `changes/chunk=N/` in the run
folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, literal
from crm_sink.plan.changes import row_bytes
from crm_sink.plan.route import COLLECTION_ROWS, HARD_JOB_BYTES, JOB_BYTES
from crm_sink.tables import write
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.plan.changes import FieldRule


@dataclass(frozen=True, slots=True)
class Piece:
    """The changes of one action in one of the parts in which they were found."""

    chunk: int
    action: str
    rows: int
    size: int  # bytes of its Bulk CSV, estimated
    has_parents: bool
    fields: tuple[str, ...]  # that some change writes


@dataclass(frozen=True, slots=True)
class Size:
    """What a plan holds, by part and action, and the estimated size of its Bulk CSV."""

    pieces: tuple[Piece, ...]

    def of(self, action: str) -> int:
        """Count the changes of one action."""
        return sum(piece.rows for piece in self.pieces if piece.action == action)

    @property
    def creates(self) -> int:
        """Records to create."""
        return self.of("create")

    @property
    def updates(self) -> int:
        """Records to update."""
        return self.of("update")

    @property
    def clears(self) -> int:
        """Leavers to clear or to flag."""
        return self.of("clear")

    @property
    def create_bytes(self) -> int:
        """Bytes of the creates."""
        return sum(piece.size for piece in self.pieces if piece.action == "create")

    @property
    def update_bytes(self) -> int:
        """Bytes of updates and clears."""
        return sum(piece.size for piece in self.pieces if piece.action != "create")

    @property
    def rows(self) -> int:
        """All changes."""
        return self.creates + self.updates + self.clears


@dataclass(frozen=True, slots=True)
class Cut:
    """One chunk as it was cut: its number, whether it creates, its rows, the fields it writes."""

    number: int
    creates: bool
    rows: int
    fields: tuple[str, ...]


def measure(changes: Relation, rules: Sequence[FieldRule], engine: Engine) -> Size:
    """Count a plan's changes by part and action, estimate their size, note the fields."""
    written = "".join(f", bool_or({write(rule.field.name)})" for rule in rules)
    rows = engine.rows(
        f"select chunk, action, count(*), cast(sum({row_bytes(rules)}) as bigint), "
        f"bool_or(parent is not null){written} from {changes.scan()} group by all order by all"
    )
    return Size(
        tuple(
            Piece(int(chunk), action, int(count), int(size), bool(parents), _marked(rules, flags))
            for chunk, action, count, size, parents, *flags in rows
        )
    )


def _marked(rules: Sequence[FieldRule], flags: Sequence[bool]) -> tuple[str, ...]:
    return tuple(rule.field.name for rule, flag in zip(rules, flags, strict=True) if flag)


def cut(
    changes: Relation,
    size: Size,
    api: Api,
    *,
    rules: Sequence[FieldRule],
    engine: Engine,
    into: Path,
) -> list[Cut]:
    """Write each chunk's changes to `into/chunk=N/` and tell what each holds.

    Args:
        changes: The plan's changes, with the column `parent`; a folder of parts, or one file.
        size: What `measure` said of them.
        api: The API they travel by.
        rules: The destination fields.
        engine: Where to compute.
        into: The run's folder of changes.
    """
    if size.rows == 0:
        return []
    into.mkdir(parents=True, exist_ok=True)
    if api is Api.BULK and changes.path.is_dir() and _parts_are_jobs(size):
        _move_parts(changes, into)
        return _as_found(size)
    is_bulk = api is Api.BULK
    number = _by_parent(changes, size, rules, engine) if is_bulk else _by_count(size)
    engine.run(
        f"copy (select * replace (cast({number} as integer) as chunk) "
        f"from {changes.scan()}) to {literal(str(into))} "
        "(format parquet, partition_by (chunk), write_partition_columns true, overwrite_or_ignore)"
    )
    return _cuts(into, rules, engine)


def _parts_are_jobs(size: Size) -> bool:
    """Tell whether the parts in which the changes were found can travel as they are.

    They can where no parent's children may be torn apart, creates and updates are not mixed, and
    the parts are neither too large for a job nor much smaller than need be.
    """
    if any(piece.has_parents for piece in size.pieces):
        return False
    parts = [list(pieces) for _, pieces in groupby(size.pieces, key=lambda piece: piece.chunk)]
    wanted = -(-(size.create_bytes + size.update_bytes) // JOB_BYTES)
    return len(parts) <= 2 * wanted and all(
        len({piece.action == "create" for piece in pieces}) == 1
        and sum(piece.size for piece in pieces) < HARD_JOB_BYTES
        for pieces in parts
    )


def _as_found(size: Size) -> list[Cut]:
    return [
        Cut(
            number=chunk,
            creates=pieces[0].action == "create",
            rows=sum(piece.rows for piece in pieces),
            fields=tuple(dict.fromkeys(field for piece in pieces for field in piece.fields)),
        )
        for chunk, group in groupby(size.pieces, key=lambda piece: piece.chunk)
        for pieces in [list(group)]
    ]


def _move_parts(changes: Relation, into: Path) -> None:
    for part in sorted(changes.path.iterdir()):
        part.replace(into / part.name)


def _by_count(size: Size) -> str:
    """Number the chunks so that each is one call of at most 200 records."""
    first_update = -(-size.creates // COLLECTION_ROWS)
    place = "row_number() over (partition by action = 'create' order by parent, key) - 1"
    return (
        f"({place}) // {COLLECTION_ROWS} "
        f"+ case when action = 'create' then 0 else {first_update} end"
    )


def _by_parent(changes: Relation, size: Size, rules: Sequence[FieldRule], engine: Engine) -> str:
    """Number the chunks so that each is one Bulk job, with the children of a parent together."""
    for spread in ("coalesce(parent, id, key)", "coalesce(id, key)"):
        for finer in (1, 2, 4, 8):
            creating = -(-size.create_bytes * finer // JOB_BYTES)
            updating = max(1, -(-size.update_bytes * finer // JOB_BYTES))
            number = (
                f"case when action = 'create' then hash({spread}) % {max(1, creating)} "
                f"else {creating} + hash({spread}) % {updating} end"
            )
            if (creating <= 1 and updating <= 1) or _largest(
                changes, number, rules, engine
            ) < HARD_JOB_BYTES:
                return number
    raise AssertionError("a plan of single rows cannot exceed a job")  # a row is at most 400 KB


def _largest(changes: Relation, number: str, rules: Sequence[FieldRule], engine: Engine) -> int:
    return int(
        engine.value(
            f"select max(size) from (select sum({row_bytes(rules)}) as size "
            f"from {changes.scan()} group by {number})"
        )
    )


def _cuts(into: Path, rules: Sequence[FieldRule], engine: Engine) -> list[Cut]:
    written = ", ".join(f"bool_or({write(rule.field.name)})" for rule in rules)
    rows = engine.rows(
        f"select chunk, bool_and(action = 'create'), count(*), {written} "
        f"from {Relation(into, 0).scan()} group by chunk order by chunk"
    )
    return [
        Cut(int(number), bool(creates), int(count), _marked(rules, flags))
        for number, creates, count, *flags in rows
    ]
