"""The exit code of a run: never 0 with a rejected row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.ledger.contract import RunState

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Run

DONE, FAILED, REJECTED, HELD, INTERRUPTED = 0, 1, 3, 4, 130


def exit_code(run: Run) -> int:
    """Give the exit code that says how a run went, or what its plan holds."""
    if run.state is RunState.HELD:
        return HELD
    if run.state is RunState.FAILED:
        return FAILED
    if run.state in (RunState.INTERRUPTED, RunState.PAUSED):
        return INTERRUPTED
    return REJECTED if run.totals.rejected else DONE
