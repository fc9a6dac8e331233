"""Which run to go on with: resume is deliver once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import NoSuchRun
from crm_sink.ledger.contract import ChunkState, RunState

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Ledger, Run

# A plan that nothing was written of yet; it is applied, not resumed.
PLANS = frozenset({RunState.READY, RunState.HELD})
# A chunk in one of these states was sent, and what became of it is not yet known.
IN_FLIGHT = frozenset(
    {ChunkState.SENDING, ChunkState.CREATED, ChunkState.UPLOADED, ChunkState.CLOSED}
)


def is_unfinished(run: Run, ledger: Ledger) -> bool:
    """Tell whether a run began to write and has chunks left, or was never told as ended.

    One that was undone since is not gone on with: it would write again what was taken back.
    """
    if run.state in (RunState.WRITING, RunState.PAUSED, RunState.INTERRUPTED):
        return not _is_undone(run, ledger)
    has_chunks = run.state is RunState.FAILED and ledger.chunks(run.run, unfinished=True)
    return bool(has_chunks) and not _is_undone(run, ledger)


def _is_undone(run: Run, ledger: Ledger) -> bool:
    return any(later.details.get("undoes") == run.run for later in ledger.written(run.mapping))


def written_since(run: Run, ledger: Ledger) -> str | None:
    """Give the latest run of the mapping that wrote after this one began, by the ledger's order.

    Not by the runs' ids: they hold the time, and clocks jump.
    """
    wrote = {other.run for other in ledger.written(run.mapping)}
    for other in ledger.history(run.mapping):
        if other.run == run.run:
            break
        if other.run in wrote:
            return other.run
    return None


def latest_unfinished(ledger: Ledger) -> Run:
    """Give the latest run that began to write and did not end.

    A run is passed over when a later one of its mapping was done: what is left of it is out of
    date.

    Raises:
        NoSuchRun: Every run has ended.
    """
    done: set[str] = set()
    for run in ledger.history():
        if run.state is RunState.DONE:
            done.add(run.mapping)
        elif run.mapping not in done and is_unfinished(run, ledger):
            return run
    raise NoSuchRun("no run was left unfinished", hint="crm-sink runs")
