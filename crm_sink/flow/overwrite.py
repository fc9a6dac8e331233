"""Overwrite what people edited, because somebody says so: in a mapping, or in a plan that is made.

A saved plan is never changed. To apply one with its conflicts, a new plan is made of it: the same
changes, and those that were held back. Nothing is read again.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.clock import new_run_id
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.errors import UsageError
from crm_sink.flow.cuts import planned_chunks
from crm_sink.flow.fields import field_at
from crm_sink.flow.resume import PLANS
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import ChunkRecord, Run
from crm_sink.ledger.folder import RunFolder, write_rejects
from crm_sink.plan.changes import FieldRule
from crm_sink.plan.chunks import Size, cut, measure
from crm_sink.plan.route import WriteRoute, write_route
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.flow.context import Context
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import FieldSchema


def overwriting(loaded: LoadedMapping) -> LoadedMapping:
    """Give a mapping that overwrites what people edited, in every field."""
    fields = {
        path: spec.model_copy(update={"edits": None})
        for path, spec in loaded.mapping.fields.items()
    }
    mapping = loaded.mapping.model_copy(update={"edits": "overwrite", "fields": fields})
    return loaded.model_copy(update={"mapping": mapping})


def with_conflicts(planned: Run, context: Context) -> Run:
    """Make a plan that also writes what another plan holds back for people's edits.

    Returns:
        The new plan, held by a gate if the other is; or the same plan, when it holds nothing back.

    Raises:
        UsageError: The run is no plan that waits, or it is an undo.
    """
    if not planned.details.get("conflict_fields"):
        return planned
    if planned.state not in PLANS or planned.kind == "undo":
        file = planned.details.get("mapping_file", planned.mapping)
        raise UsageError(
            f"run {planned.run} is no plan whose conflicts can be overwritten",
            hint=planned.command(f"plan {file} --overwrite-conflicts"),
        )
    old = RunFolder(context.home, planned.run)
    folder = RunFolder(context.home, new_run_id(context.clock)).create()
    with (
        context.lease(planned.mapping, folder.run),
        computing(folder.root),
        open_engine(folder.root, sources=[old.root], memory_limit=context.memory_limit) as engine,
    ):
        fields = _fields(planned, old, context, engine)
        chunks, size, route = _cut(planned, (old, folder), fields, context, engine)
        shutil.copytree(old.rejects_parts, folder.rejects_parts, dirs_exist_ok=True)
        rejected = write_rejects(folder, engine)
    run = replace(
        planned,
        run=folder.run,
        folder=folder.root,
        started=context.clock.now(),
        totals=replace(
            planned.totals,
            to_create=size.creates,
            to_update=size.updates,
            to_clear=size.clears,
            conflicts=0,
        ),
        api=str(route.api),
        api_reason=route.reason,
        rejects_file=folder.rejects_csv if rejected else None,
        details={
            **planned.details,
            "overwrites": planned.run,
            "conflict_fields": 0,
            "estimated_calls": route.calls,
        },
    )
    context.ledger.begin(run)
    context.ledger.save_chunks(run.run, chunks)
    folder.discard_working_files()
    return run


def _fields(planned: Run, old: RunFolder, context: Context, engine: Engine) -> list[FieldSchema]:
    schema = context.crm.describe(planned.object)
    columns = engine.columns(Relation(old.held, 0).scan())
    paths = [column.removesuffix(".write") for column in columns if column.endswith(".write")]
    return [field_at(path, schema, context.crm) for path in paths]


def _cut(
    planned: Run,
    folders: tuple[RunFolder, RunFolder],
    fields: Sequence[FieldSchema],
    context: Context,
    engine: Engine,
) -> tuple[list[ChunkRecord], Size, WriteRoute]:
    old, folder = folders
    rules = [FieldRule(field) for field in fields]
    held = Relation(old.held, 0).scan()
    parts = [f"select * from {held}"]
    if any(old.changes.rglob("*.parquet")):
        changes = Relation(old.changes, 0).scan()
        parts.append(
            f"select * from {changes} where id is null or id not in (select id from {held})"
        )
    whole = engine.save(" union all by name ".join(parts), folder.parts / "whole.parquet")
    size = measure(whole, rules, engine)
    route = write_route(
        size.rows,
        size.create_bytes + size.update_bytes,
        calls_left=context.crm.budget().remaining,
        forced=Api(planned.api) if planned.api else None,
    )
    cuts = cut(whole, size, route.api, rules=rules, engine=engine, into=folder.changes)
    schema = context.crm.describe(planned.object)
    key = field_at(str(planned.details["key_field"]), schema, context.crm)
    return planned_chunks(cuts, planned.object, route.api, key), size, route
