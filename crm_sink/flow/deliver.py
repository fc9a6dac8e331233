"""Deliver: take chunks from the ledger and write them to the CRM until none is left.

It cannot tell who made the plan: a sync, a retry or an undo. How chunks walk is `pool`, and how
rows are sent again `rounds`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_sink.crm import budgeted
from crm_sink.engine import open_engine, threads_for
from crm_sink.errors import (
    CrmError,
    CrmSinkError,
    Fate,
    Interrupted,
    LedgerError,
    NoSuchRun,
    PlanHeld,
    PlanOutdated,
    UsageError,
)
from crm_sink.events import RunEnded
from crm_sink.flow.orphans import end_orphans
from crm_sink.flow.outrun import up_to_date
from crm_sink.flow.overtaken import without_overtaken
from crm_sink.flow.pool import Writing
from crm_sink.flow.remarks import quota
from crm_sink.flow.resume import PLANS, is_unfinished, written_since
from crm_sink.flow.rounds import write_all
from crm_sink.flow.stages import Stages
from crm_sink.flow.tally import counted, written
from crm_sink.flow.trouble import computing
from crm_sink.flow.unsettled import require_nothing_at_work
from crm_sink.ledger.contract import Run, RunState
from crm_sink.ledger.folder import RunFolder

if TYPE_CHECKING:
    from crm_sink.flow.context import Context, Lease

# The day's calls are used up. They free by and by: nothing is wrong, and `resume` goes on.
SPENT = frozenset({"REQUEST_LIMIT_EXCEEDED", "EXCEEDEDQUOTA", budgeted.CODE})

# The org forgot a job that it had taken: what the job wrote can only be read from the records.
GONE = "JOB_GONE"
# What a hint may end with: the command is said once, with the run.
AND_RESUME = re.compile(r"(?:(?:: |, then )?crm-sink resume(?: \S+)?)$")


def deliver(
    run: Run, context: Context, *, released_by: str | None = None, is_fresh: bool = False
) -> Run:
    """Write a plan to the CRM.

    Before a saved plan is written its records are read again (see `outrun`): only those that still
    hold what the plan saw are written as it says. The same holds for what a run that is resumed had
    not sent (see `overtaken`), but not for the plan of a sync, made a moment ago by this process.

    Args:
        run: A run that is ready, held, or stopped on its way.
        context: The parts.
        released_by: Who answers for letting a held plan through.
        is_fresh: Whether the plan was made just now.

    Returns:
        The run that was written: the plan's own, or that of a plan made of it.

    Raises:
        NoSuchRun: The rows that are left to write were deleted.
        PlanHeld: A gate holds the plan, and nobody released it.
        PlanOutdated: A later run of the mapping has written since the plan was made, or too many
            of its records were changed.
        AlreadyRunning: A job of an earlier run is still at work, or another process is.
        CrmError: The CRM refused; what was written is in the ledger.
    """
    _require_deliverable(run, context, released_by)
    with context.lease(run.mapping, run.run) as lease:
        # While this waited for the lease another process may have written, this very plan even.
        run = context.ledger.find(run.run)
        _require_deliverable(run, context, released_by)
        if run.state in PLANS:
            require_nothing_at_work(run, context)
        if run.state in PLANS and not is_fresh:
            run = up_to_date(run, context, again=_again(run))
        is_resumed = run.state not in PLANS
        run = replace(run, state=RunState.WRITING, released_by=released_by or run.released_by)
        context.ledger.update(run)
        return _deliver(run, context, lease, is_resumed=is_resumed)


def _require_deliverable(run: Run, context: Context, released_by: str | None) -> None:
    again = _again(run)
    if run.state is RunState.HELD and not released_by:
        reasons = "; ".join(
            str(verdict["message"]) for verdict in run.verdicts if verdict["state"] == "hold"
        )
        raise PlanHeld(
            f"run {run.run} is held by a gate: {reasons}",
            hint=run.command(f'apply {run.run} --release "your name"'),
        )
    if run.state not in PLANS and not is_unfinished(run, context.ledger):
        raise UsageError(
            f"run {run.run} is {run.state}: there is nothing to apply", hint=_after(run)
        )
    later = written_since(run, context.ledger)
    if later:  # of an unfinished run too: what is left of it is older than what was written since
        raise PlanOutdated(
            f"run {later} has written to {run.object} since run {run.run} was planned",
            hint=again,
        )
    folder = RunFolder(context.home, run.run)
    is_left = bool(context.ledger.chunks(run.run, unfinished=True))
    if is_left and not any(folder.changes.rglob("*.parquet")):
        raise NoSuchRun(
            f"the rows of run {run.run} are no longer kept, or are in another home",
            where=str(folder.root),
            hint=again,
        )


def _again(run: Run) -> str:
    """Give the command that makes such a plan anew."""
    for detail, verb in (("undoes", "undo"), ("retries", "retry")):
        if run.details.get(detail):
            return run.command(f"{verb} {run.details[detail]}")
    file = shlex.quote(str(run.details.get("mapping_file", run.mapping)))
    return run.command(f"plan {file}")


def _after(run: Run) -> str:
    """Give the command for a run of which nothing is left to apply."""
    if run.state is not RunState.DONE or run.kind == "sync":
        return _again(run)
    if run.kind == "retry" and run.totals.rejected:
        return run.command(f"retry {run.run}")
    return run.command(f"show {run.run}")  # to undo once more, or retry, would find nothing


def _deliver(run: Run, context: Context, lease: Lease, *, is_resumed: bool) -> Run:
    folder = RunFolder(context.home, run.run).create()
    calls_before = context.calls_made()
    failure: CrmSinkError | None = None
    pending = context.ledger.chunks(run.run, unfinished=True)
    threads = threads_for(max((len(record.fields) for record in pending), default=0))
    with open_engine(folder.root, memory_limit=context.memory_limit, threads=threads) as engine:
        work = Writing(run, context, lease, folder, engine)
        stages = Stages(run.run, context.listener, context.clock)
        with stages.stage("write") as done:
            try:
                with computing(folder.root):
                    end_orphans(run, context.open_jobs, context.ledger, context.listener)
                    if is_resumed:
                        folder.heard.unlink(missing_ok=True)  # it will be found out anew
                        run = without_overtaken(work, again=_again(run))
                    write_all(work)
            except CrmSinkError as error:
                failure = error
            try:
                with computing(folder.root):
                    run = counted(run, context.ledger, folder, engine)
            except CrmSinkError as error:  # of two, the first is what a person must mend
                failure = failure or error
            done(rows=written(run), rejects=run.totals.failed)
    run = replace(run, details={**run.details, "parallelism": _parallelism(work)})
    run, failure = _closed(run, context, context.calls_made() - calls_before, failure)
    if failure is None:  # a run that stopped on its way needs them to go on
        folder.discard_working_files()
    context.listener(
        RunEnded(run.run, run.state, written(run), run.totals.rejected, run.totals.conflicts)
    )
    if failure is not None:
        failure.hint = _next(run, failure)
        raise failure
    return run


def _closed(
    run: Run, context: Context, calls: int, failure: CrmSinkError | None
) -> tuple[Run, CrmSinkError | None]:
    """Tell the ledger how a run ended, and give what a person must mend first."""
    run = replace(
        run,
        totals=replace(run.totals, api_calls=run.totals.api_calls + calls),
        # After a failure the org is not asked for its quota: it may not answer.
        details=run.details if failure else {**run.details, "quota": quota(context)},
    )
    try:
        failure = failure or _stopped(run, context)
    except LedgerError as error:
        failure = error
    run = replace(
        run,
        state=_end_state(failure),
        ended=context.clock.now(),
        error=None if failure is None else str(failure),
    )
    try:
        context.ledger.update(run)
    except LedgerError as error:
        failure = failure or error
    return run, failure


def _parallelism(work: Writing) -> dict[str, Any]:
    """Tell how many calls and chunks were in flight at once, and why they became fewer."""
    stories = {str(api): gauge.story() for api, gauge in work.gauges.items()}
    return {"calls": work.context.calls_at_once.story(), **stories}


def _stopped(run: Run, context: Context) -> Interrupted | None:
    """Tell that a signal kept chunks from being sent."""
    left = len(context.ledger.chunks(run.run, unfinished=True))
    if not left:
        return None
    return Interrupted(
        f"run {run.run} was stopped with {left} chunks left", signal=context.stop.signal
    )


def _end_state(failure: CrmSinkError | None) -> RunState:
    if failure is None:
        return RunState.DONE
    if isinstance(failure, Interrupted):
        return RunState.INTERRUPTED
    if isinstance(failure, CrmError) and failure.code in SPENT and failure.fate is Fate.STOP:
        return RunState.PAUSED  # the other REQUEST_LIMIT_EXCEEDED, concurrency, is RETRY_SLOWER
    return RunState.FAILED


def _next(run: Run, failure: CrmSinkError) -> str:
    """Give the cure and the command that goes on."""
    if isinstance(failure, PlanOutdated):
        return failure.hint or _again(run)
    if isinstance(failure, CrmError) and failure.code == GONE:
        return f"{_again(run)}: it reads from the records what the job has written"
    cure = AND_RESUME.sub("", failure.hint or "")
    resume = run.command(f"resume {run.run}")
    return f"{cure}; then {resume}" if cure else resume
