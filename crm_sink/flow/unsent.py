"""What an unfinished run has yet to send: its chunks that nothing came of, and their rows.

A Bulk job that was made, or filled, and not closed has done nothing: it is ended, and its chunk is
as if it had never been sent. Judges no record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.engine import Relation
from crm_sink.ledger.contract import ChunkRecord, ChunkState
from crm_sink.tickets import Action, Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.flow.pool import Writing
    from crm_sink.ledger.folder import RunFolder

# The column that tells in which of the ledger's chunks a change is to be sent. Its own `chunk` is
# the one that it was planned in, however often it is sent.
CARRIER = "carrier"


def unsent(work: Writing) -> list[ChunkRecord]:
    """Give the chunks of updates and deletes of which nothing came, and end their open jobs.

    A Collections call that was about to be answered is among them: it was carried out or not, and
    its records are read back. New records have no values that somebody could have edited.

    Raises:
        CrmError: The org did not tell what became of a job.
    """
    context, run = work.context, work.run.run
    found = []
    for chunk in context.ledger.chunks(run, unfinished=True):
        if chunk.action not in (Action.UPDATE, Action.DELETE) or _is_answered(chunk):
            continue
        if chunk.ticket is None or chunk.ticket.job is None:
            found.append(chunk)
        elif context.open_jobs.is_undone(chunk.ticket):
            context.ledger.remember(run, chunk.number, None, ChunkState.PLANNED)
            found.append(replace(chunk, ticket=None, state=ChunkState.PLANNED))
    return found


def _is_answered(chunk: ChunkRecord) -> bool:
    """Tell whether a call of Collections was answered: its outcomes are kept."""
    return chunk.api is Api.COLLECTIONS and chunk.state is ChunkState.CLOSED


def rows_of(chunks: Sequence[ChunkRecord], folder: RunFolder) -> str:
    """Give the query of the changes that chunks are to send: table `changes`, and CARRIER."""
    planned = [chunk.number for chunk in chunks if chunk.attempt == 1]
    parts = [
        f"select *, cast({chunk.number} as integer) as {CARRIER} "
        f"from {Relation(folder.resent(chunk.number), 0).scan()}"
        for chunk in chunks
        if chunk.attempt > 1
    ]
    if planned:
        parts.append(
            f"select *, chunk as {CARRIER} from {Relation(folder.changes, 0).scan()} "
            f"where chunk in ({', '.join(map(str, planned))})"
        )
    return " union all by name ".join(parts)


def place_of(chunk: ChunkRecord, folder: RunFolder) -> Relation:
    """Give the changes that a chunk sends, at rest."""
    path = folder.chunk(chunk.number) if chunk.attempt == 1 else folder.resent(chunk.number)
    return Relation(path, chunk.rows)
