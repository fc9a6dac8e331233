"""Make new chunks of the changes that wait: smaller each time, in the end one by one.

Children of one parent stay together, because they lock it. Writes the run folder; the ledger is
told by `flow`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, literal
from crm_sink.ledger.contract import ChunkRecord, ChunkState
from crm_sink.tickets import Api
from crm_sink.write.settle import sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine
    from crm_sink.ledger.folder import RunFolder

# More than this many rows go as Bulk jobs again (Salesforce recommends Bulk above 2,000).
MOST_BY_COLLECTIONS = 2_000
# Records of a call, by attempt: 200 is what a trigger is given at once, so fewer are what gets
# rows past its limits, and one by one is what tells the culprit from its neighbours.
SIZES = {2: 100, 3: 25, 4: 5}
# One by one stays affordable: no round costs more calls than this.
MOST_CALLS = 200
SMALLEST_JOB = 10_000  # rows; a job of fewer is not worked in smaller batches
# Seconds before each round, by attempt. A lock is held for as long as somebody's save takes; the
# org itself has waited ten seconds for it before it gave up.
WAITS = {2: 2.0, 3: 10.0, 4: 30.0, 5: 60.0}
LONGEST_WAIT = 120.0
SHORTEST_WAIT = 1.0  # before rows that nothing stands in the way of


@dataclass(frozen=True, slots=True)
class Round:
    """Rows that are sent again together.

    Attributes:
        chunks: The new chunks, not yet in the ledger.
        instead_of: Numbers of the waiting chunks that they come from.
        rows: How many.
        wait: Seconds to leave the org alone before.
    """

    chunks: tuple[ChunkRecord, ...]
    instead_of: tuple[int, ...]
    rows: int
    wait: float


def regroup(chunks: Sequence[ChunkRecord], folder: RunFolder, engine: Engine) -> Round | None:
    """Make the next round of a run's waiting changes, or None when none wait.

    May be called again after a crash: what it left of itself is written anew.

    Args:
        chunks: All chunks of the run.
        folder: The run's.
        engine: Where to compute.
    """
    waiting = [chunk for chunk in chunks if chunk.state is ChunkState.WAITING]
    if not waiting:
        return None
    first = max(chunk.number for chunk in chunks) + 1
    for left in folder.again.glob("number=*"):
        if int(left.name.partition("=")[2]) >= first:
            shutil.rmtree(left)
    attempt = max(chunk.attempt for chunk in waiting) + 1
    largest = max((chunk.rows for chunk in chunks if chunk.api is Api.BULK), default=SMALLEST_JOB)
    made: list[ChunkRecord] = []
    for action in sorted({chunk.action for chunk in waiting}):
        some = [chunk for chunk in waiting if chunk.action is action]
        free = made[-1].number + 1 if made else first
        made += _cut(some, free, attempt, largest, engine=engine, folder=folder)
    crowded = any(_is_crowded(chunk, folder, engine) for chunk in waiting)
    return Round(
        chunks=tuple(made),
        instead_of=tuple(chunk.number for chunk in waiting),
        rows=sum(chunk.rows for chunk in made),
        wait=WAITS.get(attempt, LONGEST_WAIT) if crowded else SHORTEST_WAIT,
    )


def _cut(
    waiting: Sequence[ChunkRecord], first: int, attempt: int, largest: int, *, engine: Engine,
    folder: RunFolder,
) -> list[ChunkRecord]:  # fmt: skip
    files = ", ".join(literal(str(folder.waiting(chunk.number))) for chunk in waiting)
    source = f"read_parquet([{files}])"
    rows = int(engine.value(f"select count(*) from {source}"))
    api, size = shape(rows, attempt, largest)
    together = "coalesce(parent, id, key)"
    if api is Api.BULK:
        number = f"{first} + hash({together}) % {-(-rows // size)}"
    else:
        number = f"{first} + (row_number() over (order by {together}, key) - 1) // {size}"
    engine.run(
        f"copy (select * exclude (crowded), cast({number} as integer) as number from {source}) "
        f"to {literal(str(folder.again))} "
        "(format parquet, partition_by (number), overwrite_or_ignore)"
    )
    fields = tuple(dict.fromkeys(field for chunk in waiting for field in chunk.fields))
    return [
        ChunkRecord(
            number=number,
            object=waiting[0].object,
            action=waiting[0].action,
            api=api,
            rows=count,
            state=ChunkState.PLANNED,
            fields=fields,
            attempt=attempt,
        )
        for number, count in _counts(first, first + -(-rows // size), engine, folder)
    ]


def shape(rows: int, attempt: int, largest: int) -> tuple[Api, int]:
    """Choose how many rows travel together, and how.

    Args:
        rows: Rows to send again.
        attempt: Which attempt this is; the plan's was 1.
        largest: Rows of the run's largest job: no more of them surely fit in one.
    """
    if rows > MOST_BY_COLLECTIONS:
        return Api.BULK, min(largest, max(SMALLEST_JOB, largest // 4 ** (attempt - 1)))
    return Api.COLLECTIONS, max(SIZES.get(attempt, 1), -(-rows // MOST_CALLS))


def _counts(first: int, end: int, engine: Engine, folder: RunFolder) -> list[tuple[int, int]]:
    found = []
    for number in range(first, end):
        path = folder.resent(number)
        if not path.is_dir():
            continue  # no parent's hash fell into it
        for file in path.iterdir():
            sync(file)
        sync(path)
        count = engine.value(f"select count(*) from {Relation(path, 0).scan()}")
        found.append((number, int(count)))
    sync(folder.again)
    return found


def _is_crowded(chunk: ChunkRecord, folder: RunFolder, engine: Engine) -> bool:
    file = Relation(folder.waiting(chunk.number), 0)
    return bool(engine.value(f"select bool_or(crowded) from {file.scan()}"))
