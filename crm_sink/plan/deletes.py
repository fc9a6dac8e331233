"""Cut the records that an undo deletes into chunks of their own, behind those of its updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import Relation, literal
from crm_sink.plan.chunks import Cut
from crm_sink.plan.route import COLLECTION_ROWS, JOB_BYTES
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine

ROW_BYTES = 20  # an id and a line end: all that a delete sends


def cut_deletes(
    deletes: str,
    api: Api,
    *,
    rows: int,
    first: int,
    engine: Engine,
    into: Path,
) -> list[Cut]:
    """Write the deletes of each chunk to `into/chunk=N/` and tell what each holds.

    Args:
        deletes: The query of the deletes, as table `changes` with the column `parent`.
        api: The API they travel by.
        rows: How many records are deleted.
        first: The number of the first chunk.
        engine: Where to compute.
        into: The run's folder of changes.
    """
    if rows == 0:
        return []
    jobs = -(-rows * ROW_BYTES // JOB_BYTES)
    place = f"hash(id) % {jobs}"
    if api is not Api.BULK:
        place = f"(row_number() over (order by id) - 1) // {COLLECTION_ROWS}"
    into.mkdir(parents=True, exist_ok=True)
    engine.run(
        f"copy (select * replace (cast({first} + {place} as integer) as chunk) from ({deletes})) "
        f"to {literal(str(into))} "
        "(format parquet, partition_by (chunk), write_partition_columns true, overwrite_or_ignore)"
    )
    counted = engine.rows(
        f"select chunk, count(*) from {Relation(into, 0).scan()} where chunk >= {first} "
        "group by chunk order by chunk"
    )
    return [
        Cut(int(number), creates=False, rows=int(count), fields=()) for number, count in counted
    ]
