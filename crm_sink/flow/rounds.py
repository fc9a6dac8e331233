"""Write a run's chunks, and send again, round by round, the rows that were only held up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.events import RoundBegan
from crm_sink.flow.pool import walk_all
from crm_sink.ledger.contract import ChunkState
from crm_sink.write.again import regroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.flow.pool import Writing
    from crm_sink.ledger.contract import ChunkRecord


def write_all(work: Writing) -> None:
    """Walk every chunk that is not yet collected; then what waits, in smaller chunks, later.

    Chunks of rows that were sent less often go first. The number of rounds is bounded
    (`write.settle.MOST_ATTEMPTS`): in the last, what is still refused is a reject.

    Raises:
        CrmSinkError: A chunk failed; the ledger tells what is left.
        Interrupted: A signal came while waiting for the next round.
    """
    context, run = work.context, work.run
    while True:
        pending = [
            chunk
            for chunk in context.ledger.chunks(run.run, unfinished=True)
            if chunk.state is not ChunkState.WAITING
        ]
        first = min((chunk.attempt for chunk in pending), default=1)
        walk_all([chunk for chunk in pending if chunk.attempt == first], work)
        if context.stop.is_asked():
            return
        is_more_pending = any(chunk.attempt > first for chunk in pending)
        if not is_more_pending and not next_round(work):
            return


def next_round(work: Writing) -> bool:
    """Put the rows that wait into chunks of their own, and leave the org alone for a while.

    Returns:
        Whether there were any.

    Raises:
        Interrupted: A signal came meanwhile.
    """
    context, run = work.context, work.run
    following = regroup(context.ledger.chunks(run.run), work.folder, work.engine)
    if following is None:
        return False
    context.ledger.save_chunks(run.run, following.chunks, instead_of=following.instead_of)
    attempt = following.chunks[0].attempt
    context.listener(
        RoundBegan(run.run, attempt, following.rows, len(following.chunks), following.wait)
    )
    context.clock.sleep(following.wait)
    return True


def sent_again(chunks: Sequence[ChunkRecord]) -> list[dict[str, Any]]:
    """Tell, for each round, how many rows were sent again, and what became of them."""
    rounds = sorted({chunk.attempt for chunk in chunks if chunk.attempt > 1})
    return [
        {
            "attempt": attempt,
            "rows": sum(chunk.rows for chunk in chunks if chunk.attempt == attempt),
            "ok": sum(chunk.ok for chunk in chunks if chunk.attempt == attempt),
            "failed": sum(chunk.failed for chunk in chunks if chunk.attempt == attempt),
        }
        for attempt in rounds
    ]
