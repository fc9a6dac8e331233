"""Prune: delete what is kept of old runs, after folding what they wrote into a snapshot.

The order makes a crash harmless: snapshot, folders, rows of the ledger. The snapshot names the runs
that are in it, so that none is counted twice, and a second prune finishes what the first began.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from crm_sink.engine import Relation, open_engine
from crm_sink.errors import AlreadyRunning
from crm_sink.flow.expiry import Expired, expired
from crm_sink.flow.past import past_runs
from crm_sink.flow.resume import IN_FLIGHT, is_unfinished, written_since
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import Ledger, Run, RunState
from crm_sink.ledger.folder import RunFolder, make_private
from crm_sink.ledger.snapshot import (
    folded_runs,
    note_pruned,
    save_snapshot,
    snapshot_file,
    snapshot_folder,
)
from crm_sink.plan.written import (
    fields_of_runs,
    fields_of_snapshot,
    past_writes,
    query_of_snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.plan.written import PastRun


class PrunableLedger(Ledger, Protocol):
    """A ledger that can forget."""

    def forget(self, runs: Sequence[str]) -> None:
        """Delete runs and their chunks."""

    def lease(self, mapping: str, run: str) -> AbstractContextManager[object]:
        """Take the lease on a mapping."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was pruned, or with a dry run would be."""

    runs: tuple[str, ...]
    freed_bytes: int
    kept: tuple[tuple[str, str], ...]  # old runs that must stay, and why


def prune(
    ledger: PrunableLedger,
    home: Path,
    *,
    before: datetime,
    dry_run: bool = False,
    memory_limit: str = "224MB",
) -> Pruned:
    """Delete run folders and ledger rows of the runs that ended before a time.

    Args:
        ledger: Where the runs are.
        home: Where their folders are.
        before: Runs that ended earlier go; unfinished ones and plans that can be applied stay.
        dry_run: Only tell what would go.
        memory_limit: DuckDB's own.
    """
    runs: list[str] = []
    kept: list[tuple[str, str]] = []
    freed = 0
    for mapping in sorted({run.mapping for run in ledger.history()}):
        if dry_run:
            found = _expired(mapping, ledger, home, before)
            freed += sum(_size(RunFolder(home, run.run).root) for run in found.runs)
        else:
            found, bytes_freed = _prune_leased(mapping, ledger, home, before, memory_limit)
            freed += bytes_freed
        runs += [run.run for run in found.runs]
        kept += found.kept
    if runs and not dry_run:
        note_pruned(home, before)
    return Pruned(tuple(runs), freed, tuple(kept))


def _expired(mapping: str, ledger: PrunableLedger, home: Path, before: datetime) -> Expired:
    folded = folded_runs(snapshot_file(home, mapping))
    return expired(
        ledger.history(mapping)[::-1],
        {run.run for run in _wrote(mapping, ledger, home)},
        before=before,
        is_unfinished=lambda run: _waits(run, ledger, home),
        is_here=lambda run: run.run in folded or RunFolder(home, run.run).root.is_dir(),
    )


def _wrote(mapping: str, ledger: PrunableLedger, home: Path) -> list[Run]:
    """Give the runs that wrote something, oldest first, by their own or by a later run's word."""
    told = {run.run for run in ledger.written(mapping)}
    return [run for run in ledger.history(mapping)[::-1] if run.run in told or _is_heard(run, home)]


def _is_heard(run: Run, home: Path) -> bool:
    """Tell whether a later run found out what this one, cut off, had written."""
    return run.state is not RunState.DONE and RunFolder(home, run.run).heard.exists()


def _waits(run: Run, ledger: PrunableLedger, home: Path) -> bool:
    """Tell whether a run can be resumed, or must be kept until it is known what it wrote.

    It is not resumed after a later write. What it then left on its way is told by the records to
    the next sync (see `flow.unsettled`).
    """
    if not is_unfinished(run, ledger):
        return False
    if written_since(run, ledger) is None:
        return True
    is_unknown = any(chunk.state in IN_FLIGHT for chunk in ledger.chunks(run.run))
    return is_unknown and not _is_heard(run, home)


def _prune_leased(
    mapping: str, ledger: PrunableLedger, home: Path, before: datetime, memory_limit: str
) -> tuple[Expired, int]:
    """Prune one mapping while nobody works on it; skip it when somebody does."""
    try:
        with ledger.lease(mapping, "prune"):
            found = _expired(mapping, ledger, home, before)
            return found, _prune(mapping, found.runs, ledger, home, memory_limit)
    except AlreadyRunning as error:
        return Expired(kept=((mapping, error.message),)), 0


def _prune(
    mapping: str, runs: Sequence[Run], ledger: PrunableLedger, home: Path, memory_limit: str
) -> int:
    gone = {run.run for run in runs}
    wrote = [run for run in _wrote(mapping, ledger, home) if run.run in gone]
    if wrote:
        _fold(mapping, wrote, home, memory_limit)
    freed = 0
    for run in runs:
        folder = RunFolder(home, run.run).root
        freed += _size(folder)
        if folder.is_dir():
            shutil.rmtree(folder)
    ledger.forget(sorted(gone))
    return freed


def _fold(mapping: str, wrote: Sequence[Run], home: Path, memory_limit: str) -> None:
    """Fold what runs wrote into the mapping's snapshot, leaving out what is in it already."""
    into, folder = snapshot_file(home, mapping), snapshot_folder(home)
    make_private(folder)
    known = folded_runs(into)
    fresh = [run for run in wrote if run.run not in known]
    for run in fresh:
        if _is_heard(run, home):  # it is an outcome now: the run goes when this is folded
            place = RunFolder(home, run.run)
            shutil.copy(place.heard, place.outcomes / "found.parquet")
    past = past_runs(fresh, home)
    sources = [RunFolder(home, run.run).root for run in past]
    with (
        computing(folder),
        open_engine(folder, sources=sources, memory_limit=memory_limit) as engine,
    ):
        written = past_writes(past, _columns(past, into, engine), engine, snapshot=into)
        found = folder / "folding"
        parts = written.parts(engine)
        for part in range(parts):
            query = query_of_snapshot(written, f"hash(id) % {parts} = {part}")
            engine.save(query, found / f"{part}.parquet")
        whole = f"from {Relation(found, 0).scan()}"
        save_snapshot(whole, known | {run.run for run in wrote}, engine, into)
    shutil.rmtree(found)
    shutil.rmtree(folder / "spill", ignore_errors=True)


def _columns(past: Sequence[PastRun], snapshot: Path, engine: Engine) -> dict[str, str]:
    """Give every field, spelled once, with its newest type."""
    older = fields_of_snapshot(snapshot, engine) if snapshot.is_file() else {}
    newer = fields_of_runs(past, engine)
    spelled = {field.lower() for field in newer}
    return {field: kind for field, kind in older.items() if field.lower() not in spelled} | newer


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
