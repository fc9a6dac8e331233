"""What the page of bulk jobs shows: the newest first, with what became of their rows.

Shows the newest only; the API lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.jobs import ABORTED, DONE, FAILED, OPEN
from crm_sink.emulator.pages.showing import ago, exact

if TYPE_CHECKING:
    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

SHOWN = 100
TONES = {OPEN: "", DONE: "good", FAILED: "hot", ABORTED: "hot"}
WORKING = "warm"
APIS = {
    "ingest": "Bulk 2.0",
    "query": "Bulk 2.0",
    "bulk1": "Bulk 1.0",
    "bulk1 batch": "Bulk 1.0, a batch",
    "bulk1 serial batch": "Bulk 1.0, a batch",
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job; counts are empty while nothing is known of them."""

    id: str
    at: str
    ago: str
    what: str
    object: str
    api: str
    state: str
    tone: str
    rows: str
    failed: int
    took: str
    error: str


@dataclass(frozen=True, slots=True)
class JobsPage:
    """The page: its lines, and how many jobs there are in all."""

    lines: tuple[JobLine, ...]
    total: int


def jobs_page(org: Org) -> JobsPage:
    """Give the newest jobs."""
    found = org.jobs.all()
    return JobsPage(tuple(_line(org, job) for job in reversed(found[-SHOWN:])), len(found))


def _line(org: Org, job: Job) -> JobLine:
    key = f" by {job.external_id_field}" if job.external_id_field else ""
    state = "Not to be found" if org.faults.has_vanished(job.id) else job.state
    return JobLine(
        id=job.id,
        at=exact(job.created),
        ago=ago(job.created, org.now()),
        what=job.operation + key,
        object=job.object,
        api=APIS.get(job.kind, job.kind),
        state=state,
        tone=TONES.get(state, WORKING),
        rows="" if job.processed is None else f"{job.processed:,}",
        failed=job.failed or 0,
        took=f"{job.total_ms / 1000:,.1f} s" if job.total_ms else "",
        error=job.error or "",
    )
