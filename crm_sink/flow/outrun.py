"""Look, before a saved plan is applied, whether its records have moved on since it was made.

A saved plan is never changed: when a few records have moved, a new plan is made of it, judged
anew, and that one is applied; when many have, none is. Records that did not exist when the plan was
made are not looked for: they are upserted by their key.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.clock import new_run_id
from crm_sink.crm.contract import Read
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.errors import PlanOutdated
from crm_sink.events import RunBegan
from crm_sink.flow.cuts import planned_chunks
from crm_sink.flow.editors import tell_editors
from crm_sink.flow.fields import field_at
from crm_sink.flow.reading import ID
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import ChunkRecord, Run
from crm_sink.ledger.folder import RunFolder, write_rejects
from crm_sink.match.route import read_route
from crm_sink.plan.changes import FieldRule
from crm_sink.plan.chunks import Size, cut, measure
from crm_sink.plan.deletes import cut_deletes
from crm_sink.plan.rejudge import Moved, compare, count, held_back, still_to_write
from crm_sink.schema import FieldSchema
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crm_sink.flow.context import Context

# A plan is out of date when at least so many of its records have moved on, and that share.
MOST_MOVED = 10
MOST_MOVED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Look:
    """What judging a plan anew works with.

    Attributes:
        planned: The plan.
        chunks: Those that are looked at.
        changes: Their rows (table `changes`).
        old: The plan's folder.
        folder: Where what comes of it is put.
    """

    planned: Run
    chunks: Sequence[ChunkRecord]
    changes: Relation
    old: RunFolder
    folder: RunFolder
    key: FieldSchema
    rules: Sequence[FieldRule]
    context: Context
    engine: Engine


def up_to_date(planned: Run, context: Context, *, again: str) -> Run:
    """Give the plan to apply: the one that was saved, or one made of it where records moved.

    Args:
        planned: A plan that nothing was written of yet; the caller holds its lease.
        context: The parts.
        again: The command that plans anew.

    Raises:
        PlanOutdated: Too many of its records have moved on.
        CrmError: The org refused to be read.
    """
    chunks = context.ledger.chunks(planned.run)
    if not chunks:
        return planned
    folder = RunFolder(context.home, new_run_id(context.clock)).create()
    old = RunFolder(context.home, planned.run)
    keep = False
    try:
        with (
            computing(folder.root),
            open_engine(
                folder.root, sources=[old.root], memory_limit=context.memory_limit
            ) as engine,
        ):
            changes = Relation(old.changes, sum(chunk.rows for chunk in chunks))
            key, rules = fields_of(planned, changes, context, engine)
            look = Look(planned, chunks, changes, old, folder, key, rules, context, engine)
            present = read_now(look)
            if present is None:
                return planned
            compared = compare(look.changes, present, rules)
            moved = count(compared, rules, engine)
            require_few(moved.records, look, again)
            if not moved.records:
                return planned
            keep = True
            return _made_anew(look, compared, moved)
    finally:
        if not keep:
            shutil.rmtree(folder.root, ignore_errors=True)


def fields_of(
    planned: Run, changes: Relation, context: Context, engine: Engine
) -> tuple[FieldSchema, list[FieldRule]]:
    """Give the key field and the fields of a plan's changes, with how they are treated."""
    schema = context.crm.describe(planned.object)
    columns = engine.columns(changes.scan())
    paths = [column.removesuffix(".write") for column in columns if column.endswith(".write")]
    told = planned.details.get("rules", {})
    rules = [FieldRule(field_at(path, schema, context.crm), **told.get(path, {})) for path in paths]
    return field_at(str(planned.details["key_field"]), schema, context.crm), rules


def read_now(look: Look) -> Relation | None:
    """Read the plan's records; of a large plan, those that were changed since it was made.

    The newest SystemModstamp that the plan saw is not later than the moment at which it read, by
    the org's own clock; whatever changed after that moment has at least that stamp.
    """
    engine, context = look.engine, look.context
    ids = f"select id as key from {look.changes.scan()} where id is not null"
    keys = engine.save(ids, look.folder.root / "keys.parquet")
    if keys.rows == 0:
        return None
    newest: datetime | None = engine.value(f"select max(modified) from {look.changes.scan()}")
    api = read_route(keys.rows).api
    query = Read(
        object=look.planned.object,
        key=ID,
        fields=tuple(rule.field for rule in look.rules),
        keys=keys,
        api=api,
        since=newest if api is Api.BULK else None,
    )
    present = context.crm.read(query, engine, look.folder.present)
    keys.path.unlink()
    return present


