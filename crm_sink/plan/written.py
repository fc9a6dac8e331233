"""What we wrote last: for each record and field the value of the latest run that wrote it.

Reads the changes and outcomes that earlier runs left in their folders. It serves two questions:
did a person edit the field since (a conflict), and which records are ours (leavers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.tables import sql_type, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema


@dataclass(frozen=True, slots=True)
class PastRun:
    """The rows of one earlier run, at rest; runs are given oldest first."""

    changes: Path
    outcomes: Path


def past_writes(runs: Sequence[PastRun], fields: Sequence[FieldSchema], engine: Engine) -> str:
    """Give the SQL table of all changes that the org accepted in earlier runs.

    Columns: id, key, action, seq (which run, ascending), F and "F.write" for each field; a field
    that a run did not know was not written by it.
    """
    parts = [
        part
        for seq, run in enumerate(runs)
        if (part := _one_run(run, seq, fields, engine)) is not None
    ]
    if not parts:
        columns = ", ".join(
            f"cast(null as {sql_type(field)}) as {name(field.name)}, false as {write(field.name)}"
            for field in fields
        )
        return (
            "(select cast(null as varchar) as id, cast(null as varchar) as key, "
            f"cast(null as varchar) as action, 0 as seq, {columns} where false)"
        )
    return "(" + " union all ".join(parts) + ")"


def _one_run(run: PastRun, seq: int, fields: Sequence[FieldSchema], engine: Engine) -> str | None:
    if not any(run.changes.rglob("*.parquet")) or not any(run.outcomes.rglob("*.parquet")):
        return None
    changes = _scan(run.changes)
    known = {column.lower() for column in engine.columns(changes)}
    columns = ", ".join(
        f"cast(c.{name(field.name)} as {sql_type(field)}) as {name(field.name)}, "
        f"c.{write(field.name)}"
        if field.name.lower() in known
        else f"cast(null as {sql_type(field)}) as {name(field.name)}, false as {write(field.name)}"
        for field in fields
    )
    return (
        f"select o.id, c.key, c.action, {seq} as seq, {columns} "
        f"from {changes} c join {_scan(run.outcomes)} o "
        "on c.chunk = o.chunk and c.key = o.key where o.ok"
    )


def _scan(folder: Path) -> str:
    pattern = literal(str(folder / "**" / "*.parquet"))
    return f"read_parquet({pattern}, union_by_name = true, hive_partitioning = false)"


def last_written(past: str, fields: Sequence[FieldSchema], *, ids: str | None = None) -> str:
    """Give the SQL table of the last value we wrote to each field of each record.

    Args:
        past: The table of `past_writes`.
        fields: The fields to give.
        ids: A one-column query of the record ids that matter, or None for all.

    Returns:
        Columns: id, key, and F as STRUCT(v), null where we never wrote the field.
    """
    columns = ", ".join(
        f"arg_max({{'v': {name(field.name)}}}, seq) filter (where {write(field.name)}) "
        f"as {name(field.name)}"
        for field in fields
    )
    where = f" where id in ({ids})" if ids else ""
    return f"(select id, arg_max(key, seq) as key, {columns} from {past}{where} group by id)"


def collect_leavers(past: str, engine: Engine, *, spoken_of: str, rejected: str, key: str) -> int:
    """Collect into temp table `leavers` (id, key) the records that are no longer scored.

    A record is a leaver only when the ledger shows that this mapping wrote it, and that its last
    write did not already clear it.

    Args:
        past: The table of `past_writes`.
        engine: Where to compute.
        spoken_of: A query of the ids that the predictions speak of.
        rejected: A query of the match keys of rejected rows: such a row is still a prediction.
        key: The SQL that makes a match key of column `key`.

    Returns:
        How many there are.
    """
    engine.run(
        "create or replace temp table leavers as "
        "with ours as (select id, arg_max(key, seq) as key, arg_max(action, seq) as action "
        f"from {past} group by id) "
        "select id, key from ours "
        f"where action <> 'clear' and id not in ({spoken_of}) and {key} not in ({rejected})"
    )
    return int(engine.value("select count(*) from leavers"))
