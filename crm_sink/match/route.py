"""Which way to read the org's records: SOQL pages for few keys, a Bulk 2.0 query for many.

Pure. The figures are Salesforce's: a SOQL statement travels in a URL of at most 16,384 bytes, which
holds some hundred keys, and a Bulk query costs a handful of calls whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_sink.tickets import Api

# A key of twenty characters takes about thirty bytes of an encoded URL.
KEYS_A_CALL = 400
# Above this many keys the pages of SOQL cost more calls, and more time, than one Bulk query.
MOST_KEYS_BY_SOQL = 2_000


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """How the present values are read, why, and the estimated number of calls."""

    api: Api
    reason: str
    calls: int


def read_route(keys: int) -> ReadRoute:
    """Choose how to read the records of that many keys."""
    if keys <= MOST_KEYS_BY_SOQL:
        calls = max(1, -(-keys // KEYS_A_CALL))
        return ReadRoute(Api.SOQL, f"{keys:,} keys fit in {calls} SOQL calls", calls)
    return ReadRoute(Api.BULK, f"{keys:,} keys are cheaper to read by one Bulk query", 6)
