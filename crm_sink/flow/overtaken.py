"""Look, before an unfinished run goes on, whether somebody edited what it has yet to send.

It may have waited for a day, for the org's quota. What was sent is settled elsewhere; what was not
is held against the records as they are now, as a saved plan is (see `outrun`). Chunks with a record
that somebody gave a third value are replaced by chunks that leave it alone.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.engine import Relation
from crm_sink.flow.outrun import Look, fields_of, keep_conflicts, read_now, require_few
from crm_sink.ledger.contract import ChunkRecord, ChunkState, Run
from crm_sink.plan.rejudge import compare, count, overtaken, still_to_write
from crm_sink.tickets import Action, Api
from crm_sink.write.settle import sync

if TYPE_CHECKING:
    from crm_sink.flow.pool import Writing


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
    run, folder, engine = work.run, work.folder, work.engine
    chunks = work.context.ledger.chunks(run.run, unfinished=True)
    unsent = [chunk for chunk in chunks if _is_due(chunk)]
    if not unsent:
        return run
    numbers = ", ".join(str(chunk.number) for chunk in unsent)
    planned = Relation(folder.changes, 0).scan()
    changes = engine.save(
        f"select * from {planned} where chunk in ({numbers})", folder.parts / "unsent.parquet"
    )
    key, rules = fields_of(run, changes, work.context, engine)
    look = Look(run, unsent, changes, folder, folder, key, rules, work.context, engine)
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


def _is_due(chunk: ChunkRecord) -> bool:
    """Tell whether a chunk's records hold what the plan saw, or else what it would write.

    A Collections call that was about to be answered was carried out or not, and is read back. A
    job that has an id is settled by asking for the job.
    """
    has_job = chunk.ticket is not None and chunk.ticket.job is not None
    is_unsent = chunk.state in (ChunkState.PLANNED, ChunkState.SENDING) and not has_job
    # What is sent again lies elsewhere, and a delete is not judged by values.
    return is_unsent and chunk.attempt == 1 and chunk.action is Action.UPDATE


def _left_alone(run: Run, look: Look, moved: Relation) -> Run:
    """Replace the chunks that hold overtaken records, and list what is left alone."""
    ledger = look.context.ledger
    what = count(moved.scan(), look.rules, look.engine)
    keep_conflicts(look, moved.scan(), what.fields)
    found = look.engine.rows(f"select distinct chunk from {moved.scan()}")
    numbers = {int(number) for (number,) in found}
    old = [chunk for chunk in look.chunks if chunk.number in numbers]
    free = max(chunk.number for chunk in ledger.chunks(run.run)) + 1
    new = [_replaced(chunk, free + place, look, moved) for place, chunk in enumerate(old)]
    details = run.details
    run = replace(
        run,
        totals=replace(run.totals, conflicts=run.totals.conflicts + what.conflicts),
        details={
            **details,
            "moved": details.get("moved", 0) + moved.rows,
            "conflict_fields": details.get("conflict_fields", 0) + what.fields,
        },
    )
    ledger.update(run)
    left = [chunk for chunk in new if chunk.rows]
    ledger.save_chunks(run.run, left, instead_of=[chunk.number for chunk in old])
    for chunk in old:
        shutil.rmtree(look.folder.chunk(chunk.number), ignore_errors=True)
    return run


def _replaced(chunk: ChunkRecord, number: int, look: Look, moved: Relation) -> ChunkRecord:
    """Write a chunk anew: the records that nobody touched, and what is left of the others."""
    touched = f"(select * from {moved.scan()} where chunk = {chunk.number})"
    rows = (
        f"select c.* from {look.changes.scan()} c where c.chunk = {chunk.number} "
        f"and not exists (select 1 from {touched} t where t.key = c.key) "
        f"union all by name {still_to_write(touched, look.rules)}"
    )
    place = look.folder.chunk(number)
    place.mkdir(mode=0o700, exist_ok=True)
    query = f"select * replace (cast({number} as integer) as chunk) from ({rows})"
    written = look.engine.save(query, place / "data.parquet")
    if written.rows == 0:
        shutil.rmtree(place)
    else:
        for path in (written.path, place, place.parent):
            sync(path)
    made = replace(chunk, number=number, rows=written.rows)
    # The ticket of a call that may have been carried out tells that its records are read back.
    is_maybe_sent = chunk.api is Api.COLLECTIONS and chunk.ticket is not None
    return made if is_maybe_sent else replace(made, ticket=None, state=ChunkState.PLANNED)
