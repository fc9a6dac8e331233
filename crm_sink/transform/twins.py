"""Predictions with the same key: which of them are kept, and which are refused.

The same key twice in one upsert fails all its rows (DUPLICATE_VALUE), and nobody can say which of
two scores is right: so all are rejected, or the newest is kept where the mapping names a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.transform.layers import Layers


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys alone tell.

    Attributes:
        rows: How many predictions there are.
        met: How many of them meet `when`, or fail at it.
        superseded: How many are older twins of one that is kept.
        twins: `match`, and `keep`, the row that is kept or null; None when every key is alone.
    """

    rows: int
    met: int
    superseded: int
    twins: Relation | None


def read_keys(layers: Layers, good: Relation, engine: Engine, into: Path) -> Keys:
    """Count the predictions and find the twins, of bad rows too: both would write one record.

    Hashes of 8 bytes are grouped instead of keys; the few that stand there twice are looked at
    again as keys.

    Args:
        layers: The predictions.
        good: Their good rows (table `desired`): where those are all, only their keys are read.
        engine: Where to compute.
        into: The Parquet file for the twins.
    """
    keyed = layers.keyed()
    if layers.when is None:
        rows = met = int(engine.value(f"select count(*) from {layers.table}"))
    else:
        counts = engine.rows(f"select count(*), count(*) filter (where met) from ({keyed})")
        rows, met = int(counts[0][0]), int(counts[0][1])
    if good.rows == met and not _repeats("match_key", good.scan(), engine):
        return Keys(rows, met, 0, None)
    hashes = into.with_suffix(".hashes.parquet")
    doubled = (
        f"select hash(match) as h from ({keyed}) where met and match is not null "
        "group by 1 having count(*) > 1"
    )
    try:
        suspects = engine.save(doubled, hashes)
        if suspects.rows == 0:
            return Keys(rows, met, 0, None)
        twins = engine.save(_twins(keyed, suspects), into)
    finally:
        hashes.unlink(missing_ok=True)
    kept = f"coalesce(sum(members - 1) filter (where keep is not null), 0) from {twins.scan()}"
    return Keys(rows, met, int(engine.value(f"select {kept}")), twins)


def _repeats(key: str, table: str, engine: Engine) -> bool:
    """Tell whether two rows have the same hash of a key; they need not have the same key."""
    return bool(engine.value(f"select count(distinct hash({key})) < count(*) from {table}"))


def _twins(keyed: str, suspects: Relation) -> str:
    """Give a query for the keys that stand twice; one newest row is kept, of equals none.

    None is kept either when it is not known how new one of them is: that one may be the newest.
    """
    members = (
        f"select match, row, newest, max(newest) over (partition by match) as top from ({keyed}) "
        f"where met and match is not null and hash(match) in (select h from {suspects.scan()})"
    )
    newest = "filter (where newest = top)"
    told = f"count(newest) = count(*) and count(*) {newest} = 1"
    keep = f"case when {told} then any_value(row) {newest} end"
    return (
        f"select match, {keep} as keep, count(*) as members from ({members}) "
        "group by match having count(*) > 1"
    )