def require_few(moved: int, look: Look, again: str) -> None:
    """Make sure that few enough records have moved on.

    Raises:
        PlanOutdated: They are too many: the plan as a whole is out of date.
    """
    rows = look.changes.rows
    if moved >= MOST_MOVED and moved > MOST_MOVED_SHARE * rows:
        raise PlanOutdated(
            f"{moved:,} of the {rows:,} records of plan {look.planned.run} were changed "
            "since it was made",
            hint=again,
        )


def _made_anew(look: Look, compared: str, moved: Moved) -> Run:
    """Make and save a plan of what is left to write."""
    engine, folder, planned, context = look.engine, look.folder, look.planned, look.context
    chunks, size, deletes = _cut(look, compared)
    keep_conflicts(look, compared, moved.fields)
    shutil.copytree(look.old.rejects_parts, folder.rejects_parts, dirs_exist_ok=True)
    rejected = write_rejects(folder, engine)
    totals = planned.totals
    run = replace(
        planned,
        run=folder.run,
        folder=folder.root,
        started=context.clock.now(),
        totals=replace(
            totals,
            to_create=size.creates,
            to_update=size.updates,
            to_clear=size.clears + deletes,
            unchanged=totals.unchanged + moved.unchanged,
            conflicts=totals.conflicts + moved.conflicts,
        ),
        rejects_file=folder.rejects_csv if rejected else None,
        details={
            **planned.details,
            "made_of": planned.run,
            "moved": moved.records,
            "conflict_fields": planned.details.get("conflict_fields", 0) + moved.fields,
        },
    )
    context.ledger.begin(run)
    context.listener(RunBegan(run.run, run.mapping, run.object, run.kind))
    context.ledger.save_chunks(run.run, chunks)
    return run


def _cut(look: Look, compared: str) -> tuple[list[ChunkRecord], Size, int]:
    """Cut what is left to write; give the chunks, what they write, and how many they delete."""
    engine, folder, api = look.engine, look.folder, look.chunks[0].api
    left = f"({still_to_write(compared, look.rules)})"
    writes = engine.save(f"from {left} where action <> 'delete'", folder.root / "left.parquet")
    size = measure(writes, look.rules, engine)
    cuts = cut(writes, size, api, rules=look.rules, engine=engine, into=folder.changes)
    writes.path.unlink()
    first = max((chunk.number for chunk in cuts), default=-1) + 1
    gone = engine.save(f"from {left} where action = 'delete'", folder.root / "gone.parquet")
    deletes = cut_deletes(
        f"from {gone.scan()}", api, rows=gone.rows, first=first, engine=engine, into=folder.changes
    )
    gone.path.unlink()
    chunks = planned_chunks(cuts, look.planned.object, api, look.key, deletes=deletes)
    return chunks, size, gone.rows


def keep_conflicts(look: Look, compared: str, fields: int) -> None:
    """List the fields that are left alone now, beside those that the plan had left alone.

    Args:
        look: The parts.
        compared: A table of `rejudge.compare`.
        fields: How many are left alone now.
    """
    place = look.folder.conflicts
    now = held_back(compared, look.rules)
    parts = [f"from ({now})"] if fields else []
    if look.old.conflicts.exists():
        # Once only, when a run that was resumed is resumed again.
        twice = f"exists (from ({now}) n where n.id = o.id and n.field = o.field)"
        parts.append(f"from {Relation(look.old.conflicts, 0).scan()} o where not {twice}")
    if not parts:
        return
    listed = place.with_name(f"listed-{place.name}")
    look.engine.save(" union all by name ".join(f"({part})" for part in parts), listed)
    os.replace(listed, place)
    if fields:
        schema = look.context.crm.describe(look.planned.object)
        tell_editors(place, schema, look.context.crm, look.engine)
