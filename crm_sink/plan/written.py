"""What we wrote last: for each record and field the value of the latest run that wrote it.

Reads the changes and outcomes that earlier runs left in their folders, and the snapshot of those
that were pruned. It serves two questions: did a person edit the field since (a conflict), and which
records are ours (`leavers`).

An undo takes back what a run wrote: to this memory it is as if that run had never written the
field. Where nothing of ours is left then, the value that the undo restored counts as what we wrote
last, so that our own undo is nobody's edit and a later edit is still seen. An undo of an undo lets
the run's writes count again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.plan.accepted import accepted
from crm_sink.plan.parts import ROW_OVERHEAD, SHARE
from crm_sink.tables import before, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine

SNAPSHOT_SEQ = -1  # what was pruned is older than every run that is left
# What an undo restored counts only where no write of ours is left: it is older than any.
NEWEST = "if(undo, seq - 1_000_000_000, seq)"
VALUE_BYTES = 80  # what a value costs while the newest of many is found


@dataclass(frozen=True, slots=True)
class PastRun:
    """The rows of one earlier run, at rest; runs are given oldest first."""

    changes: Path
    outcomes: Path
    run: str = ""
    undoes: str | None = None  # the run that this one took back
    by_bulk: bool = False  # what the org accepted may be known by a job's count alone


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that left rows, with the fields that it knew."""

    run: PastRun
    seq: int
    fields: tuple[str, ...]
    accepted: str  # the SQL table of its changes that the org accepted
    rows: int  # of those


