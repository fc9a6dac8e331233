"""One write from staged rows to outcomes: judged, locked, struck by faults, applied.

The one way in for REST, Collections and Bulk. A caller has filled `stage` and `faults` in the same
transaction, and reads `outcome` afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.dml import applying, judging
from crm_sink.emulator.faults import rows

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.locks.claim import Claim
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org


def write_staged(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source, claim: Claim
) -> None:
    """Judge and apply the staged rows; may break off to be done again when a lock is awaited."""
    judging.judge(cursor, org, write)
    claim.take(cursor, write)
    rows.strike(cursor, org, write, source)
    applying.apply(cursor, org, write, source)
