"""Adds up the write log by endpoint, beside how often each endpoint was called.

Calls are counted since the org was started or `/__calls__` was reset; writes since the log was
cleared.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org

JOBS = "bulk jobs"
API = "/services/"


@dataclass(frozen=True, slots=True)
class Total:
    """What came of one endpoint.

    Attributes:
        endpoint: `METHOD path template`, or `bulk jobs` for what jobs wrote after their upload.
        calls: How often it was called.
        writes: How many writes are in the log: calls, or batches of jobs.
        written: How many records they changed.
        refused: How many rows they refused.
    """

    endpoint: str
    calls: int = 0
    writes: int = 0
    written: int = 0
    refused: int = 0


def totals(org: Org) -> list[Total]:
    """Give the totals by endpoint, the most called first, jobs at the end."""
    with org.store.cursor() as cursor:
        rows = cursor.execute(
            "select coalesce(call, ?), count(*), sum(written), sum(refused) "
            "from _log_writes where written + refused > 0 group by all",
            [JOBS],
        ).fetchall()
    written = {endpoint: tuple(map(int, sums)) for endpoint, *sums in rows}
    counted = org.calls.counts()
    calls = {one: times for one, times in counted.items() if one.partition(" ")[2].startswith(API)}
    found = [
        Total(endpoint, calls.get(endpoint, 0), *written.get(endpoint, ()))
        for endpoint in {**calls, **written}
    ]
    return sorted(found, key=lambda one: (one.endpoint == JOBS, -one.calls, one.endpoint))


def told(org: Org) -> dict[str, Any]:
    """Give the totals as JSON: endpoint to its counts."""
    return {one.pop("endpoint"): one for one in map(asdict, totals(org))}
