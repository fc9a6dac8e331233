"""Batches of a job of Bulk 1.0: how they are taken in, found and told.

A batch is a job of its own to the org's job threads: a parallel job's batches are worked side by
side, a serial job's one after the other, in their order (facts 5); two serial jobs run beside each
other.

Not imitated: the ten minutes after which a batch is put back. Likely but not on record: the wording
for a batch that is too large, or that comes into a closed job.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crm_sink.emulator.bulk1 import errors
from crm_sink.emulator.bulk1.errors import AsyncError
from crm_sink.emulator.bulk1.forms import stamp
from crm_sink.emulator.bulk1.job_info import KIND
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.ingest.working import BODY
from crm_sink.emulator.jobs import DONE, FAILED, OPEN, RUNNING, UPLOADED
from crm_sink.emulator.limits import BULK_BATCHES, quota_error

if TYPE_CHECKING:
    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

PARALLEL, SERIAL = "bulk1 batch", "bulk1 serial batch"
PREFIX = "751"
LARGEST = 10_000_000
STATES = {
    OPEN: "Queued",
    UPLOADED: "Queued",
    RUNNING: "InProgress",
    DONE: "Completed",
    FAILED: "Failed",
}
# A batch of an aborted job; JSON clients know the enumeration's own word.
NOT_PROCESSED, NOT_PROCESSED_JSON = "Not Processed", "NotProcessed"


def add(org: Org, job: Job, content: bytes, content_type: str) -> Job:
    """Take a batch in, keep what was sent, and queue it.

    Raises:
        AsyncError: The job is closed, the batch is too large, or the day's batches are spent.
    """
    if job.state != OPEN:
        text = f"Adding a batch to a job that is {job.state} is not allowed"
        raise AsyncError(errors.INVALID_STATE, text)
    if len(content) > LARGEST:
        raise AsyncError(errors.BAD_INPUT, f"Request body exceeds {LARGEST} bytes")
    spent = quota_error(org, BULK_BATCHES)
    if spent is not None:
        raise AsyncError(errors.EXCEEDED, spent)
    batch = org.jobs.create(
        kind_of(job),
        job.operation,
        job.object,
        prefix=PREFIX,
        state=OPEN,
        api_version=job.api_version,
        external_id_field=job.external_id_field,
        assignment_rule=job.assignment_rule,
        line_ending=_line_ending(content),
        more={**job.more, "job": job.id, "type": content_type},
    )
    with (org.jobs.folder(batch.id) / BODY).open("wb") as file:
        file.write(content if content.endswith(b"\n") else content + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return org.jobs.change(batch.id, state=UPLOADED, uploaded=True)


def find_job(org: Org, job_id: str) -> Job:
    """Give a job by its id.

    Raises:
        AsyncError: There is none.
    """
    try:
        return org.jobs.find(job_id, KIND)
    except ApiError:
        raise AsyncError(errors.INVALID_JOB, f"Unable to find job: {job_id}") from None


def find(org: Org, job: Job, batch_id: str) -> Job:
    """Give a batch of a job.

    Raises:
        AsyncError: There is no such batch in it.
    """
    try:
        batch = org.jobs.find(batch_id, kind_of(job))
    except ApiError:
        batch = None
    if batch is None or batch.more["job"] != job.id:
        raise AsyncError(errors.INVALID_BATCH, f"Unable to find batch: {batch_id}")
    return batch


def of(org: Org, job: Job) -> list[Job]:
    """Give the batches of a job, in the order in which they came."""
    return [batch for batch in org.jobs.all(kind_of(job)) if batch.more["job"] == job.id]


def kind_of(job: Job) -> str:
    """Give the kind that a job's batches are queued as."""
    return SERIAL if job.more["mode"] == "Serial" else PARALLEL


def told(batch: Job, *, is_json: bool) -> dict[str, object]:
    """Give a batch's keys in the recorded order; what it has not is left out."""
    state = STATES.get(batch.state, NOT_PROCESSED_JSON if is_json else NOT_PROCESSED)
    message = {} if batch.error is None else {"stateMessage": batch.error}
    return {
        "id": batch.id,
        "jobId": batch.more["job"],
        "state": state,
        **message,
        "createdDate": stamp(batch.created),
        "systemModstamp": stamp(batch.modified),
        "numberRecordsProcessed": batch.processed or 0,
        "numberRecordsFailed": batch.failed or 0,
        "totalProcessingTime": batch.total_ms,
        "apiActiveProcessingTime": batch.active_ms,
        "apexProcessingTime": 0,
    }


def _line_ending(content: bytes) -> str:
    """Give how the first line ends: Bulk 1.0 takes both ways."""
    return "CRLF" if content.split(b"\n", 1)[0].endswith(b"\r") else "LF"
