"""Deliver: take chunks from the ledger and write them to the CRM until none is left.

It cannot tell who made the plan. Chunks walk side by side, a bounded number at a time; a failure of
one lets those in flight finish, starts no other, and leaves the ledger saying what is left.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Chunk
from crm_sink.engine import Engine, Relation, open_engine, threads_for
from crm_sink.errors import (
    CrmError,
    CrmSinkError,
    Interrupted,
    PlanHeld,
    PlanOutdated,
    UsageError,
)
from crm_sink.events import RunEnded
from crm_sink.flow.fields import field_at
from crm_sink.flow.remarks import quota
from crm_sink.flow.resume import PLANS, is_unfinished
from crm_sink.flow.stages import Stages
from crm_sink.flow.tally import counted, written
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import ChunkRecord, Run, RunState
from crm_sink.ledger.folder import RunFolder
from crm_sink.tickets import Api
from crm_sink.write.walk import Walk, walk

if TYPE_CHECKING:
    from crm_sink.flow.context import Context, Lease
    from crm_sink.schema import ObjectSchema

# Collections answer at once; more than a few at a time only fight for the same locks.
CALLS_AT_ONCE = 4


def deliver(run: Run, context: Context, *, released_by: str | None = None) -> Run:
    """Write a plan to the CRM.

    Args:
        run: A run that is ready, held, or stopped on its way.
        context: The parts.
        released_by: Who answers for letting a held plan through.

    Raises:
        PlanHeld: A gate holds the plan, and nobody released it.
        PlanOutdated: A later run of the mapping has written since the plan was made.
        CrmError: The CRM refused; what was written is in the ledger.
    """
    _require_deliverable(run, context, released_by)
    run = replace(run, state=RunState.WRITING, released_by=released_by or run.released_by)
    with context.lease(run.mapping, run.run) as lease:
        context.ledger.update(run)
        return _deliver(run, context, lease)


def _require_deliverable(run: Run, context: Context, released_by: str | None) -> None:
    again = f"crm-sink plan {run.details.get('mapping_file', run.mapping)}"
    if run.state is RunState.HELD and not released_by:
        reasons = "; ".join(
            str(verdict["message"]) for verdict in run.verdicts if verdict["state"] == "hold"
        )
        raise PlanHeld(
            f"run {run.run} is held by a gate: {reasons}",
            hint=f'crm-sink apply {run.run} --release "your name"',
        )
    if run.state not in PLANS and not is_unfinished(run, context.ledger):
        raise UsageError(f"run {run.run} is {run.state}: there is nothing to apply", hint=again)
    later = [other.run for other in context.ledger.written(run.mapping) if other.run > run.run]
    if later and run.state in PLANS:
        raise PlanOutdated(
            f"run {later[-1]} has written to {run.object} since plan {run.run} was made",
            hint=again,
        )


def _deliver(run: Run, context: Context, lease: Lease) -> Run:
    folder = RunFolder(context.home, run.run).create()
    calls_before = context.calls_made()
    failure: CrmSinkError | None = None
    pending = context.ledger.chunks(run.run, unfinished=True)
    threads = threads_for(max((len(record.fields) for record in pending), default=0))
    with open_engine(folder.root, memory_limit=context.memory_limit, threads=threads) as engine:
        stages = Stages(run.run, context.listener, context.clock)
        with stages.stage("write") as done:
            try:
                _walk_all(pending, run, context, lease, engine)
            except CrmSinkError as error:
                failure = error
            with computing(folder.root):
                run = counted(run, context.ledger, folder, engine)
            done(rows=written(run), rejects=run.totals.failed)
    calls = run.totals.api_calls + context.calls_made() - calls_before
    run = replace(
        run,
        totals=replace(run.totals, api_calls=calls),
        # After a failure the org is not asked for its quota: it may not answer.
        details=run.details if failure else {**run.details, "quota": quota(context)},
    )
    failure = failure or _stopped(run, context)
    run = replace(
        run,
        state=_end_state(failure),
        ended=context.clock.now(),
        error=None if failure is None else str(failure),
    )
    context.ledger.update(run)
    if run.state is RunState.DONE:  # a run that stopped on its way needs them to go on
        folder.discard_working_files()
    context.listener(
        RunEnded(run.run, run.state, written(run), run.totals.rejected, run.totals.conflicts)
    )
    if failure is not None:
        failure.hint = _next(run, failure)
        raise failure
    return run


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
    # The day's quota frees by and by: nothing is wrong, and `resume` goes on.
    if isinstance(failure, CrmError) and failure.code == "REQUEST_LIMIT_EXCEEDED":
        return RunState.PAUSED
    return RunState.FAILED


def _next(run: Run, failure: CrmSinkError) -> str:
    resume = f"crm-sink resume {run.run}"
    if isinstance(failure, CrmError) and failure.hint:
        return f"{failure.hint}; then {resume}"
    return resume


def _walk_all(
    pending: list[ChunkRecord], run: Run, context: Context, lease: Lease, engine: Engine
) -> None:
    if not pending:
        return
    folder = RunFolder(context.home, run.run)
    schema = context.crm.describe(run.object)
    broken = threading.Event()
    way = Walk(
        crm=context.crm,
        ledger=context.ledger,
        folder=folder,
        clock=context.clock,
        listener=context.listener,
        judge=context.judge,
    )

    def one(record: ChunkRecord) -> None:
        if broken.is_set() or context.stop.is_asked():
            return
        lease.ensure()
        chunk = _chunk(record, run, schema, context, folder)
        cursor = engine.cursor()
        try:
            with computing(folder.root):
                walk(chunk, way, cursor)
        except CrmSinkError:
            broken.set()
            raise
        finally:
            cursor.close()

    at_once = context.parallel_jobs if pending[0].api is Api.BULK else CALLS_AT_ONCE
    with ThreadPoolExecutor(min(at_once, len(pending)), thread_name_prefix="chunk") as pool:
        walks = [pool.submit(one, record) for record in pending]
        wait(walks, return_when=FIRST_EXCEPTION)
    for walked in walks:
        walked.result()


def _chunk(
    record: ChunkRecord, run: Run, schema: ObjectSchema, context: Context, folder: RunFolder
) -> Chunk:
    return Chunk(
        run=run.run,
        number=record.number,
        object=record.object,
        action=record.action,
        api=record.api,
        key=field_at(str(run.details["key_field"]), schema, context.crm),
        fields=tuple(field_at(path, schema, context.crm) for path in record.fields),
        changes=Relation(folder.chunk(record.number), record.rows),
        ticket=record.ticket,
        workspace=folder.parts,
    )
