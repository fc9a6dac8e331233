"""Sends a chunk as one Bulk 2.0 ingest job, so that a crash or a lost answer doubles no row.

The journal: fingerprint and time stored → job made → id stored → file uploaded → stored → job
closed → stored. A job that was not closed did nothing: it is aborted and made anew. One that was
closed is never sent again. Outcomes are the business of `results`, and jobs whose id was lost that
of `orphans`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.crm.contract import Progress
from crm_sink.engine import name
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.salesforce import failures, job
from crm_sink.salesforce.fate import fate_of
from crm_sink.salesforce.job import State
from crm_sink.schema import TEXT_TYPES
from crm_sink.tickets import Action, Api, Ticket

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Chunk, Remember
    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema

MAX_BYTES = 100_000_000  # of a job's raw CSV (Bulk API 2.0 guide: 150 MB once it is base64)
SENDING = "sending"  # the ticket's detail: when the job was about to be made, ISO 8601
# How often a lost upload or close is settled before a person must look.
TRIES = 4
OPERATION = {
    Action.UPDATE: "update",
    Action.CREATE: "insert",
    Action.UPSERT: "upsert",
    Action.DELETE: "delete",
}


def submit(
    send: Send, root: str, clock: Clock, chunk: Chunk, *, engine: Engine, remember: Remember
) -> Ticket:
    """Send a chunk, after settling what became of an earlier attempt.

    Raises:
        CrmError: The file is too large (CHUNK_TOO_LARGE), an earlier job is gone (JOB_GONE), or
            the org refused or did not answer.
    """
    kept = None if chunk.ticket is None else settle(send, root, chunk.ticket)
    if kept is not None:
        remember(kept)
        return kept
    file = chunk.file(f"upload-{chunk.number}.csv")
    try:
        rendered = render(chunk, engine, file)
        for attempt in range(1, TRIES + 1):
            # Told anew for each job: an orphan is looked for from this time on.
            ticket = replace(rendered, details={SENDING: clock.now().isoformat()})
            remember(ticket)
            try:
                return _send(send, root, chunk, ticket=ticket, file=file, remember=remember)
            except _UploadLost as lost:
                if attempt == TRIES:
                    what = f"the upload of chunk {chunk.number}"
                    raise failures.given_up(lost.answer, what, TRIES, chunk.run) from None
    finally:
        file.unlink(missing_ok=True)
    raise AssertionError("the last attempt returns or raises")


class _UploadLost(Exception):
    """A job's upload was lost, and the job is aborted: nothing was done."""

    def __init__(self, answer: AnswerLost) -> None:
        super().__init__(str(answer))
        self.answer = answer


def progress(send: Send, root: str, ticket: Ticket) -> Progress:
    """Ask how far the org is, by the job's state only.

    Raises:
        CrmError: The org refused the job as a whole, before its first row (the job's own code,
            fate STOP). The next job would fail alike.
    """
    found = job.look(send, root, job.id_of(ticket))
    if found.is_refused:
        code = found.code or "BULK_API_ERROR"
        raise CrmError(
            f"job {found.id} failed before its first row: {found.error or 'no reason given'}",
            code=code,
            fate=Fate.STOP,
            where=job.JOB,
            hint=fate_of(code, found.error).hint,
        )
    if found.state is State.OPEN:  # it was told that the job is closed, and the job is not
        _close(send, root, found.id)
    if not found.state.has_ended:
        return Progress.WAITING
    return Progress.DONE if found.state is State.COMPLETE else Progress.FAILED


def settle(send: Send, root: str, ticket: Ticket) -> Ticket | None:
    """Find out what became of the job of a chunk's last ticket.

    Returns:
        The ticket, when its job has the rows; None when nothing was done and the chunk must be
        sent.

    Raises:
        CrmError: It was closed, and the org no longer knows it (JOB_GONE).
    """
    if ticket.job is None:
        return None
    # One that was closed has all its rows: if its close came to nothing, `progress` closes it.
    found = (job.look if ticket.closed else job.end)(send, root, ticket.job)
    state = found.state
    if state is State.GONE and ticket.closed:
        raise CrmError(
            f"the org no longer knows job {ticket.job}, which was sent",
            code="JOB_GONE",
            fate=Fate.STOP,
            where=job.JOB,
            hint="plan again: what was written is then read from the records themselves",
        )
    if not ticket.closed and found.has_done_nothing:
        return None
    if found.is_refused:
        return None  # nothing was written; whoever resumes the run has mended the cause
    return replace(ticket, uploaded=True, closed=True)


