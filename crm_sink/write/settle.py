"""Settle the collected outcomes of a chunk: which are final, and which rows are sent again.

What passed over a row (a lock, another row's failure, a job that ended early) is no reject: its
change waits, to travel in a chunk of its own. Files appear whole, and are on the disk, before the
ledger is told of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Relation
from crm_sink.errors import Fate
from crm_sink.tables import same_change
from crm_sink.write.refused import judged, save_rejects

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.crm.contract import Chunk
    from crm_sink.crm.policy import Rulebook
    from crm_sink.engine import Engine
    from crm_sink.ledger.folder import RunFolder

# How often a row is sent in all: with its plan, then in five rounds, the last one by one.
MOST_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a chunk's rows: ok + failed + waiting are all of them.

    Attributes:
        ok: Accepted by the CRM.
        created: Those of `ok` that are new records.
        failed: Refused for good: rejects.
        waiting: To be sent again.
        code: The most frequent code among the waiting, which is why.
        is_crowded: Whether some wait because too much was written at once (RETRY_SLOWER).
    """

    ok: int
    created: int
    failed: int = 0
    waiting: int = 0
    code: str = ""
    is_crowded: bool = False


def settle(
    chunk: Chunk, collected: Relation, attempt: int, *, book: Rulebook, engine: Engine,
    folder: RunFolder,
) -> Settled:  # fmt: skip
    """Put outcomes, rejects and waiting changes into the run folder.

    Args:
        chunk: The chunk.
        collected: Its outcomes (table `outcomes`), in a file that may be moved.
        attempt: How often its rows were sent, this time included.
        book: What the error codes mean.
        engine: Where to compute.
        folder: The run's.
    """
    rejects, waiting = _part(folder, chunk), folder.waiting(chunk.number)
    final, settled = collected, _accepted(collected, engine)
    if settled.ok == collected.rows:
        rejects.unlink(missing_ok=True)
    else:
        refused = judged(collected, book, engine)
        again = f"select * from {refused} where {_is_passing(attempt)}"
        settled = _count(settled, collected.rows, again, engine)
        if settled.waiting:
            _keep(_changes_of(chunk, again), waiting, folder, engine)
            final = _without(collected, again, engine, folder)
        lost = f"(select * from {refused} where not ({_is_passing(attempt)}))"
        _place(save_rejects(lost, attempt, engine, folder.parts / rejects.name).path, rejects)
    _place(final.path, folder.outcome(chunk.number))
    collected.path.unlink(missing_ok=True)
    return settled


def _accepted(outcomes: Relation, engine: Engine) -> Settled:
    ok, created = engine.rows(
        "select count(*) filter (where ok), count(*) filter (where ok and created) "
        f"from {outcomes.scan()}"
    )[0]
    return Settled(int(ok), int(created))


def _is_passing(attempt: int) -> str:
    if attempt >= MOST_ATTEMPTS:
        return "false"
    return f"fate in ('{Fate.RETRY.value}', '{Fate.RETRY_SLOWER.value}')"


def _count(settled: Settled, rows: int, again: str, engine: Engine) -> Settled:
    waiting, code, crowded = engine.rows(
        f"select count(*), mode(code), bool_or(fate = '{Fate.RETRY_SLOWER.value}') from ({again})"
    )[0]
    failed = rows - settled.ok - int(waiting)
    return Settled(
        settled.ok, settled.created, failed, int(waiting), str(code or ""), bool(crowded)
    )


def _changes_of(chunk: Chunk, again: str) -> str:
    return (
        f"select c.*, a.fate = '{Fate.RETRY_SLOWER.value}' as crowded "
        f"from {chunk.changes.scan()} c join ({again}) a on {same_change('c', 'a')}"
    )


def _without(outcomes: Relation, again: str, engine: Engine, folder: RunFolder) -> Relation:
    rest = (
        f"select * from {outcomes.scan()} o where not exists "
        f"(select 1 from ({again}) a where a.chunk = o.chunk and a.key = o.key "
        "and a.id is not distinct from o.id)"
    )
    return engine.save(rest, folder.parts / f"final-{outcomes.path.name}")


def _keep(query: str, into: Path, folder: RunFolder, engine: Engine) -> None:
    into.parent.mkdir(mode=0o700, exist_ok=True)
    _place(engine.save(query, folder.parts / into.name).path, into)


def _part(folder: RunFolder, chunk: Chunk) -> Path:
    return folder.rejects_parts / f"write-{chunk.number:05d}.parquet"


def _place(file: Path, into: Path) -> None:
    """Put a finished file in its place, durably: a power cut must not leave half of one."""
    sync(file)
    os.replace(file, into)
    sync(into.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
