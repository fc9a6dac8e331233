"""From matched records to a plan: the differences, the leavers, the conflicts, the chunks.

Writes the run folder; the ledger is told by `decide`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from crm_sink.engine import Engine, Relation
from crm_sink.flow.cuts import planned_chunks
from crm_sink.flow.editors import tell_editors
from crm_sink.flow.past import Past
from crm_sink.flow.reading import read_leavers, read_records
from crm_sink.flow.unsettled import Now, past_by
from crm_sink.ledger.contract import ChunkRecord
from crm_sink.match.extras import CONVERTED
from crm_sink.plan.changes import clearing, compare, differing
from crm_sink.plan.chunks import Size, cut, measure
from crm_sink.plan.conflicts import Held, Places, hold_back
from crm_sink.plan.leavers import Leaving, collect_leavers
from crm_sink.plan.parts import groups_of, parts_for_jobs, parts_of
from crm_sink.plan.route import WriteRoute, write_route
from crm_sink.tables import match_key, sql_type
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.flow.context import Context
    from crm_sink.flow.destination import Destination
    from crm_sink.ledger.folder import RunFolder
    from crm_sink.match.pair import Matched
    from crm_sink.plan.written import Written
    from crm_sink.schema import FieldSchema

# Where fewer than one pair in so many holds different values, only those are compared: to find
# them costs a third of comparing all.
FEW = 4


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it was cut, and its figures."""

    chunks: tuple[ChunkRecord, ...]
    size: Size
    route: WriteRoute
    leavers: int  # records of ours that are no longer scored and still exist
    ours: int  # records that carry our values; 0 where leavers are kept
    unchanged: int
    conflicts: int  # records that are left alone
    conflict_fields: int
    rules: dict[str, dict[str, float | bool]]  # how each field is treated, kept with the plan


@dataclass(frozen=True, slots=True)
class Planning:
    """What planning works with."""

    name: str  # the mapping's
    destination: Destination
    matched: Matched
    present: Relation
    engine: Engine
    folder: RunFolder
    context: Context
    forced: Api | None
    leavers_among: str | None = None  # a query of the only leavers' ids, or None for all


