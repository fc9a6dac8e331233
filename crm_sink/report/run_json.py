"""A run under the names that programs rely on: `crm-sink show` and `runs`, `--format json`.

The names, their units and their meaning stand in `help/output.md`; a test holds page and code
together. A name is never taken away or given another meaning; new ones are added at the end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm_sink.ledger.contract import Run, RunState
from crm_sink.report.errors_table import errors_of


def run_json(run: Run) -> dict[str, Any]:
    """Give a run as JSON-able facts, in the order of the help page.

    Times are UTC in ISO 8601 with `Z`, counts are records unless the page says otherwise.
    """
    totals = run.totals
    return {
        "run": run.run,
        "mapping": run.mapping,
        "object": run.object,
        "kind": run.kind,
        "state": str(run.state),
        "started": iso(run.started),
        "ended": iso(run.ended),
        "source_rows": totals.source_rows,
        "planned": totals.planned,
        "created": totals.created,
        "updated": totals.updated,
        "unchanged": totals.unchanged,
        "cleared": totals.cleared,
        "rejected": totals.rejected,
        "conflicts": totals.conflicts,
        "failed": totals.failed,
        "api": run.api,
        "api_calls": totals.api_calls,
        "uploaded_bytes": totals.uploaded_bytes,
        "jobs": list(run.jobs),
        "rejects_file": None if run.rejects_file is None else str(run.rejects_file),
        "verdict": run.verdict,
        "to_create": totals.to_create,
        "to_update": totals.to_update,
        "to_clear": totals.to_clear,
        "skipped": totals.skipped,
        "api_reason": run.api_reason,
        "verdicts": [dict(verdict) for verdict in run.verdicts],
        "org": run.org,
        "error": run.error,
        "released_by": run.released_by,
        "top_errors": errors_of(run),
        "sent_again": list(run.details.get("sent_again") or ()),
        "at_once": dict(run.details.get("parallelism") or {}),
    }


def names() -> tuple[str, ...]:
    """Give the names of `run_json`, for a table of no runs."""
    nothing = Run("", "", "", "sync", RunState.PLANNING, datetime(1970, 1, 1, tzinfo=UTC))
    return tuple(run_json(nothing))


def iso(time: datetime | None) -> str | None:
    """Write a time as `2026-11-20T06:04:12Z`; a time without a zone is UTC."""
    if time is None:
        return None
    zoned = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return f"{zoned:%Y-%m-%dT%H:%M:%SZ}"
