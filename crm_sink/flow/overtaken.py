"""Look, before an unfinished run goes on, whether somebody edited what it has yet to send.

It may have waited for a day, for the org's quota. What was sent is settled elsewhere; what was not
(see `unsent`), and what the org refused for a passing reason, is held against the records as they
are now, as a saved plan is (see `outrun`). Chunks with a record that somebody gave a third value
are replaced by chunks that leave it alone.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.engine import Relation
from crm_sink.flow.outrun import Look, fields_of, keep_conflicts, read_now, require_few
from crm_sink.flow.rounds import next_round
from crm_sink.flow.unsent import CARRIER, place_of, rows_of, unsent
from crm_sink.ledger.contract import ChunkRecord, ChunkState, Run
from crm_sink.plan.rejudge import compare, count, overtaken, still_to_write
from crm_sink.tickets import Api
from crm_sink.write.settle import sync

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.flow.pool import Writing
    from crm_sink.ledger.contract import Ledger
    from crm_sink.ledger.folder import RunFolder

# A key alone does not tell: it may have gone from a leaver's record to another.
SAME = "t.chunk = c.chunk and t.key = c.key and t.id is not distinct from c.id"


def without_overtaken(work: Writing, *, again: str) -> Run:
    """Leave alone, in what a run has yet to send, what somebody edited since it was planned.

    Args:
        work: The unfinished run and its parts; the caller holds its lease.
        again: The command that plans anew.

    Returns:
        The run with its new figures; its chunks are in the ledger.

    Raises:
        PlanOutdated: Too many of the records have moved on.
        CrmError: The org refused to be read.
    """
    folder, engine = work.folder, work.engine
    run = _without_unfinished(work.run, folder, work.context.ledger)
    next_round(work)  # what waits is then in chunks of its own
    chunks = unsent(work)
    if not chunks:
        return run
    changes = engine.save(rows_of(chunks, folder), folder.parts / "unsent.parquet")
    key, rules = fields_of(run, changes, work.context, engine)
    look = Look(run, chunks, changes, folder, folder, key, rules, work.context, engine)
    present = read_now(look)
    if present is None:
        return run
    query = overtaken(compare(changes, present, rules), rules)
    moved = engine.save(query, folder.parts / "overtaken.parquet")
    if moved.rows:
        require_few(moved.rows, look, again)
        run = _left_alone(run, look, moved)
    for relation in (changes, present, moved):
        relation.path.unlink()
    return run


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What is left alone, once its chunks are replaced."""

    moved: int  # records
    conflicts: int  # those of them of which nothing is written
    conflict_fields: int


def _counted(run: Run, more: LeftAlone, chunks: Sequence[int]) -> Run:
    """Count what is left alone in a run's figures.

    Args:
        run: The run.
        more: What is added.
        chunks: Those that are then replaced; empty when what was counted is taken back.
    """
    details = run.details
    added = {
        "moved": details.get("moved", 0) + more.moved,
        "conflict_fields": details.get("conflict_fields", 0) + more.conflict_fields,
        "left_alone": {"chunks": list(chunks), **asdict(more)} if chunks else None,
    }
    totals = replace(run.totals, conflicts=run.totals.conflicts + more.conflicts)
    return replace(run, totals=totals, details={**details, **added})


def _without_unfinished(run: Run, folder: RunFolder, ledger: Ledger) -> Run:
    """Take back what an earlier try counted, or wrote, when it died before it told the ledger."""
    chunks = ledger.chunks(run.run)
    told = run.details.get("left_alone")
    open_chunks = {chunk.number for chunk in chunks if chunk.state is not ChunkState.COLLECTED}
    if told and open_chunks & set(told["chunks"]):
        less = (-told[figure] for figure in ("moved", "conflicts", "conflict_fields"))
        run = _counted(run, LeftAlone(*less), ())
    # A chunk that was replaced has no outcomes; one that was not yet told has no record.
    known = {
        chunk.number for chunk in chunks if chunk.number in open_chunks or chunk.ok + chunk.failed
    }
    for place in folder.changes.glob("chunk=*"):
        number = int(place.name.partition("=")[2])
        if number not in known and not folder.outcome(number).exists():
            shutil.rmtree(place)
    return run


