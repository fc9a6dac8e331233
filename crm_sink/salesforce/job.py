"""The calls of one Bulk 2.0 ingest job, and how it stands. It knows nothing of changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from crm_sink.crm.call import Call, Expect, Repeat
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import answers
from crm_sink.salesforce.fate import fate_of

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.crm.call import Send
    from crm_sink.tickets import Ticket

JOBS = "/jobs/ingest"
JOB = "/jobs/ingest/{id}"
COUNTS = ("numberRecordsProcessed", "numberRecordsFailed")
_JSON = {"Content-Type": "application/json; charset=UTF-8"}


class State(StrEnum):
    """The states of a job; `GONE` is ours: the org knows it no more (it keeps jobs 7 days)."""

    OPEN = "Open"
    UPLOADED = "UploadComplete"  # queued
    RUNNING = "InProgress"
    COMPLETE = "JobComplete"  # rows may have failed all the same
    FAILED = "Failed"
    ABORTED = "Aborted"
    GONE = "Gone"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to the job's rows."""
        return self in {State.COMPLETE, State.FAILED, State.ABORTED, State.GONE}


@dataclass(frozen=True, slots=True)
class Job:
    """How a job stands. `processed` counts the failed rows in; `is_counted`: the org told both."""

    id: str
    state: State
    processed: int = 0
    failed: int = 0
    error: str = ""
    is_counted: bool = False

    @property
    def code(self) -> str:
        """The code at the beginning of the error, in capitals: `InvalidBatch : Field name ...`."""
        code = self.error.split(":")[0].strip().upper()
        return code if code.isidentifier() else ""

    @property
    def is_refused(self) -> bool:
        """Whether the org gave the job back untouched, for a reason that holds for the next too.

        Failed with 0 rows processed and 0 failed: its file or header is at fault, or the user's
        rights on a column (facts 4.8). Nothing was written, and the same file fails again.
        """
        is_untouched = self.is_counted and not self.processed and not self.failed
        if self.state is not State.FAILED or not is_untouched:
            return False
        fate = fate_of(self.code, self.error).fate
        return fate not in (Fate.RETRY, Fate.RETRY_SLOWER)

    @property
    def has_done_nothing(self) -> bool:
        """Whether a job that we never saw closed ended without a row, and will never begin."""
        return self.state is State.GONE or (self.state is State.ABORTED and not self.processed)


# An alert rule (allowSave) is passed over; a rule that blocks is not.
ALLOW_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}


def create(
    send: Send,
    root: str,
    *,
    object_name: str,
    operation: str,
    key: str | None,
    allow_duplicates: bool = False,
) -> str:
    """Make a job and give its id.

    May be sent again after a lost answer: an Open job does nothing, and is closed by the org after
    24 hours.
    """
    document = {"object": object_name, "operation": operation, "contentType": "CSV"}
    document |= {"lineEnding": "LF", "columnDelimiter": "COMMA"}
    if key is not None:
        document["externalIdFieldName"] = key
    headers = _JSON | (ALLOW_DUPLICATES if allow_duplicates else {})
    call = Call("POST", f"{root}{JOBS}", JOBS, headers=headers, body=json.dumps(document).encode())
    return answers.text(send(call).document, "id", JOBS)


def upload(send: Send, root: str, job: str, csv: Path) -> None:
    """Stream a file into a job, once: a second PUT is refused (BULK_API_ERROR). Never gzipped.

    Raises:
        AnswerLost: The job may or may not have its data: abort it and make another.
    """
    send(
        Call(
            "PUT",
            f"{root}{JOBS}/{job}/batches",
            f"{JOB}/batches",
            headers={"Content-Type": "text/csv"},
            body=csv,
            expect=Expect.NOTHING,
            repeat=Repeat.SETTLE,
        )
    )


def close(send: Send, root: str, job: str) -> None:
    """Tell the org to begin.

    Raises:
        AnswerLost: It may or may not have begun: ask for the state.
    """
    _patch(send, root, job, State.UPLOADED, Repeat.SETTLE)


def abort(send: Send, root: str, job: str) -> None:
    """End a job that has not begun. A second time it is refused (INVALIDJOBSTATE)."""
    _patch(send, root, job, State.ABORTED, Repeat.SAFE)


def end(send: Send, root: str, job: str) -> Job:
    """Abort a job if it is Open; tell how it then stands."""
    found = look(send, root, job)
    if found.state is not State.OPEN:
        return found
    try:
        abort(send, root, job)
    except CrmError as error:
        # Its state changed meanwhile, or a lost first answer had done it.
        if error.code != "INVALIDJOBSTATE":
            raise
        return look(send, root, job)
    return replace(found, state=State.ABORTED)


def id_of(ticket: Ticket) -> str:
    """Give the id of a ticket's job.

    Raises:
        CrmError: There is none: the chunk was never sent.
    """
    if ticket.job is None:
        raise CrmError(
            "the chunk was never sent: its ticket names no job",
            code="NOT_SENT",
            fate=Fate.STOP,
            hint="crm-sink resume",
        )
    return ticket.job


def look(send: Send, root: str, job: str) -> Job:
    """Ask how a job stands. Only the state tells that it is done: the counts run ahead of it."""
    try:
        document = send(Call("GET", f"{root}{JOBS}/{job}", JOB)).document
    except CrmError as error:
        if error.code != "NOT_FOUND":
            raise
        return Job(job, State.GONE)
    state = answers.text(document, "state", JOB)
    if state not in set(State):
        raise CrmError(
            f"job {job} is in a state we do not know: {state}",
            code="UNEXPECTED_ANSWER",
            fate=Fate.STOP,
            where=JOB,
            hint="look at the job in Setup, Bulk Data Load Jobs",
        )
    return Job(
        id=job,
        state=State(state),
        processed=answers.number(document, COUNTS[0], JOB),
        failed=answers.number(document, COUNTS[1], JOB),
        error=str(document.get("errorMessage") or ""),
        is_counted=all(isinstance(document.get(name), int) for name in COUNTS),
    )


def fetch(send: Send, root: str, job: str, results: str, into: Path) -> Path:
    """Download successfulResults, failedResults or unprocessedrecords to a file."""
    path = f"{root}{JOBS}/{job}/{results}/"
    send(Call("GET", path, f"{JOB}/{results}", into=into, expect=Expect.CSV))
    return into


def _patch(send: Send, root: str, job: str, state: State, repeat: Repeat) -> None:
    body = json.dumps({"state": state.value}).encode()
    send(Call("PATCH", f"{root}{JOBS}/{job}", JOB, headers=_JSON, body=body, repeat=repeat))
