"""What we wrote last: for each record and field the value of the latest run that wrote it.

Reads the changes and outcomes that earlier runs left in their folders, and the snapshot of those
that were pruned. It serves two questions: did a person edit the field since (a conflict), and which
records are ours (leavers).

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
from crm_sink.tables import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine

SNAPSHOT_SEQ = -1  # what was pruned is older than every run that is left


@dataclass(frozen=True, slots=True)
class PastRun:
    """The rows of one earlier run, at rest; runs are given oldest first."""

    changes: Path
    outcomes: Path
    run: str = ""
    undoes: str | None = None  # the run that this one took back


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that left rows, with the fields that it knew."""

    run: PastRun
    seq: int
    fields: tuple[str, ...]
    accepted: str  # the SQL table of its changes that the org accepted


def past_writes(
    runs: Sequence[PastRun],
    columns: Mapping[str, str],
    engine: Engine,
    *,
    snapshot: Path | None = None,
) -> str:
    """Give the SQL table of all changes that the org accepted in earlier runs.

    Args:
        runs: Earlier runs, oldest first.
        columns: Name and DuckDB type of each field to give.
        engine: Tells which columns a run left.
        snapshot: What pruned runs left (see `query_of_snapshot`).

    Returns:
        Columns: id, key, action, seq (which run, ascending), undo (whether that run was one), live
        (false when an undo took the whole change back), F and "F.write" for each field; a field
        that a run did not know was not written by it.
    """
    found = list(_found(runs, engine))
    parts = [_one_run(each, found, columns) for each in found]
    if snapshot is not None and snapshot.is_file():
        parts.append(_snapshot(snapshot, columns, engine))
    if not parts:
        nothing = dict.fromkeys(columns, "null")
        return (
            "(select cast(null as varchar) as id, cast(null as varchar) as key, "
            "cast(null as varchar) as action, 0 as seq, false as undo, true as live"
            f"{_fields(columns, nothing, {})} where false)"
        )
    return "(" + " union all ".join(parts) + ")"


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


def query_of_snapshot(past: str, columns: Mapping[str, str]) -> str:
    """Give the query that folds the changes of many runs into one row for each record.

    Columns: id, key, action (of the last change that counts; null when all were taken back), F and
    "F.write" for each field.
    """
    live = "filter (where live and not undo)"
    fields = "".join(
        f", l.{name(field)}.v as {name(field)}, l.{name(field)} is not null as {write(field)}"
        for field in columns
    )
    return (
        f"select l.id, l.key, a.action{fields} from {last_written(past, list(columns))} l "
        f"join (select id, arg_max(action, seq) {live} as action from {past} group by id) a "
        "on a.id = l.id"
    )


def last_written(past: str, fields: Iterable[str], *, ids: str | None = None) -> str:
    """Give the SQL table of the last value we wrote to each field of each record.

    Args:
        past: The table of `past_writes`.
        fields: The names of the fields to give.
        ids: A one-column query of the record ids that matter, or None for all.

    Returns:
        Columns: id, key, and F as STRUCT(v), null where we never wrote the field.
    """
    columns = "".join(f", {_last(field)} as {name(field)}" for field in fields)
    where = f" where id in ({ids})" if ids else ""
    return f"(select id, arg_max(key, seq) as key{columns} from {past}{where} group by id)"


def collect_leavers(
    past: str,
    engine: Engine,
    *,
    spoken_of: str,
    rejected: str,
    key: str,
    among: str | None = None,
) -> int:
    """Collect into temp table `leavers` (id, key) the records that are no longer scored.

    A record is a leaver only when the ledger shows that this mapping wrote it, and that its last
    write did not already clear it.

    Args:
        past: The table of `past_writes`.
        engine: Where to compute.
        spoken_of: A query of the ids that the predictions speak of.
        rejected: A query of the match keys of rejected rows: such a row is still a prediction.
        key: The SQL that makes a match key of column `key`.
        among: A query of the only ids to look at, or None for all.

    Returns:
        How many there are.
    """
    chosen = f" and id in ({among})" if among else ""
    engine.run(
        "create or replace temp table leavers as "
        "with ours as (select id, arg_max(key, seq) as key, arg_max(action, seq) as action "
        f"from {past} where live and not undo group by id) "
        "select id, key from ours "
        f"where action <> 'clear' and id not in ({spoken_of}) and {key} not in ({rejected}){chosen}"
    )
    return int(engine.value("select count(*) from leavers"))


def _last(field: str) -> str:
    """What an undo restored counts only where no write of ours is left."""
    value = f"arg_max({{'v': {name(field)}}}, seq) filter (where {write(field)}"
    return f"coalesce({value} and not undo), {value}))"


def _found(runs: Sequence[PastRun], engine: Engine) -> Iterable[_Found]:
    for seq, run in enumerate(runs):
        if any(run.changes.rglob("*.parquet")) and any(run.outcomes.rglob("*.parquet")):
            changes, outcomes = _scan(run.changes), _scan(run.outcomes)
            fields = _marked(engine.columns(changes))
            yield _Found(run, seq, fields, accepted(changes, outcomes, engine))


def _marked(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(column.removesuffix(".write") for column in columns if column.endswith(".write"))


def _one_run(found: _Found, all_found: Sequence[_Found], columns: Mapping[str, str]) -> str:
    known = {field.lower() for field in found.fields}
    taken_back = _taken_back(found, all_found)
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
    return (
        f"select c.id, c.key, c.action, {found.seq} as seq, "
        f"{str(found.run.undoes is not None).lower()} as undo, {live} as live"
        f"{_fields(columns, values, marks)} "
        f"from {found.accepted} c{join}"
    )


def _taken_back(found: _Found, all_found: Sequence[_Found]) -> str | None:
    """Give the SQL table of what undos took back of a run: id, gone (deleted), "F.write"."""
    undos = [undo for undo in all_found if undo.run.undoes and undo.run.undoes == found.run.run]
    if not undos:
        return None
    nothing = dict.fromkeys(found.fields, "varchar")  # only the marks are of interest
    rows = " union all ".join(_one_run(undo, all_found, nothing) for undo in undos)
    marks = "".join(f", bool_or({write(field)}) as {write(field)}" for field in found.fields)
    return (
        f"(select id, bool_or(action = 'delete') as gone{marks} from ({rows}) "
        "where live group by id)"
    )


def _snapshot(snapshot: Path, columns: Mapping[str, str], engine: Engine) -> str:
    known = {field.lower() for field in fields_of_snapshot(snapshot, engine)}
    values = {field: name(field) for field in columns if field.lower() in known}
    marks = {field: write(field) for field in values}
    return (
        f"select id, key, action, {SNAPSHOT_SEQ} as seq, false as undo, "
        f"action is not null as live{_fields(columns, values, marks)} from {_scan(snapshot)}"
    )


def _fields(columns: Mapping[str, str], values: Mapping[str, str], marks: Mapping[str, str]) -> str:
    """Give the select list of F and "F.write", for fields that are not known null and false."""
    return "".join(
        f", try_cast({values.get(field, 'null')} as {kind}) as {name(field)}, "
        f"{marks[field] if field in values and field in marks else 'false'} as {write(field)}"
        for field, kind in columns.items()
    )


def _scan(place: Path) -> str:
    pattern = literal(str(place if place.suffix == ".parquet" else place / "**" / "*.parquet"))
    return f"read_parquet({pattern}, union_by_name = true, hive_partitioning = false)"
