"""Count what became of a run's changes, out of the ledger and the outcomes at rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.engine import Engine, Relation
from crm_sink.flow.remarks import rejects_in_short
from crm_sink.flow.rounds import sent_again
from crm_sink.ledger.folder import RunFolder, write_rejects

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Ledger, Run


def counted(run: Run, ledger: Ledger, folder: RunFolder, engine: Engine) -> Run:
    """Count what became of the changes, out of the outcomes at rest."""
    chunks = ledger.chunks(run.run)
    tickets = [chunk.ticket for chunk in chunks if chunk.ticket is not None]
    ok = sum(chunk.ok for chunk in chunks)
    created, cleared = _created_and_cleared(run, folder, engine)
    rejected = write_rejects(folder, engine)
    totals = replace(
        run.totals,
        created=created,
        cleared=cleared,
        updated=ok - created - cleared,
        failed=sum(chunk.failed for chunk in chunks),
        rejected=rejected,
        uploaded_bytes=sum(ticket.sent_bytes for ticket in tickets),
    )
    return replace(
        run,
        totals=totals,
        details={
            **run.details,
            "top_errors": rejects_in_short(folder, engine),
            "sent_again": sent_again(chunks),
        },
        jobs=tuple(ticket.job for ticket in tickets if ticket.job),
        rejects_file=folder.rejects_csv if rejected else None,
    )


def _created_and_cleared(run: Run, folder: RunFolder, engine: Engine) -> tuple[int, int]:
    if not any(folder.outcomes.glob("*.parquet")):
        return 0, 0
    outcomes = Relation(folder.outcomes, 0).scan()
    created = engine.value(f"select count(*) from {outcomes} where ok and created")
    cleared = 0
    if run.totals.to_clear:
        cleared = engine.value(
            f"select count(*) from {outcomes} o join {Relation(folder.changes, 0).scan()} c "
            "on o.chunk = c.chunk and o.id = c.id where o.ok and c.action in ('clear', 'delete')"
        )
    return int(created), int(cleared)


def written(run: Run) -> int:
    """Give how many records a run created, updated or cleared."""
    return run.totals.created + run.totals.updated + run.totals.cleared
