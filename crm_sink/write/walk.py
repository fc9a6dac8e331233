"""Walk one chunk through its journal: send it, wait for it, collect its outcomes.

Every step is in the ledger before the next begins, so that whatever dies, the chunk's ticket tells
what was sent. It decides nothing about rows: an outcome says what became of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Chunk, Crm, Progress
from crm_sink.crm.policy import poll_waits
from crm_sink.events import ChunkMoved, Listener, RowsWaiting
from crm_sink.ledger.contract import ChunkState, Ledger
from crm_sink.write.settle import Settled, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.clock import Clock
    from crm_sink.crm.policy import Rulebook
    from crm_sink.engine import Engine
    from crm_sink.ledger.folder import RunFolder
    from crm_sink.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Walk:
    """What every chunk of a run needs on its way."""

    crm: Crm
    ledger: Ledger
    folder: RunFolder
    clock: Clock
    listener: Listener
    book: Rulebook  # what the CRM's error codes mean
    ensure: Callable[[], None]  # raises when another run has taken this one's place


def walk(chunk: Chunk, way: Walk, engine: Engine, *, attempt: int = 1) -> Settled:
    """Send a chunk (or go on with one that was sent) and record its outcomes.

    Args:
        chunk: The chunk.
        way: The parts.
        engine: Where to compute.
        attempt: How often its rows are sent, this time included.

    Raises:
        CrmError: The CRM refused, or did not answer in time.
        AlreadyRunning: Another run took the lease over while this process stood still.
        Interrupted: A signal asked to stop while the CRM was still working on it. Its ticket is in
            the ledger, and a resumed run goes on from there.
    """

    def remember(ticket: Ticket) -> None:
        state = state_of(ticket)
        way.ledger.remember(chunk.run, chunk.number, ticket, state)
        _tell(chunk, way, state, rows=chunk.changes.rows, job=ticket.job)
        if not ticket.closed:  # what follows is a step towards a write
            way.ensure()

    ticket = way.crm.submit(chunk, engine, remember)
    chunk = replace(chunk, ticket=ticket)
    for seconds in poll_waits():
        if way.crm.progress(ticket) is not Progress.WAITING:
            break
        way.clock.sleep(seconds)
    into = way.folder.parts / f"outcomes-{chunk.number:05d}.parquet"
    outcomes = way.crm.collect(chunk, ticket, engine, into)
    settled = settle(chunk, outcomes, attempt, book=way.book, engine=engine, folder=way.folder)
    state = ChunkState.WAITING if settled.waiting else ChunkState.COLLECTED
    way.ledger.record(chunk.run, chunk.number, ok=settled.ok, failed=settled.failed, state=state)
    rows = settled.ok + settled.failed
    _tell(chunk, way, state, rows=rows, failed=settled.failed, job=ticket.job)
    if settled.waiting:
        way.listener(RowsWaiting(chunk.run, chunk.number, settled.waiting, settled.code, attempt))
    return settled


def state_of(ticket: Ticket) -> ChunkState:
    """Give the journal state that a ticket stands for."""
    if ticket.closed:
        return ChunkState.CLOSED
    if ticket.uploaded:
        return ChunkState.UPLOADED
    return ChunkState.CREATED if ticket.job else ChunkState.SENDING


def _tell(
    chunk: Chunk, way: Walk, state: ChunkState, *, rows: int, failed: int = 0, job: str | None
) -> None:
    way.listener(ChunkMoved(chunk.run, chunk.number, str(state), rows, failed, job))
