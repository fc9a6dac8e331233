"""Retry: make a new plan for the rejects of a run, after the data or the org was mended.

It is `decide` over fewer predictions: those whose rows were rejected, read again from the mapping's
source. Nothing is known of gates here: they judge a whole batch, and this is the rest of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.errors import NoSuchRun, UsageError
from crm_sink.flow.context import Request
from crm_sink.flow.decide import decide
from crm_sink.flow.destination import with_flag
from crm_sink.flow.narrowing import Narrowing
from crm_sink.flow.resume import PLANS, is_unfinished
from crm_sink.ledger.contract import RunState
from crm_sink.ledger.folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Ledger, Run
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.tickets import Api


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """What is asked of `retry`.

    Attributes:
        old: The run whose rejects are tried again.
        loaded: Its mapping, as it is now.
        file: An edited reject file, or None for all rejects of the run.
        frame: The predictions, when the mapping names no source.
        api: How the changes are to travel.
    """

    old: Run
    loaded: LoadedMapping
    file: Path | None = None
    frame: object | None = None
    api: Api | None = None


def latest_rejected(ledger: Ledger) -> Run:
    """Give the latest run with rejects that no later run has tried again.

    Raises:
        NoSuchRun: There is none.
    """
    retried = set()
    for run in ledger.history():
        if run.state is RunState.DONE:
            retried.add(run.details.get("retries"))
        has_rejects = run.totals.rejected and run.state in (RunState.DONE, RunState.FAILED)
        if has_rejects and run.kind != "undo" and run.run not in retried:
            return run
    raise NoSuchRun("no run has rejects left to try again", hint="crm-sink runs")


def retry(request: RetryRequest, context: Context) -> Run:
    """Make the plan that tries the rejects of a run again.

    Returns:
        The retry's own run, `ready`. Rejects that cannot be found in the source any more, or that
        are still wrong, are its rejects.

    Raises:
        UsageError: The run cannot be retried, or a line of the edited file is wrong (file:line).
        NoSuchRun: The run's files were deleted.
        CrmSinkError: As of `decide`.
    """
    old = request.old
    _require_retriable(request, context)
    loaded = _without_batch_rules(with_flag(request.loaded))
    return decide(
        Request(
            loaded,
            frame=request.frame,
            api=request.api,
            kind="retry",
            narrow=Narrowing(RunFolder(context.home, old.run), request.file),
            details={"retries": old.run},
        ),
        context,
    )


def _require_retriable(request: RetryRequest, context: Context) -> None:
    old = request.old
    if old.kind == "undo":
        undone = old.details.get("undoes")
        raise UsageError(
            f"run {old.run} is an undo: it has no predictions", hint=old.command(f"undo {undone}")
        )
    if old.state in PLANS:
        raise UsageError(
            f"run {old.run} is a plan that was not applied yet",
            hint=old.command(f"apply {old.run}"),
        )
    if is_unfinished(old, context.ledger):
        raise UsageError(f"run {old.run} is not finished", hint=old.command(f"resume {old.run}"))
    if not old.totals.rejected:
        raise UsageError(f"run {old.run} has no rejects: there is nothing to try again")
    if request.loaded.name != old.mapping:
        raise UsageError(
            f"run {old.run} is of mapping {old.mapping}, not of {request.loaded.name}",
            where=request.loaded.file,
        )
    if not RunFolder(context.home, old.run).rejects_parquet.is_file():
        raise NoSuchRun(
            f"the rejects of run {old.run} are no longer kept",
            where=str(RunFolder(context.home, old.run).root),
            hint=old.command(f"sync {request.loaded.file}"),
        )


def _without_batch_rules(loaded: LoadedMapping) -> LoadedMapping:
    mapping = loaded.mapping.model_copy(update={"gates": None})
    return loaded.model_copy(update={"mapping": mapping})
