"""How one local org is set up, as a value.

Not imitated: editions beyond the size of their daily allowance.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """What a person may choose about a local org.

    Attributes:
        daily_api_requests: Calls in a rolling 24 hours; 15,000 is a Developer Edition's.
        session_seconds: How long an unused session lives.
        access_tokens: Tokens that always pass, for clients that are handed a session.
        memory_limit: DuckDB's own bound; the process needs about 150 MB more.
        work_jobs: Whether accepted bulk jobs are worked in the background; a test may hold them.
        batch_rows: How many rows of a bulk job are committed together.
    """

    daily_api_requests: int = 15_000
    session_seconds: int = 7200
    access_tokens: tuple[str, ...] = ()
    memory_limit: str = "700MB"
    work_jobs: bool = True
    batch_rows: int = 250_000
