"""What a run that was cut off may have written, judged by what the records hold now.

A process dies after the org took its rows and before the outcomes were stored; and then not
`resume` but the next sync is run. Without this it would take its own values for a person's edits,
and leave them alone for ever. A record that holds every value that the run was sending was written
by it; any other was not. What is found so is kept in the other run's folder (`RunFolder.heard`):
the next runs write newer values, and then the records tell no more.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Progress
from crm_sink.engine import Relation, name
from crm_sink.errors import AlreadyRunning, CrmError, Fate, LoginError
from crm_sink.flow.past import Past, past_of, undone_run
from crm_sink.flow.reading import ID
from crm_sink.flow.resume import IN_FLIGHT
from crm_sink.ledger.contract import ChunkState, Run, RunState
from crm_sink.ledger.folder import RunFolder
from crm_sink.plan.differ import differs
from crm_sink.plan.written import PastRun
from crm_sink.tables import match_key, same_change, sql_type, write
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.flow.context import Context
    from crm_sink.schema import FieldSchema
    from crm_sink.tickets import Ticket

CUT_OFF = (RunState.WRITING, RunState.PAUSED, RunState.INTERRUPTED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Now:
    """What the org holds, and where it is compared.

    Attributes:
        present: Table `present`, read just now.
        key: The field that is matched on.
        fields: Its fields.
        engine: Where to compute.
        place: A folder for what comes of it.
        read: Reads more records (table `present`): by a field, of which a query gives the values
            as column `key`, into a file.
    """

    present: Relation
    key: FieldSchema
    fields: Sequence[FieldSchema]
    engine: Engine
    place: Path
    read: Callable[[FieldSchema, str, Path], Relation]


def past_by(now: Now, mapping: str, context: Context) -> Past:
    """Find what earlier runs of a mapping left, and what those cut off have written unheard."""
    past = past_of(mapping, context.ledger, context.home)
    history = context.ledger.history(mapping)
    flying = {run.run: run for run in history if _is_in_flight(run, context)}
    if not flying:
        return past
    known = {each.run: each for each in past.runs}
    runs = []
    for run in reversed(history):  # oldest first
        if run.run in flying:
            runs.append(_heard(run, context, now))
        elif run.run in known:
            runs.append(known[run.run])
    return replace(past, runs=tuple(runs))


def require_nothing_at_work(run: Run, context: Context) -> None:
    """Make sure that no job of an earlier run of the mapping is still at work in the org.

    It would write its older values over those of this run.

    Raises:
        AlreadyRunning: One is.
        CrmError: The org did not tell.
    """
    for other in context.ledger.history(run.mapping):
        if other.state is RunState.DONE:  # which looked, too, before it wrote
            return
        if other.run == run.run or other.state not in CUT_OFF:
            continue
        for chunk in context.ledger.chunks(other.run, unfinished=True):
            if chunk.state is not ChunkState.CLOSED or chunk.ticket is None:
                continue
            if _is_at_work(chunk.ticket, context):
                raise AlreadyRunning(
                    f"job {chunk.ticket.job} of run {other.run} is still at work in the org: it "
                    "would write older values over newer ones",
                    where=run.mapping,
                    hint=other.command(f"resume {other.run}"),
                )


def _is_at_work(ticket: Ticket, context: Context) -> bool:
    if ticket.job is None:
        return False
    try:
        return context.crm.progress(ticket) is Progress.WAITING
    except CrmError as error:
        if error.fate is not Fate.STOP or isinstance(error, LoginError):
            raise
        return False  # the job was refused whole: it has written nothing


def _is_in_flight(run: Run, context: Context) -> bool:
    """Tell whether a run has rows of which it is not known what became, and can be found out.

    The rows of an old run may have been deleted, or be in another machine's home.
    """
    if run.state not in CUT_OFF:
        return False
    left = context.ledger.chunks(run.run, unfinished=True)
    if not any(chunk.state in IN_FLIGHT for chunk in left):
        return False
    return any(RunFolder(context.home, run.run).changes.rglob("*.parquet"))


@dataclass(frozen=True, slots=True)
class _Unheard:
    """The changes of a run that was cut off, of which no outcome is stored.

    Attributes:
        changes: Their SQL table.
        saved: The SQL table of what was found of them before, or None.
        same: The SQL condition that record `p` holds every value of change `c`.
    """

    changes: str
    saved: str | None
    same: str


def _heard(run: Run, context: Context, now: Now) -> PastRun:
    """Give a run with the outcomes that it stored, and those that its records tell."""
    old, place = RunFolder(context.home, run.run), now.place / run.run
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in old.outcomes.glob("*.parquet"):
        shutil.copy(file, place / file.name)
    found = _found(_unheard(run, old, place, context, now), now, now.place / f"found-{run.run}")
    heard = place / "heard.parquet"
    now.engine.save(found, heard)
    new = old.heard.with_name(f"new-{old.heard.name}")
    shutil.copy(heard, new)
    os.replace(new, old.heard)
    return PastRun(old.changes, place, run.run, undone_run(run), run.api == Api.BULK)


def _unheard(run: Run, old: RunFolder, stored: Path, context: Context, now: Now) -> _Unheard:
    chunks = context.ledger.chunks(run.run, unfinished=True)
    unsent = [chunk.number for chunk in chunks if chunk.state is ChunkState.PLANNED]
    changes = Relation(old.changes, 0).scan()
    columns = now.engine.columns(changes)
    some = [f"chunk not in ({', '.join(map(str, unsent))})"] if unsent else []
    if any(stored.iterdir()):
        known = f"select 1 from {Relation(stored, 0).scan()} o"
        some.append(f"not exists ({known} where {same_change('u', 'o')})")
    same = [
        f"(not c.{write(field.name)} or not {_differ(field)})"
        for field in now.fields
        if f"{field.name}.write" in columns
    ]
    return _Unheard(
        f"(from {changes} u where {' and '.join(some) or 'true'})",
        Relation(old.heard, 0).scan() if old.heard.exists() else None,
        " and ".join(same) or "true",
    )


def _found(unheard: _Unheard, now: Now, place: Path) -> str:
    """Give the query (table `outcomes`) of the changes that the records tell of."""
    present, new = now.present.scan(), match_key(now.key, "c.key")
    written = now.engine.save(
        f"{_outcome('c.id', 'true', 'false')} from {unheard.changes} c "
        f"join {present} p on p.id = c.id where {unheard.same} "
        # What was to be created has no id; who made the record cannot be told.
        f"union all {_outcome('p.id', 'true', 'null')} "
        f"from (from {unheard.changes} where id is null) c "
        f"join {present} p on p.match_key = {new} where {unheard.same}",
        place / "written.parquet",
    ).scan()
    parts = [f"from {written}"]
    if unheard.saved is not None:
        same = same_change("x", "s")
        parts.append(
            f"from {unheard.saved} s where not exists (from {written} x where {same}) "
            f"and exists (from {unheard.changes} x where {same})"
        )
    parts += _beyond(unheard, now, place)
    return " union all by name ".join(f"({part})" for part in parts)


def _beyond(unheard: _Unheard, now: Now, place: Path) -> Iterator[str]:
    """Read, once, the records that the batch does not speak of; give the queries of what they tell.

    What was to be created is looked for by its key, as everybody's record who has that key.
    """
    ok = f"(p.id is not null and {unheard.same})"
    looked_at = ""
    if unheard.saved is not None:
        looked_at = f" and not exists (from {unheard.saved} s where {same_change('c', 's')})"
    for by, column, here, there, made in (
        (ID, "id", "c.id", "id", "false"),
        (now.key, "key", match_key(now.key, "c.key"), "match_key", f"if({ok}, null, false)"),
    ):
        which = "c.id is not null" if by is ID else "c.id is null"
        seen = f"select 1 from {now.present.scan()} p where p.{there} = {here}"
        left = f"(from {unheard.changes} c where {which} and not exists ({seen}){looked_at})"
        file = place / f"by-{column}.parquet"
        keys = now.engine.save(f"select distinct {column} as key from {left}", file)
        if keys.rows:
            more = now.read(by, f"from {keys.scan()}", place / f"more-{column}.parquet").scan()
            told = _outcome("coalesce(c.id, p.id)", ok, made)
            yield f"{told} from {left} c left join {more} p on p.{there} = {here}"


def _outcome(record: str, ok: str, created: str) -> str:
    """Give the select list of an outcome of change `c`."""
    told = "null::varchar as code, null::varchar as message, null::varchar as fields"
    return (
        f"select c.chunk, c.row, c.key, {record} as id, {ok} as ok, "
        f"{created}::boolean as created, {told}"
    )


def _differ(field: FieldSchema) -> str:
    sent = f"try_cast(c.{name(field.name)} as {sql_type(field)})"
    return differs(field, sent, f"p.{name(field.name)}")
