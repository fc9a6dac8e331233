"""Walk one chunk through its journal: send it, wait for it, collect its outcomes.

Every step is in the ledger before the next begins, so that whatever dies, the chunk's ticket tells
what was sent. It decides nothing about rows: an outcome says what became of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Chunk, Crm, Progress
from crm_sink.crm.policy import poll_waits
from crm_sink.events import ChunkMoved, Listener
from crm_sink.ledger.contract import ChunkState, Ledger
from crm_sink.write.refused import Judge, save_refused

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.engine import Engine
    from crm_sink.ledger.folder import RunFolder
    from crm_sink.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Walked:
    """What became of a chunk: how many rows were accepted and refused, its job and its bytes."""

    ok: int
    created: int
    failed: int
    job: str | None
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What every chunk of a run needs on its way."""

    crm: Crm
    ledger: Ledger
    folder: RunFolder
    clock: Clock
    listener: Listener
    judge: Judge


def walk(chunk: Chunk, way: Walk, engine: Engine) -> Walked:
    """Send a chunk (or go on with one that was sent) and record its outcomes.

    Raises:
        CrmError: The CRM refused, or did not answer in time.
        Interrupted: A signal asked to stop while the CRM was still working on it. Its ticket is in
            the ledger, and a resumed run goes on from there.
    """

    def remember(ticket: Ticket) -> None:
        state = state_of(ticket)
        way.ledger.remember(chunk.run, chunk.number, ticket, state)
        _tell(chunk, way, state, failed=0, job=ticket.job)

    ticket = way.crm.submit(chunk, engine, remember)
    chunk = replace(chunk, ticket=ticket)
    for seconds in poll_waits():
        if way.crm.progress(ticket) is not Progress.WAITING:
            break
        way.clock.sleep(seconds)
    outcomes = way.crm.collect(chunk, ticket, engine, way.folder.outcome(chunk.number))
    ok, created = engine.rows(
        "select count(*) filter (where ok), count(*) filter (where ok and created) "
        f"from {outcomes.scan()}"
    )[0]
    failed = outcomes.rows - ok
    if failed:
        save_refused(outcomes, way.judge, engine, _part(way, chunk))
    way.ledger.record(chunk.run, chunk.number, ok=ok, failed=failed)
    _tell(chunk, way, ChunkState.COLLECTED, failed=failed, job=ticket.job)
    return Walked(ok, created, failed, ticket.job, ticket.sent_bytes)


def _part(way: Walk, chunk: Chunk) -> Path:
    return way.folder.rejects_parts / f"write-{chunk.number:05d}.parquet"


def state_of(ticket: Ticket) -> ChunkState:
    """Give the journal state that a ticket stands for."""
    if ticket.closed:
        return ChunkState.CLOSED
    if ticket.uploaded:
        return ChunkState.UPLOADED
    return ChunkState.CREATED if ticket.job else ChunkState.SENDING


def _tell(chunk: Chunk, way: Walk, state: ChunkState, *, failed: int, job: str | None) -> None:
    moved = ChunkMoved(chunk.run, chunk.number, str(state), chunk.changes.rows, failed, job)
    way.listener(moved)
