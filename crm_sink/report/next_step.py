"""Where a run stands, in words, and the command that a person runs next. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from crm_sink.ledger.contract import RunState

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Run

STANDING = {
    RunState.PLANNING: "being planned",
    RunState.HELD: "held by a gate",
    RunState.READY: "planned, not yet applied",
    RunState.WRITING: "being written",
    RunState.PAUSED: "paused: the org's calls are used up",
    RunState.INTERRUPTED: "interrupted",
    RunState.FAILED: "failed",
    RunState.DONE: "done",
}


def standing(run: Run) -> str:
    """Say where a run stands: `done, with rejected rows`."""
    text = STANDING[run.state]
    if run.state in (RunState.DONE, RunState.READY) and run.totals.rejected:
        text += ", with rejected rows"
    return text


def to_write(run: Run) -> int:
    """Give how many records a run's plan writes."""
    return run.totals.to_create + run.totals.to_update + run.totals.to_clear


def next_step(run: Run) -> str:
    """Give the command to run next, with a word on why where it is not plain."""
    file = shlex.quote(str(run.details.get("mapping_file", f"mappings/{run.mapping}.yaml")))
    match run.state:
        case RunState.HELD:
            return run.command(f'apply {run.run} --release "your name"')
        case RunState.READY | RunState.DONE:
            return _after_a_plan(run, run.command(f"sync {file}"))
        case RunState.WRITING | RunState.PAUSED | RunState.INTERRUPTED:
            return run.command(f"resume {run.run}")
        case RunState.PLANNING:
            return run.command(f"plan {file}")
        case RunState.FAILED:
            return run.command(f"resume {run.run}" if run.api else f"plan {file}")


def _after_a_plan(run: Run, again: str) -> str:
    """Give the step after a plan that is ready, or done."""
    is_undo = run.kind == "undo"
    if run.state is RunState.READY:
        if to_write(run):
            return run.command(f"apply {run.run}")
        return "nothing to write" if is_undo else f"nothing to write; {again}"
    if is_undo:  # a sync would write again what was just taken back
        return f"{run.command(f'undo {run.run}')} would take the undo back"
    if run.totals.rejected:
        return f"mend the rejects, then {run.command(f'retry {run.run}')}"
    return again
