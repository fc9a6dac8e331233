"""What earlier runs of a mapping wrote: their folders, and the snapshot of those pruned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.errors import NoSuchRun
from crm_sink.ledger.folder import RunFolder
from crm_sink.ledger.snapshot import folded_runs, pruned_until, snapshot_file
from crm_sink.plan.written import PastRun, past_writes
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crm_sink.engine import Engine
    from crm_sink.ledger.contract import Ledger, Run
    from crm_sink.plan.written import Written


@dataclass(frozen=True, slots=True)
class Past:
    """The written-state memory of one mapping, at rest."""

    runs: tuple[PastRun, ...] = ()
    snapshot: Path | None = None

    def writes(self, columns: Mapping[str, str], engine: Engine) -> Written:
        """Find all that was written (see `plan.written.past_writes`)."""
        return past_writes(self.runs, columns, engine, snapshot=self.snapshot)


def past_of(mapping: str, ledger: Ledger, home: Path) -> Past:
    """Find what earlier runs of a mapping left."""
    snapshot = snapshot_file(home, mapping)
    folded = folded_runs(snapshot)
    runs = [run for run in ledger.written(mapping) if run.run not in folded]
    return Past(past_runs(runs, home), snapshot)


def past_runs(runs: Iterable[Run], home: Path) -> tuple[PastRun, ...]:
    """Give the places of runs' rows, in the order of the runs."""
    return tuple(
        PastRun(folder.changes, folder.outcomes, run.run, undone_run(run), run.api == Api.BULK)
        for run in runs
        for folder in (RunFolder(home, run.run),)
    )


def undone_run(run: Run) -> str | None:
    """Give the run that a run took back; None for a run that is no undo."""
    undoes = run.details.get("undoes")
    return str(undoes) if undoes else None


def find_written(run: str | None, ledger: Ledger, home: Path) -> Run:
    """Find a run, by default the latest that wrote something: none is as good to look back at.

    Raises:
        NoSuchRun: As in `find_run`.
    """
    if run is None:
        for each in ledger.history():
            if each.totals.created or each.totals.updated or each.totals.cleared:
                return each
    return find_run(run, ledger, home)


def find_run(run: str | None, ledger: Ledger, home: Path) -> Run:
    """Find a run that is to be undone, verified or retried.

    Raises:
        NoSuchRun: There is none; or it may have been pruned, which is then said.
    """
    try:
        return ledger.find(run)
    except NoSuchRun as error:
        until = pruned_until(home)
        if run is None or until is None or not run[:8].isdigit() or run[:8] > f"{until:%Y%m%d}":
            raise
        raise NoSuchRun(
            f"{error.message}: runs that ended before {until:%Y-%m-%d} were pruned, and cannot "
            "be undone, verified or retried any more",
            where=error.where,
            hint="crm-sink runs",
        ) from None