def render(chunk: Chunk, engine: Engine, file: Path) -> Ticket:
    """Write a chunk's CSV, and give the first ticket: the fingerprint of its bytes.

    Raises:
        CrmError: It is larger than a job may be.
    """
    engine.save_csv(select(chunk), file)
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise CrmError(
            f"chunk {chunk.number} is {size:,} bytes of CSV; a Bulk job takes {MAX_BYTES:,}",
            code="CHUNK_TOO_LARGE",
            fate=Fate.STOP,
            where=f"chunk {chunk.number} of {chunk.object}",
            hint="this is a fault of crm-sink: please report it",
        )
    with file.open("rb") as stream:
        fingerprint = hashlib.file_digest(stream, "sha256").hexdigest()
    return Ticket(Api.BULK, None, fingerprint=fingerprint, sent_bytes=size)


def select(chunk: Chunk) -> str:
    """Give the SQL for a chunk's cells, as text: an empty cell is ignored, `#N/A` clears.

    Example: `"Id","Score__c"` with `00Q…AAA,83` (changed), `00Q…BBB,` (not written) and
    `00Q…CCC,#N/A` (cleared).
    """
    if chunk.action in (Action.UPDATE, Action.DELETE):
        columns = ['id as "Id"']
    else:
        columns = [f"key as {name(chunk.key.name)}"]
    if chunk.action is not Action.DELETE:
        key = chunk.key.name.lower()
        written = [
            field
            for field in chunk.fields
            if chunk.action is Action.UPDATE or field.name.lower() != key
        ]
        columns += [f"{_cell(field)} as {name(field.name)}" for field in written]
    return f"select {', '.join(columns)} from {chunk.changes.scan()}"


def _cell(field: FieldSchema) -> str:
    value = tables.text_of(field, name(field.name))
    if field.type in TEXT_TYPES:
        # Lines end with LF only, inside quotes too: a job with mixed ends has failed as
        # `LineEnding is invalid on user data`. To look for a CR is cheaper than to replace none.
        lf = f"replace(replace({value}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
        value = f"case when contains({value}, chr(13)) then {lf} else {value} end"
    return f"case when {tables.write(field.name)} then coalesce({value}, '#N/A') end"


def _send(
    send: Send, root: str, chunk: Chunk, *, ticket: Ticket, file: Path, remember: Remember
) -> Ticket:
    """Make, fill and close one job.

    Raises:
        _UploadLost: Its upload was lost, and it is aborted.
    """
    made = job.create(
        send,
        root,
        object_name=chunk.object,
        operation=OPERATION[chunk.action],
        key=chunk.key.name if chunk.action is Action.UPSERT else None,
        allow_duplicates=chunk.allow_duplicates,
    )
    ticket = replace(ticket, job=made)
    remember(ticket)
    try:
        job.upload(send, root, made, file)
    except AnswerLost as lost:
        # It may have arrived, but the job is still Open: end it, and begin anew.
        job.end(send, root, made)
        raise _UploadLost(lost) from lost
    ticket = replace(ticket, uploaded=True)
    remember(ticket)
    _close(send, root, made)
    ticket = replace(ticket, closed=True)
    remember(ticket)
    return ticket


def _close(send: Send, root: str, made: str) -> None:
    for attempt in range(TRIES):
        try:
            job.close(send, root, made)
        except CrmError as error:
            # Refused as INVALIDJOBSTATE when an earlier try had closed it after all.
            if not isinstance(error, AnswerLost) and error.code != "INVALIDJOBSTATE":
                raise
            if job.look(send, root, made).state is not State.OPEN:
                return
            if attempt < TRIES - 1:
                continue
            if isinstance(error, AnswerLost) and error.status is not None:
                raise failures.given_up(error, f"the close of job {made}", TRIES) from None
            raise
        else:
            return