def _left_alone(run: Run, look: Look, moved: Relation) -> Run:
    """Replace the chunks that hold overtaken records, and list what is left alone."""
    ledger = look.context.ledger
    what = count(moved.scan(), look.rules, look.engine)
    keep_conflicts(look, moved.scan(), what.fields)
    found = look.engine.rows(f"select distinct {CARRIER} from {moved.scan()}")
    numbers = {int(number) for (number,) in found}
    old = [chunk for chunk in look.chunks if chunk.number in numbers]
    free = max(chunk.number for chunk in ledger.chunks(run.run)) + 1
    new = [_replaced(chunk, free + place, look, moved) for place, chunk in enumerate(old)]
    run = _counted(run, LeftAlone(moved.rows, what.conflicts, what.fields), sorted(numbers))
    _plan_anew([chunk.number for chunk in old if chunk.attempt > 1], look, moved)
    ledger.update(run)
    left = [chunk for chunk in new if chunk.rows]
    ledger.save_chunks(run.run, left, instead_of=[chunk.number for chunk in old])
    for chunk in old:
        shutil.rmtree(place_of(chunk, look.folder).path, ignore_errors=True)
    return run


def _replaced(chunk: ChunkRecord, number: int, look: Look, moved: Relation) -> ChunkRecord:
    """Write a chunk anew: the records that nobody touched, and what is left of the others."""
    made = replace(chunk, number=number)
    place = place_of(made, look.folder).path
    shutil.rmtree(place, ignore_errors=True)  # of an earlier try, that died before it was told
    place.mkdir(mode=0o700)
    old = f"(select * from {look.changes.scan()} where {CARRIER} = {chunk.number})"
    touched = f"(select * from {moved.scan()} where {CARRIER} = {chunk.number})"
    told = f" replace (cast({number} as integer) as chunk)" if chunk.attempt == 1 else ""
    query = f"select * exclude ({CARRIER}){told} from ({_mended(old, touched, look)})"
    written = look.engine.save(query, place / "data.parquet")
    if written.rows == 0:
        shutil.rmtree(place)
    else:
        for path in (written.path, place, place.parent):
            sync(path)
    made = replace(made, rows=written.rows)
    # The ticket of a call that may have been carried out tells that its records are read back.
    is_maybe_sent = chunk.api is Api.COLLECTIONS and chunk.ticket is not None
    return made if is_maybe_sent else replace(made, ticket=None, state=ChunkState.PLANNED)


def _mended(rows: str, touched: str, look: Look) -> str:
    """Give the query of changes with what is left of those that somebody touched."""
    return (
        f"select c.* from {rows} c where not exists (select 1 from {touched} t where {SAME}) "
        f"union all by name {still_to_write(touched, look.rules)}"
    )


def _plan_anew(carriers: list[int], look: Look, moved: Relation) -> None:
    """Let the plan of rows that are sent again say what is left to write of them, too.

    They rest with the chunk in which they were planned, most of whose rows are written: who asks
    later what the run wrote reads them there.
    """
    if not carriers:
        return
    engine = look.engine
    some = f"{CARRIER} in ({', '.join(map(str, carriers))})"
    touched = f"(select * exclude ({CARRIER}) from {moved.scan()} where {some})"
    for (number,) in engine.rows(f"select distinct chunk from {touched} order by chunk"):
        for file in sorted(look.folder.chunk(int(number)).glob("*.parquet")):
            _mend(file, touched, look)


def _mend(file: Path, touched: str, look: Look) -> None:
    old = Relation(file, 0).scan()
    here = f"(select t.* from {touched} t semi join {old} c on {SAME})"
    new = look.folder.parts / file.name
    look.engine.save(_mended(old, here, look), new)
    sync(new)
    os.replace(new, file)
    sync(file.parent)
