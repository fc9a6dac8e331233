"""Decide: read, compute and leave a plan in the ledger. Writes nothing to the CRM.

One way through: source → transform → match → plan → gates → ledger. Each stop hands the next a
relation at rest in the run folder.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.clock import new_run_id
from crm_sink.engine import Engine, open_engine, threads_for
from crm_sink.errors import MappingError
from crm_sink.flow.begun import begun
from crm_sink.flow.destination import Destination, destination_of, with_flag
from crm_sink.flow.judging import judged
from crm_sink.flow.planning import Planned, Planning, plan_changes
from crm_sink.flow.reading import read_present
from crm_sink.flow.remarks import quota, rejects_in_short
from crm_sink.flow.stages import Stages
from crm_sink.flow.unsettled import require_nothing_at_work
from crm_sink.ledger.contract import Run, RunState, Totals
from crm_sink.ledger.folder import RunFolder, write_rejects
from crm_sink.ledger.snapshot import snapshot_folder
from crm_sink.match.pair import Matched, Pairing, pair
from crm_sink.source.locate import locate
from crm_sink.source.stage import stage
from crm_sink.source.steady import steady
from crm_sink.source.trouble import reading
from crm_sink.transform.macros import MACROS
from crm_sink.transform.run import transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.engine import Relation
    from crm_sink.flow.context import Context, Request
    from crm_sink.source.stage import Source
    from crm_sink.transform.run import Transformed


def decide(request: Request, context: Context) -> Run:
    """Make a plan: what each record holds, what it should hold, and the difference.

    Returns:
        The run, `ready` or `held` by a gate; its changes and rejects are in the run folder.

    Raises:
        MappingError: The mapping does not fit the source or the org; all problems at once.
        SourceError: The predictions cannot be read.
        CrmSinkError: The run does not fit in memory or on the disk.
        CrmError: The org refused to be read.
        AlreadyRunning: Another process works on the mapping.
    """
    request = replace(request, loaded=with_flag(request.loaded))
    folder = RunFolder(context.home, new_run_id(context.clock)).create()
    run = _run(request, context, folder)
    with begun(run, folder, context):
        return _decide(request, context, run, folder)


def _run(request: Request, context: Context, folder: RunFolder) -> Run:
    return Run(
        run=folder.run,
        mapping=request.loaded.name,
        object=request.loaded.mapping.object,
        kind=request.kind,
        state=RunState.PLANNING,
        started=context.clock.now(),
        org=context.org,
        folder=folder.root,
        details={**context.named, **request.details},
    )


@dataclass(frozen=True, slots=True)
class _Trip:
    """What the stops share on the way."""

    request: Request
    context: Context
    run: Run
    folder: RunFolder
    engine: Engine
    stages: Stages
    shown: str  # where the predictions are, as a person may see it
    require_steady: Callable[[], None]  # raises when they were written anew since


def _decide(request: Request, context: Context, run: Run, folder: RunFolder) -> Run:
    located = locate(request.loaded.mapping.source, request.frame, environ=context.environ)
    with open_engine(
        folder.root,
        sources=[*located.files, context.home / "runs", snapshot_folder(context.home)],
        memory_limit=context.memory_limit,
        macros=MACROS,
        threads=threads_for(len(request.loaded.mapping.fields)),
    ) as engine:
        stages = Stages(run.run, context.listener, context.clock, context.stop)
        shown, require_steady = located.shown, steady(located)
        trip = _Trip(request, context, run, folder, engine, stages, shown, require_steady)
        with stages.stage("source") as done:
            source = stage(located, engine, folder.source)
            done(rows=source.rows)
        destination = _checked_destination(trip, source)
        among = None
        if request.narrow is not None:
            narrowed = request.narrow(source, request.loaded, destination, engine, folder)
            source, among = narrowed.source, narrowed.leavers
            trip = replace(trip, request=replace(request, loaded=narrowed.loaded))
        transformed = _transform(trip, source, destination)
        require_nothing_at_work(run, context)  # whose writes would be missed by what is read now
        matched, present, how = _match(trip, destination, transformed.desired)
        with stages.stage("plan") as done:
            planned = plan_changes(
                Planning(
                    name=run.mapping,
                    destination=destination,
                    matched=matched,
                    present=present,
                    engine=engine,
                    folder=folder,
                    context=context,
                    forced=request.api,
                    leavers_among=among,
                )
            )
            done(rows=planned.size.rows)
        return _close(trip, source, transformed, planned, how)


def _checked_destination(trip: _Trip, source: Source) -> Destination:
    loaded = trip.request.loaded
    destination, problems = destination_of(loaded, trip.context.crm, source.columns)
    if destination is None:
        raise MappingError(problems, hint=trip.run.command(f"validate {shlex.quote(loaded.file)}"))
    return destination


def _transform(trip: _Trip, source: Source, destination: Destination) -> Transformed:
    # A damaged page shows itself only when it is read.
    with trip.stages.stage("transform") as done, reading(trip.shown):
        transformed = transform(
            trip.request.loaded,
            destination.fields,
            destination.key,
            table=source.table,
            columns=source.columns,
            engine=trip.engine,
            into=trip.folder.desired,
        )
        transformed.rejects.path.replace(trip.folder.rejects_parts / "transform.parquet")
        trip.require_steady()
        rejected = transformed.rows - transformed.skipped - transformed.desired.rows
        done(rows=transformed.desired.rows, rejects=rejected)
    return transformed


def _match(
    trip: _Trip, destination: Destination, desired: Relation
) -> tuple[Matched, Relation, str]:
    pairing = Pairing(
        schema=destination.schema,
        key=destination.key,
        fields=tuple(destination.fields.values()),
        parent=destination.parent,
        create=destination.mapping.match.missing == "create",
    )
    with trip.stages.stage("match") as done:
        present, route = read_present(
            destination, desired, trip.context.crm, trip.engine, trip.folder.present
        )
        into = trip.folder.rejects_parts / "match.parquet"
        matched = pair(desired, present, pairing, trip.engine, into)
        done(rows=present.rows, rejects=matched.rejects.rows)
    return matched, present, route.reason


def _close(
    trip: _Trip, source: Source, transformed: Transformed, planned: Planned, how: str
) -> Run:
    rejected = write_rejects(trip.folder, trip.engine)
    totals = Totals(
        source_rows=source.rows,
        skipped=transformed.skipped,
        planned=source.rows - transformed.skipped + planned.leavers,
        to_create=planned.size.creates,
        to_update=planned.size.updates,
        to_clear=planned.size.clears,
        unchanged=planned.unchanged,
        rejected=rejected,
        conflicts=planned.conflicts,
        api_calls=trip.context.calls_made(),
    )
    with trip.stages.stage("gates") as done, reading(trip.shown):
        judgement = judged(
            trip.request, source, totals, trip.engine, trip.context, ours=planned.ours
        )
        trip.require_steady()
        done(rows=planned.size.rows)
    loaded = trip.request.loaded
    run = replace(
        trip.run,
        state=RunState.HELD if judgement.worst == "hold" else RunState.READY,
        totals=totals,
        api=str(planned.route.api) if planned.chunks else None,
        api_reason=planned.route.reason,
        rejects_file=trip.folder.rejects_csv if rejected else None,
        verdict=judgement.worst,
        verdicts=judgement.verdicts,
        details={
            **trip.run.details,
            "profile": judgement.profile,
            "mapping_file": loaded.file,
            "mapping_digest": loaded.digest,
            "key_field": loaded.mapping.match.field_name,
            "duplicates": loaded.mapping.duplicates,
            "estimated_calls": planned.route.calls,
            "read_by": how,
            "conflict_fields": planned.conflict_fields,
            "rules": planned.rules,
            "quota": quota(trip.context),
            "top_errors": rejects_in_short(trip.folder, trip.engine),
        },
    )
    trip.context.ledger.save_chunks(run.run, planned.chunks)
    trip.context.ledger.update(run)
    return run