@dataclass(frozen=True, slots=True)
class Layer:
    """What one run wrote, or all that were pruned.

    Attributes:
        fields: The fields that it knew.
        rows: How many changes it holds, at most.
        table: Gives the SQL table of those with some ids (a SQL condition on `id`), as
            `Written.table` does.
    """

    fields: frozenset[str]
    rows: int
    table: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Written:
    """All changes that the org accepted in earlier runs.

    Attributes:
        columns: Name and DuckDB type of each field to give.
        rows: How many changes there are, at most.
    """

    columns: Mapping[str, str]
    rows: int
    _found: tuple[_Found, ...]
    _snapshot: str | None
    _snapshot_fields: tuple[str, ...]
    _snapshot_rows: int

    def table(self, some: str = "true") -> str:
        """Give the SQL table of the changes.

        Args:
            some: A SQL condition on `id`. It is put to each run before anything is joined.

        Returns:
            Columns: id, key, action, modified, seq (which run, ascending), undo (whether that run
            was one), live (false when an undo took the whole change back), F, "F.before" and
            "F.write" for each field; a field that a run did not know was not written by it.
            A snapshot does not know `modified` and "F.before"; the first is null, too, of an undo
            and where the org answered for each row by itself (`by_bulk`).
        """
        # Newest first: who looks for the newest value then replaces few that it has kept.
        parts = [self._one_run(each, self.columns, some) for each in reversed(self._found)]
        if self._snapshot is not None:
            parts.append(self._pruned(some))
        return f"({' union all '.join(parts) or _nothing(self.columns)})"

    def last(self, some: str = "true") -> str:
        """Give the SQL table of the last value we wrote to each field of each record.

        Args:
            some: A SQL condition on `id`.

        Returns:
            Columns: id, key, action (of the last change that counts; null when all were taken
            back), and F as STRUCT(v), null where we never wrote the field.
        """
        values = "".join(f", {_last(field)} as {name(field)}" for field in self.columns)
        return (
            "(select id, arg_max(key, seq) as key, "
            f"arg_max(action, seq) filter (where live and not undo) as action{values} "
            f"from {self.table(some)} group by id)"
        )

    def newest_first(self) -> list[Layer]:
        """Give what each run wrote, in the order in which their values count."""
        forward = [each for each in self._found if not each.run.undoes]
        undos = [each for each in self._found if each.run.undoes]
        layers = [self._layer(each) for each in reversed(forward)]
        if self._snapshot is not None:
            fields = self._known(self._snapshot_fields)
            layers.append(Layer(fields, self._snapshot_rows, self._pruned))
        # What an undo restored counts only where no write of ours is left.
        return layers + [self._layer(each) for each in reversed(undos)]

    def parts(self, engine: Engine) -> int:
        """Give in how many parts (by the hash of the id) last values fit in memory."""
        needed = self.rows * (ROW_OVERHEAD + VALUE_BYTES * len(self.columns))
        return max(1, -(-needed // int(SHARE * engine.memory())))

    def _layer(self, found: _Found) -> Layer:
        return Layer(
            self._known(found.fields),
            found.rows,
            lambda some: f"({self._one_run(found, self.columns, some)})",
        )

    def _known(self, fields: Iterable[str]) -> frozenset[str]:
        known = {field.lower() for field in fields}
        return frozenset(field for field in self.columns if field.lower() in known)

    def _one_run(self, found: _Found, columns: Mapping[str, str], some: str) -> str:
        known = {field.lower() for field in found.fields}
        taken_back = self._taken_back(found, some)
        live, marks, join = "true", {field: f"c.{write(field)}" for field in columns}, ""
        if taken_back is not None:
            left = [f"c.{write(field)} and not u.{write(field)}" for field in found.fields]
            live = f"(u.id is null or (not u.gone and ({' or '.join(left) or 'false'})))"
            marks = {
                field: f"(c.{write(field)} and not coalesce(u.{write(field)}, false))"
                for field in columns
            }
            join = f" left join {taken_back} u on u.id = c.id"
        values = {field: f"c.{name(field)}" for field in columns if field.lower() in known}
        befores = {field: f"c.{before(field)}" for field in values}
        is_undo = found.run.undoes is not None
        # Where each row was answered for, what a person changed back within a second is an edit.
        modified = "c.modified" if found.run.by_bulk and not is_undo else "null::timestamp"
        return (
            f"select c.id, c.key, c.action, {modified} as modified, {found.seq} as seq, "
            f"{str(is_undo).lower()} as undo, {live} as live"
            f"{_fields(columns, values, marks, befores)} "
            f"from (from {found.accepted} where {some}) c{join}"
        )

    def _taken_back(self, found: _Found, some: str) -> str | None:
        """Give the SQL table of what undos took back of a run: id, gone (deleted), "F.write"."""
        undos = [
            undo for undo in self._found if undo.run.undoes and undo.run.undoes == found.run.run
        ]
        if not undos:
            return None
        nothing = dict.fromkeys(found.fields, "varchar")  # only the marks are of interest
        rows = " union all ".join(self._one_run(undo, nothing, some) for undo in undos)
        marks = "".join(f", bool_or({write(field)}) as {write(field)}" for field in found.fields)
        return (
            f"(select id, bool_or(action = 'delete') as gone{marks} from ({rows}) "
            "where live group by id)"
        )

    def _pruned(self, some: str) -> str:
        known = {field.lower() for field in self._snapshot_fields}
        values = {field: name(field) for field in self.columns if field.lower() in known}
        marks = {field: write(field) for field in values}
        return (
            f"(select id, key, action, null::timestamp as modified, {SNAPSHOT_SEQ} as seq, "
            f"false as undo, action is not null as live{_fields(self.columns, values, marks, {})} "
            f"from {self._snapshot} where {some})"
        )


def past_writes(
    runs: Sequence[PastRun],
    columns: Mapping[str, str],
    engine: Engine,
    *,
    snapshot: Path | None = None,
) -> Written:
    """Find what the org accepted in earlier runs.

    Args:
        runs: Earlier runs, oldest first.
        columns: Name and DuckDB type of each field to give.
        engine: Tells what the runs left.
        snapshot: What pruned runs left.
    """
    found = tuple(_found(runs, engine))
    fields: tuple[str, ...] = ()
    pruned, folded = None, 0
    if snapshot is not None and snapshot.is_file():
        pruned = _scan(snapshot)
        fields, folded = _marked(engine.columns(pruned)), _count(pruned, engine)
    rows = folded + sum(each.rows for each in found)
    return Written(columns, rows, found, pruned, fields, folded)


def fields_of_runs(runs: Sequence[PastRun], engine: Engine) -> dict[str, str]:
    """Give every field that some run knew, with its DuckDB type in the newest of them."""
    known: dict[str, tuple[str, str]] = {}
    for found in _found(runs, engine):
        types = engine.columns(_scan(found.run.changes))
        known |= {field.lower(): (field, types[field]) for field in found.fields}
    return dict(known.values())


def fields_of_snapshot(snapshot: Path, engine: Engine) -> dict[str, str]:
    """Give the fields in a snapshot, with their DuckDB types."""
    types = engine.columns(_scan(snapshot))
    return {field: types[field] for field in _marked(types)}


def query_of_snapshot(written: Written, some: str) -> str:
    """Give the query that folds the changes of many runs into one row for each record.

    Columns: id, key, action (of the last change that counts; null when all were taken back), F and
    "F.write" for each field.

    Args:
        written: The changes.
        some: A SQL condition on `id`.
    """
    fields = "".join(
        f", {name(field)}.v as {name(field)}, {name(field)} is not null as {write(field)}"
        for field in written.columns
    )
    return f"select id, key, action{fields} from {written.last(some)}"


def _last(field: str) -> str:
    return f"arg_max({{'v': {name(field)}}}, {NEWEST}) filter (where {write(field)})"


def _found(runs: Sequence[PastRun], engine: Engine) -> Iterator[_Found]:
    for seq, run in enumerate(runs):
        if any(run.changes.rglob("*.parquet")) and any(run.outcomes.rglob("*.parquet")):
            changes, outcomes = _scan(run.changes), _scan(run.outcomes)
            fields = _marked(engine.columns(changes))
            table = accepted(changes, outcomes, engine)
            yield _Found(run, seq, fields, table, _count(table, engine))


def _count(table: str, engine: Engine) -> int:
    return int(engine.value(f"select count(*) from {table}"))


def _marked(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(column.removesuffix(".write") for column in columns if column.endswith(".write"))


def _nothing(columns: Mapping[str, str]) -> str:
    return (
        "select cast(null as varchar) as id, cast(null as varchar) as key, "
        "cast(null as varchar) as action, null::timestamp as modified, 0 as seq, "
        f"false as undo, true as live{_fields(columns, {}, {}, {})} where false"
    )


def _fields(
    columns: Mapping[str, str],
    values: Mapping[str, str],
    marks: Mapping[str, str],
    befores: Mapping[str, str],
) -> str:
    """Give the select list of F, "F.before" and "F.write"; null and false for fields not known."""
    return "".join(
        f", try_cast({values.get(field, 'null')} as {kind}) as {name(field)}, "
        f"try_cast({befores.get(field, 'null')} as {kind}) as {before(field)}, "
        f"{marks[field] if field in values and field in marks else 'false'} as {write(field)}"
        for field, kind in columns.items()
    )


def _scan(place: Path) -> str:
    pattern = literal(str(place if place.suffix == ".parquet" else place / "**" / "*.parquet"))
    return f"read_parquet({pattern}, union_by_name = true, hive_partitioning = false)"
