"""Runs and chunks as rows of the database, and back.

Paths inside the home folder are stored relative to it, so that a home can be moved.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_sink.ledger.contract import ChunkRecord, ChunkState, Run, RunState, Totals
from crm_sink.ledger.folder import RunFolder
from crm_sink.ledger.schema import TOTALS
from crm_sink.tickets import Action, Api, Ticket

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

SAME = (
    "run", "mapping", "object", "kind", "api", "api_reason", "verdict", "released_by", "org",
    "error", "details",
)  # fmt: skip


def row_of_run(run: Run, home: Path) -> dict[str, Any]:
    """Give a run as column values of `runs`."""
    folder = run.folder if run.folder != Path() else RunFolder(home, run.run).root
    return {
        **{name: getattr(run, name) for name in SAME},
        **asdict(run.totals),
        "state": run.state.value,
        "started": run.started.astimezone(UTC),
        "ended": run.ended.astimezone(UTC) if run.ended else None,
        "jobs": list(run.jobs),
        "verdicts": list(run.verdicts),
        "folder": _stored(folder, home),
        "rejects_file": _stored(run.rejects_file, home) if run.rejects_file else None,
    }


def run_of_row(row: RowMapping, home: Path) -> Run:
    """Give the run that a row of `runs` describes."""
    root = home.resolve()
    return Run(
        **{name: row[name] for name in SAME},
        totals=Totals(**{name: row[name] for name in TOTALS}),
        state=RunState(row["state"]),
        started=utc(row["started"]),
        ended=utc(row["ended"]) if row["ended"] else None,
        jobs=tuple(row["jobs"]),
        verdicts=tuple(row["verdicts"]),
        folder=root / row["folder"],
        rejects_file=root / row["rejects_file"] if row["rejects_file"] else None,
    )


def row_of_chunk(run: str, chunk: ChunkRecord) -> dict[str, Any]:
    """Give a chunk as column values of `chunks`."""
    return {
        "run": run,
        "chunk": chunk.number,
        "object": chunk.object,
        "action": chunk.action.value,
        "api": chunk.api.value,
        "state": chunk.state.value,
        "records": chunk.rows,
        "fields": list(chunk.fields),
        "ticket": ticket_facts(chunk.ticket),
        "ok": chunk.ok,
        "failed": chunk.failed,
        "attempt": chunk.attempt,
    }


def chunk_of_row(row: RowMapping) -> ChunkRecord:
    """Give the chunk that a row of `chunks` describes."""
    facts = row["ticket"]
    return ChunkRecord(
        number=row["chunk"],
        object=row["object"],
        action=Action(row["action"]),
        api=Api(row["api"]),
        rows=row["records"],
        state=ChunkState(row["state"]),
        fields=tuple(row["fields"]),
        ticket=Ticket(**{**facts, "api": Api(facts["api"])}) if facts else None,
        ok=row["ok"],
        failed=row["failed"],
        attempt=row["attempt"],
    )


def ticket_facts(ticket: Ticket | None) -> dict[str, Any] | None:
    """Give a ticket as JSON facts."""
    return None if ticket is None else {**asdict(ticket), "api": ticket.api.value}


def utc(time: datetime) -> datetime:
    """Give a stored time in UTC; SQLite gives it back without its zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _stored(path: Path, home: Path) -> str:
    root = home.resolve()
    whole = path if path.is_absolute() else path.resolve()
    return str(whole.relative_to(root)) if whole.is_relative_to(root) else str(whole)