def plan_changes(work: Planning) -> Planned:
    """Find what differs, hold back what people edited, and cut the rest into chunks."""
    engine, rules = work.engine, work.destination.rules
    fields = [rule.field for rule in rules]
    past = _past(work).writes({field.name: sql_type(field) for field in fields}, engine)
    found = _differing(work)
    leaving = Leaving(0, 0)
    if work.destination.mapping.leavers != "keep":
        leaving = _leavers(work, past)
    if leaving.records:
        found = _with_leavers(found, work)
    held = _hold_back(work, found.changes, past)
    size = measure(held.changes, rules, engine)
    route = write_route(
        size.rows,
        size.create_bytes + size.update_bytes,
        calls_left=work.context.crm.budget().remaining,
        forced=work.forced,
    )
    cuts = cut(held.changes, size, route.api, rules=rules, engine=engine, into=work.folder.changes)
    _discard(found.changes, held.changes)
    destination = work.destination
    chunks = planned_chunks(cuts, destination.schema.name, route.api, destination.key)
    return Planned(
        chunks=tuple(chunks),
        size=size,
        route=route,
        leavers=found.leavers,
        ours=leaving.ours,
        unchanged=work.matched.rows + found.leavers - size.rows - held.records,
        conflicts=held.records,
        conflict_fields=held.fields,
        rules={
            rule.field.name: {"tolerance": rule.tolerance, "protect": rule.protect}
            for rule in rules
        },
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What differs, before conflicts are held back: a folder with one file for each part."""

    changes: Relation
    parts: int
    leavers: int = 0


def _differing(work: Planning) -> _Found:
    """Compare part by part, so that each join fits in memory."""
    rules, folder = work.destination.rules, work.folder.root / "differing"
    creates = work.destination.mapping.match.missing == "create"
    pairs, keys = work.matched, work.folder.root / "apart.parquet"
    if pairs.apart * FEW < pairs.rows:
        pairs = pairs.narrowed(work.engine, keys)
    parts = _parts(work, pairs)
    groups = groups_of(parts)
    parts = -(-parts // groups) * groups
    rows = 0
    for group in range(groups):
        matched, place = pairs, work.folder.parts / "group"
        if groups > 1:
            matched = matched.group(group, groups, work.engine, place)
        for part in range(group, parts, groups):
            compared = compare(matched.part(part, parts), rules, creates=creates)
            query = differing(compared, rules, part)
            rows += work.engine.save(query, folder / f"chunk={part}" / "data.parquet").rows
        shutil.rmtree(place, ignore_errors=True)
    keys.unlink(missing_ok=True)
    return _Found(Relation(folder, rows), parts)


def _parts(work: Planning, pairs: Matched) -> int:
    """Give the number of parts in which to compare so many pairs."""
    rules, engine = work.destination.rules, work.engine
    nulls = engine.nulls(pairs.present)  # which the join leaves out
    joined = [rule for rule in rules if rule.field.name not in nulls]
    desired, present = pairs.desired, pairs.present
    if pairs.only is not None:
        desired, present = (
            Relation(side.path, min(side.rows, pairs.apart)) for side in (desired, present)
        )
    return max(parts_of(present, joined, engine), parts_for_jobs(desired, rules, engine))


def _with_leavers(found: _Found, work: Planning) -> _Found:
    """Add the changes for the records in temp table `leavers`."""
    rules, folder = work.destination.rules, found.changes.path
    present = read_leavers(
        work.destination, work.context.crm, work.engine, work.folder.root / "leavers.parquet"
    )
    parent = work.destination.parent
    extras = [field.name for field in work.destination.extras]
    leaving = clearing(
        present,
        rules,
        flag=work.destination.flag,
        parent=parent.name if parent else None,
        passed_over=next((name for name in extras if name == CONVERTED), None),
    )
    query = differing(leaving, rules, found.parts)
    added = work.engine.save(query, folder / f"chunk={found.parts}" / "data.parquet").rows
    leavers = int(work.engine.value(f"select count(*) from {leaving}"))
    return _Found(Relation(folder, found.changes.rows + added), found.parts + 1, leavers)


def _discard(*relations: Relation) -> None:
    for relation in relations:
        if relation.path.is_dir():
            shutil.rmtree(relation.path)
        else:
            relation.path.unlink(missing_ok=True)


def _past(work: Planning) -> Past:
    # Even for who has no use for it: what was written unheard keeps a run from being pruned.
    place, destination = work.folder.parts / "heard", work.destination
    fields = [rule.field for rule in destination.rules]
    read = partial(_read_more, work)
    now = Now(work.present, destination.key, fields, work.engine, place, read)
    past = past_by(now, work.name, work.context)
    needs_memory = destination.mapping.leavers != "keep" or any(
        rule.protect for rule in destination.rules
    )
    return past if needs_memory else Past()


def _read_more(work: Planning, by: FieldSchema, values: str, into: Path) -> Relation:
    name, fields = work.destination.schema.name, work.destination.fields.values()
    context, engine = work.context, work.engine
    return read_records(name, fields, values, crm=context.crm, engine=engine, into=into, by=by)


def _leavers(work: Planning, past: Written) -> Leaving:
    """Collect the records of ours that are no longer scored into temp table `leavers`."""
    rejects = Relation(work.folder.rejects_parts, 0).scan()
    key = match_key(work.destination.key, "key")
    return collect_leavers(
        past,
        work.engine,
        spoken_of=f"select id from {work.matched.table} where id is not null",
        rejected=f"select {key} from {rejects} where key is not null",
        key=key,
        among=work.leavers_among,
    )


def _hold_back(work: Planning, differing: Relation, past: Written) -> Held:
    """Hold back the fields that people edited since our last write."""
    rules = work.destination.rules
    if not any(rule.protect for rule in rules) or differing.rows == 0 or past.rows == 0:
        return Held(differing, records=0, fields=0)
    held = hold_back(
        differing,
        past,
        rules,
        engine=work.engine,
        places=Places(work.folder.conflicts, work.folder.held, work.folder.root / "kept"),
    )
    if held.fields:
        schema = work.destination.schema
        tell_editors(work.folder.conflicts, schema, work.context.crm, work.engine)
    return held
