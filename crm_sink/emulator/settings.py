"""How one local org is set up, as a value.

Not imitated: editions beyond the size of their daily allowance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.emulator.duplicates.rule import DuplicateRule


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """What a person may choose about a local org.

    Attributes:
        daily_api_requests: Calls in a rolling 24 hours; 15,000 is a Developer Edition's.
        daily_bulk_batches: Bulk batches in a rolling 24 hours, of both APIs together.
        daily_query_jobs: Query jobs of Bulk 2.0 in a rolling 24 hours.
        session_seconds: How long an unused session lives.
        access_tokens: Tokens that always pass, for clients that are handed a session.
        memory_limit: DuckDB's own bound; the process needs about 150 MB more.
        work_jobs: Whether accepted bulk jobs are worked in the background; a test may hold them.
        batch_rows: How many rows of a bulk job are committed together.
        parallel_jobs: How many ingest jobs are in progress at once.
        batch_seconds: How long a batch of a job, or a call that writes, holds the locks of its
            records and their parents. 0: nothing can collide.
        lock_wait_seconds: How long a write waits for a lock before its rows fail; Salesforce: 10.
        latency_seconds: How long each call is on its way before it is looked at.
        job_seconds: How long a bulk job takes at least, half of it in the queue.
        log_values: Whether the write log keeps old and new values.
        duplicate_rules: At most one for each object.
    """

    daily_api_requests: int = 15_000
    daily_bulk_batches: int = 15_000
    daily_query_jobs: int = 10_000
    session_seconds: int = 7200
    access_tokens: tuple[str, ...] = ()
    memory_limit: str = "700MB"
    work_jobs: bool = True
    batch_rows: int = 250_000
    parallel_jobs: int = 4
    batch_seconds: float = 0.0
    lock_wait_seconds: float = 0.0
    latency_seconds: float = 0.0
    job_seconds: float = 0.0
    log_values: bool = True
    duplicate_rules: tuple[DuplicateRule, ...] = ()
