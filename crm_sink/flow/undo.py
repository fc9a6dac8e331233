"""Undo: make a plan that puts back what records held before a run. Writes nothing to the CRM.

The plan is made from what the run left in its folder, and is then a plan like any other: saved,
shown, delivered, verified and, if need be, undone.
"""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.clock import new_run_id
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.errors import NoSuchRun, UsageError
from crm_sink.flow.begun import begun
from crm_sink.flow.cuts import planned_chunks
from crm_sink.flow.editors import tell_editors
from crm_sink.flow.fields import field_at, written_fields
from crm_sink.flow.reading import read_records
from crm_sink.flow.remarks import quota, rejects_in_short
from crm_sink.flow.resume import IN_FLIGHT, written_since
from crm_sink.flow.stages import Stages
from crm_sink.ledger.contract import ChunkRecord, Run, RunState, Totals
from crm_sink.ledger.folder import RunFolder, write_rejects
from crm_sink.match.extras import parent_field
from crm_sink.plan import undoing as back
from crm_sink.plan.changes import FieldRule
from crm_sink.plan.chunks import cut, measure
from crm_sink.plan.deletes import ROW_BYTES, cut_deletes
from crm_sink.plan.parts import parts_of
from crm_sink.plan.route import WriteRoute, write_route
from crm_sink.plan.undoing import Undoing

if TYPE_CHECKING:
    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Ledger
    from crm_sink.schema import ObjectSchema
    from crm_sink.tickets import Api


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """What is asked of `undo`."""

    old: Run
    delete_created: bool = False
    api: Api | None = None


def undo(request: UndoRequest, context: Context) -> Run:
    """Make the plan that takes a run back.

    A field is restored only where the record still holds what the run wrote; what somebody changed
    since is a conflict, listed in the run folder. Records that the run created stay, unless their
    deletion is asked for.

    Returns:
        The undo's own run, `ready`.

    Raises:
        UsageError: The run wrote nothing, or part of it is still on its way.
        NoSuchRun: The run's files were deleted.
        CrmError: The org refused to be read.
        AlreadyRunning: Another process works on the mapping.
    """
    old = request.old
    require_settled(old, context.ledger)
    require_rows(old, context)
    folder = RunFolder(context.home, new_run_id(context.clock)).create()
    run = Run(
        run=folder.run,
        mapping=old.mapping,
        object=old.object,
        kind="undo",
        state=RunState.PLANNING,
        started=context.clock.now(),
        org=context.org,
        folder=folder.root,
        details={
            **context.named,
            "undoes": old.run,
            "mapping_file": old.details.get("mapping_file", old.mapping),
            "key_field": old.details["key_field"],
        },
    )
    with begun(run, folder, context):
        return _plan(request, context, run, folder)


def require_settled(run: Run, ledger: Ledger) -> None:
    """Make sure that what became of each row that a run sent is known.

    Raises:
        UsageError: It is being written, or was stopped with rows on their way.
    """
    if any(chunk.state in IN_FLIGHT for chunk in ledger.chunks(run.run)):
        later = written_since(run, ledger)  # after which it is not resumed any more
        since = f" before run {later} wrote" if later else ""
        file = shlex.quote(str(run.details.get("mapping_file", run.mapping)))
        raise UsageError(
            f"run {run.run} was stopped with rows on their way: what became of them is not "
            f"known{since}",
            hint=run.command(f"plan {file}" if later else f"resume {run.run}"),
        )


def require_rows(run: Run, context: Context) -> None:
    """Make sure that a run wrote something, and that its rows are still there.

    Raises:
        UsageError: It wrote nothing.
        NoSuchRun: Its rows were deleted.
    """
    if not any(chunk.ok for chunk in context.ledger.chunks(run.run)):
        raise UsageError(f"run {run.run} wrote nothing", hint=f"crm-sink show {run.run}")
    folder = RunFolder(context.home, run.run)
    if not any(folder.changes.rglob("*.parquet")) or not any(folder.outcomes.glob("*.parquet")):
        raise NoSuchRun(
            f"the rows of run {run.run} are no longer kept: what it wrote is not known",
            where=str(folder.root),
            hint="restore the folder from a copy",
        )


@dataclass(frozen=True, slots=True)
class _Trip:
    """What the steps share on the way."""

    request: UndoRequest
    context: Context
    run: Run
    folder: RunFolder
    engine: Engine
    schema: ObjectSchema
    undoing: Undoing

    @property
    def rules(self) -> list[FieldRule]:
        """The fields, as those who cut chunks want them."""
        return [FieldRule(field) for field in self.undoing.fields]


