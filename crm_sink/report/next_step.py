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
    again = f"crm-sink sync {file}"
    match run.state:
        case RunState.HELD:
            return f'crm-sink apply {run.run} --release "your name"'
        case RunState.READY:
            return f"crm-sink apply {run.run}" if to_write(run) else f"nothing to write; {again}"
        case RunState.WRITING | RunState.PAUSED | RunState.INTERRUPTED:
            return f"crm-sink resume {run.run}"
        case RunState.PLANNING:
            return f"crm-sink plan {file}"
        case RunState.FAILED:
            return f"crm-sink resume {run.run}" if run.api else f"crm-sink plan {file}"
        case RunState.DONE:
            return f"mend the rejects, then {again}" if run.totals.rejected else again
