"""Which runs may be pruned, and why the others must stay. Pure: it reads no file and no database.

A run that wrote may go only together with every older one that wrote, because what they wrote is
folded into one row for each record, older than every run that stays. An undo and the run that it
took back go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.ledger.contract import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from crm_sink.ledger.contract import Run


@dataclass(frozen=True, slots=True)
class Expired:
    """What may go of one mapping's runs, and what must stay although it is old."""

    runs: tuple[Run, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()  # run, why


def expired(
    runs: Sequence[Run],
    wrote: Collection[str],
    *,
    before: datetime,
    is_unfinished: Callable[[Run], bool],
    is_here: Callable[[Run], bool],
) -> Expired:
    """Choose the runs that may be pruned.

    Args:
        runs: All runs of one mapping, oldest first.
        wrote: The ids of those that wrote something.
        before: Runs that ended earlier are old.
        is_unfinished: Tells whether a run can be resumed.
        is_here: Tells whether a run's rows are in this home.
    """
    reasons = {
        run.run: _why_kept(run, runs, wrote, is_unfinished=is_unfinished, is_here=is_here)
        for run in runs
    }
    free = {run.run for run in runs if _is_old(run, before) and reasons[run.run] is None}
    writing = [run for run in runs if run.run in wrote]
    going = {run.run for run in writing[: _prefix(writing, free)]}
    chosen = [run for run in runs if run.run in free and (run.run not in wrote or run.run in going)]
    kept = [
        (run.run, reasons[run.run] or "an older run, or an undo of it, must stay")
        for run in runs
        if _is_old(run, before) and run not in chosen
    ]
    return Expired(tuple(chosen), tuple(kept))


def _is_old(run: Run, before: datetime) -> bool:
    return (run.ended or run.started) < before


def _why_kept(
    run: Run,
    runs: Sequence[Run],
    wrote: Collection[str],
    *,
    is_unfinished: Callable[[Run], bool],
    is_here: Callable[[Run], bool],
) -> str | None:
    if is_unfinished(run):
        return "it is not finished: resume it"
    later = [other for other in runs if other.run > run.run]
    is_outdated = any(other.run in wrote for other in later)
    if run.state is RunState.HELD and not is_outdated:
        return "its plan is held by a gate"
    if run.state is RunState.READY and not is_outdated:
        return "its plan waits to be applied"
    if _has_profile(run) and not any(_has_profile(other) for other in later):
        return "the gates compare the next batch with it"
    if run.run in wrote and not is_here(run):
        return "its folder is not in this home"
    return None


def _has_profile(run: Run) -> bool:
    return run.state is RunState.DONE and bool(run.details.get("profile"))


def _prefix(writing: Sequence[Run], free: Collection[str]) -> int:
    """Give how many of the oldest runs that wrote may go, an undo only with what it took back."""
    end = next((at for at, run in enumerate(writing) if run.run not in free), len(writing))
    while True:
        taken_back = {run.details.get("undoes") for run in writing[end:]}
        cut = next((at for at, run in enumerate(writing[:end]) if run.run in taken_back), end)
        if cut == end:
            return end
        end = cut
