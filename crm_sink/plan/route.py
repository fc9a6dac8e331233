"""Which API a plan travels by, and why: by rows, by calls, and by what is left of the day's quota.

Pure. Collections carry 200 records a call and answer at once; a Bulk 2.0 job costs about ten calls
whatever its size. Salesforce recommends Bulk above 2,000 records.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_sink.tickets import Api

COLLECTION_ROWS = 200
MOST_ROWS_BY_COLLECTIONS = 2_000
# create, upload, close, three results, and a handful of polls
CALLS_A_JOB = 11
# Raw CSV of one job; the limit is 100 MB, and quotes in texts make a row larger than is estimated.
JOB_BYTES = 80_000_000
HARD_JOB_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class WriteRoute:
    """The API a plan travels by, the reason in words, and the estimated number of calls."""

    api: Api
    reason: str
    calls: int


def write_route(
    rows: int, total_bytes: int, *, calls_left: int | None, forced: Api | None = None
) -> WriteRoute:
    """Choose the API for that many changes.

    Args:
        rows: Records to write.
        total_bytes: Estimated size of their Bulk CSV.
        calls_left: What is left of the org's daily calls, when known.
        forced: The API that the user asked for.
    """
    by_collections = -(-rows // COLLECTION_ROWS)
    by_bulk = max(1, -(-total_bytes // JOB_BYTES)) * CALLS_A_JOB
    left = "" if calls_left is None else f", {calls_left:,} calls are left today"
    if rows == 0:
        return WriteRoute(forced or Api.COLLECTIONS, "nothing to write", 0)
    if forced is not None:
        calls = by_collections if forced is Api.COLLECTIONS else by_bulk
        return WriteRoute(forced, f"asked for; {rows:,} rows in about {calls:,} calls{left}", calls)
    if rows > MOST_ROWS_BY_COLLECTIONS:
        reason = f"{rows:,} rows: about {by_bulk:,} calls instead of {by_collections:,}{left}"
        return WriteRoute(Api.BULK, reason, by_bulk)
    if calls_left is not None and by_bulk < by_collections and calls_left < 100 * by_collections:
        reason = f"{by_bulk:,} calls instead of {by_collections:,}{left}"
        return WriteRoute(Api.BULK, reason, by_bulk)
    answers = (
        "1 call that answers" if by_collections == 1 else f"{by_collections:,} calls that answer"
    )
    fit = "1 row fits" if rows == 1 else f"{rows:,} rows fit"
    reason = f"{fit} in {answers} at once{left}"
    return WriteRoute(Api.COLLECTIONS, reason, by_collections)