def _plan(request: UndoRequest, context: Context, run: Run, folder: RunFolder) -> Run:
    old = RunFolder(context.home, request.old.run)
    stages = Stages(run.run, context.listener, context.clock, context.stop)
    with open_engine(folder.root, sources=[old.root], memory_limit=context.memory_limit) as engine:
        schema = context.crm.describe(run.object)
        parent = parent_field(schema)
        undoing = Undoing(
            fields=[
                field_at(path, schema, context.crm)
                for path in written_fields(request.old, context.ledger)
            ],
            parent=parent.name if parent else None,
            delete_created=request.delete_created,
        )
        trip = _Trip(request, context, run, folder, engine, schema, undoing)
        with stages.stage("source") as done:
            changes, outcomes = Relation(old.changes, 0), Relation(old.outcomes, 0)
            wrote = back.wrote(changes, outcomes, undoing, engine)
            rows = int(engine.value(f"select count(*) from {wrote}"))
            done(rows=rows)
        with stages.stage("match") as done:
            ids = f"select id as key from {wrote}"
            present = read_records(
                run.object, undoing.fields, ids, crm=context.crm, engine=engine, into=folder.present
            )
            done(rows=present.rows)
        with stages.stage("plan") as done:
            found = _judge(trip, wrote, rows, present)
            run = _close(trip, found)
            done(rows=run.totals.to_update + run.totals.to_clear, rejects=run.totals.rejected)
    return run


@dataclass(frozen=True, slots=True)
class _Found:
    """What becomes of what the run wrote."""

    rows: int
    changes: Relation  # what is restored: a folder with one file for each part
    rest: Relation  # what is not simply restored
    fates: dict[str, int]


def _judge(trip: _Trip, wrote: str, rows: int, present: Relation) -> _Found:
    """Judge part by part, so that each join fits in memory."""
    changes, rest = trip.folder.root / "restored", trip.folder.parts / "rest"
    parts = parts_of(present, trip.rules, trip.engine)
    others = restored = 0
    for part in range(parts):
        more = back.rest(back.judged(wrote, present, trip.undoing, (part, parts)), trip.undoing)
        others += trip.engine.save(more, rest / f"{part}.parquet").rows
    # Rows that wait to be written hold both values that the run knew, beside the hash table.
    for part in range(2 * parts):
        query = back.judged(wrote, present, trip.undoing, (part, 2 * parts))
        place = changes / f"chunk={part}" / "data.parquet"
        restored += trip.engine.save(back.restored(query, trip.undoing, part), place).rows
    found = Relation(rest, others)
    fates = back.counts(found, trip.engine) | {back.UPDATE: restored}
    fates[back.UNCHANGED] = rows - sum(fates.values())
    return _Found(rows, Relation(changes, restored), found, fates)


def _close(trip: _Trip, found: _Found) -> Run:
    engine, folder, context = trip.engine, trip.folder, trip.context
    chunks, route = _cut(trip, found)
    engine.save(back.rejects(found.rest, trip.run.object), folder.rejects_parts / "match.parquet")
    conflict_fields = _list_conflicts(trip, found.rest)
    rejected = write_rejects(folder, engine)
    kept = 0 if trip.request.delete_created else _created(trip)
    run = replace(
        trip.run,
        state=RunState.READY,
        totals=Totals(
            source_rows=found.rows + kept,
            skipped=kept,
            planned=found.rows,
            to_update=found.fates.get(back.UPDATE, 0),
            to_clear=found.fates.get(back.DELETE, 0),
            unchanged=found.fates.get(back.UNCHANGED, 0),
            rejected=rejected,
            conflicts=found.fates.get(back.CONFLICT, 0),
            api_calls=context.calls_made(),
        ),
        api=str(route.api) if chunks else None,
        api_reason=route.reason,
        rejects_file=folder.rejects_csv if rejected else None,
        details={
            **trip.run.details,
            "estimated_calls": route.calls,
            "conflict_fields": conflict_fields,
            "created_kept": kept,
            "quota": quota(context),
            "top_errors": rejects_in_short(folder, engine),
        },
    )
    context.ledger.save_chunks(run.run, chunks)
    context.ledger.update(run)
    return run


def _created(trip: _Trip) -> int:
    old = RunFolder(trip.context.home, trip.request.old.run)
    return back.count_created(Relation(old.changes, 0), Relation(old.outcomes, 0), trip.engine)


def _cut(trip: _Trip, found: _Found) -> tuple[list[ChunkRecord], WriteRoute]:
    engine, into = trip.engine, trip.folder.changes
    deletes = found.fates.get(back.DELETE, 0)
    size = measure(found.changes, trip.rules, engine)
    route = write_route(
        size.rows + deletes,
        size.update_bytes + deletes * ROW_BYTES,
        calls_left=trip.context.crm.budget().remaining,
        forced=trip.request.api,
    )
    updates = cut(found.changes, size, route.api, rules=trip.rules, engine=engine, into=into)
    shutil.rmtree(found.changes.path)
    first = max((chunk.number for chunk in updates), default=-1) + 1
    gone = cut_deletes(
        back.deleted(found.rest, trip.undoing),
        route.api,
        rows=deletes,
        first=first,
        engine=engine,
        into=into,
    )
    return planned_chunks(updates, trip.run.object, route.api, deletes=gone), route


def _list_conflicts(trip: _Trip, found: Relation) -> int:
    path = trip.folder.conflicts
    listed = trip.engine.save(back.conflicts(found, trip.undoing), path)
    if listed.rows:
        tell_editors(path, trip.schema, trip.context.crm, trip.engine)
    else:
        path.unlink()
    return listed.rows
