"""Find the jobs that a crash left behind at the CRM, and end those that a chunk of ours made.

The process may die after the CRM made a job and before its id was stored: the ledger then holds a
chunk in state `sending`, and the CRM an Open job that nobody will fill. A *closed* job whose id is
unknown cannot exist: the id is stored before anything is uploaded, and the job is closed last. So
an orphan has written nothing, and is ended; it is never adopted, because it has no data.

A job carries no mark of who made it. So one is only ended when it fits the chunk in all that it
tells: user, object, operation, external id and time. If another program of the same user made just
such a one in the same minutes, that one is ended, too: it has not been closed, so nothing is lost,
and crm_sink makes it anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crm_sink.crm.policy import LONGEST_REQUEST, SKEW
from crm_sink.errors import CrmError
from crm_sink.events import OrphanEnded, OrphansNotSought
from crm_sink.flow.resume import is_unfinished
from crm_sink.ledger.contract import ChunkState
from crm_sink.tickets import Action, Api

if TYPE_CHECKING:
    from crm_sink.crm.open_jobs import OpenJob, OpenJobs
    from crm_sink.events import Listener
    from crm_sink.ledger.contract import ChunkRecord, Ledger, Run

SENDING = "sending"  # the ticket's detail


def unknown(jobs: OpenJobs, ledger: Ledger) -> list[OpenJob]:
    """List the open jobs of our user that no run in the ledger knows."""
    found = jobs.all()
    known = _known(ledger) if found else set()
    return [job for job in found if job.id[:15] not in known]


def end_orphans(run: Run, jobs: OpenJobs, ledger: Ledger, listener: Listener) -> None:
    """End the jobs that were made for chunks and are not in their tickets.

    Asks the CRM only when a chunk stopped where that can have happened.

    Args:
        run: The run that is about to be gone on with; none of its chunks is walked yet.
        jobs: The CRM's.
        ledger: Knows the jobs of other runs too.
        listener: Is told of each.
    """
    chunks = ledger.chunks(run.run, unfinished=True)
    stopped = [chunk for chunk in chunks if _since(chunk) is not None]
    if not stopped:
        return
    try:
        for job in unknown(jobs, ledger):
            chunk = next((chunk for chunk in stopped if _fits(job, chunk, run)), None)
            if chunk is not None:
                jobs.abort(job.id)
                listener(OrphanEnded(job.id, job.object, chunk.number))
    except CrmError as error:
        listener(OrphansNotSought(run.run, error.code))


def _since(chunk: ChunkRecord) -> datetime | None:
    """Give when a chunk's job was about to be made, if the chunk stopped just there."""
    ticket = chunk.ticket
    if chunk.api is not Api.BULK or chunk.state is not ChunkState.SENDING or ticket is None:
        return None
    since = ticket.details.get(SENDING)
    return None if ticket.job or since is None else datetime.fromisoformat(since)


def _fits(job: OpenJob, chunk: ChunkRecord, run: Run) -> bool:
    """Tell whether a job is as that of a chunk would be, and was made when that was asked for."""
    since = _since(chunk)
    key = str(run.details["key_field"]).lower() if chunk.action is Action.UPSERT else None
    return (
        since is not None
        and job.object.lower() == chunk.object.lower()
        and job.action is chunk.action
        and (job.key.lower() if job.key else None) == key
        and since - SKEW <= job.created <= since + LONGEST_REQUEST + SKEW
    )


def _known(ledger: Ledger) -> set[str]:
    """Give the ids, in 15 characters, of all jobs that some run's tickets name."""
    known: set[str] = set()
    for run in ledger.history():
        known |= {job[:15] for job in run.jobs}
        if is_unfinished(run, ledger):  # its jobs are not yet gathered
            tickets = [chunk.ticket for chunk in ledger.chunks(run.run)]
            known |= {ticket.job[:15] for ticket in tickets if ticket and ticket.job}
    return known
