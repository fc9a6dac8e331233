"""Holds the outcomes of a Bulk job against the job's own counts: is every row accounted for?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import job, pages
from crm_sink.salesforce.fate import fate_of
from crm_sink.salesforce.job import Job, State

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.crm.contract import Chunk
    from crm_sink.engine import Engine, Relation

UNPROCESSED = "unprocessedrecords"


def is_whole(
    engine: Engine, chunk: Chunk, ended: Job, outcomes: Relation, *, files: dict[str, Path]
) -> bool:
    """Tell whether the results account for every row that the job says it processed.

    Raises:
        CrmError: There are two results for one row, or results for rows that were never sent.
    """
    if outcomes.rows != chunk.changes.rows:
        raise disagree(chunk, "a row has two results")
    if not files:
        return True
    told, missing = _counts(engine, outcomes)
    if missing == 0 and told == ended.processed:
        return True
    held = sum(
        int(engine.value(f"select count(*) from {pages.scan([file], pages.header(file))}"))
        for kind, file in files.items()
        if kind != UNPROCESSED
    )
    if held > told:
        raise disagree(chunk, f"{held - told} results are of rows that were never sent")
    return bool(missing == 0)


def _counts(engine: Engine, outcomes: Relation) -> tuple[int, int]:
    """Count the rows that the org has worked, and those of which it told nothing."""
    told, missing = engine.rows(
        "select count(*) filter (code is null or code not in ('UNPROCESSED', 'RESULT_MISSING')), "
        f"count(*) filter (code = 'RESULT_MISSING') from {outcomes.scan()}"
    )[0]
    return int(told), int(missing)


def never_received(engine: Engine, ended: Job, outcomes: Relation) -> Relation:
    """Tell rows of which the org told nothing because it never had them: they may be sent again.

    So it is when a finished job has worked just as many rows as it names: its upload was answered,
    and came to nothing or broke off on its way.
    """
    told, missing = _counts(engine, outcomes)
    is_finished = ended.state is State.COMPLETE and ended.is_counted
    if not missing or not is_finished or told != ended.processed:
        return outcomes
    message = literal(f"job {ended.id} worked {told:,} rows and names them all: not this one")
    is_missing = "code = 'RESULT_MISSING'"
    kept = engine.save(
        f"select * replace (if({is_missing}, 'NOT_RECEIVED', code) as code, "
        f"if({is_missing}, {message}, message) as message) from {outcomes.scan()}",
        outcomes.path.with_name(f"received-{outcomes.path.name}"),
    )
    kept.path.replace(outcomes.path)
    return outcomes


def disagree(chunk: Chunk, what: str) -> CrmError:
    """Make the error for results that cannot be those of a chunk."""
    return CrmError(
        f"the results of chunk {chunk.number} do not fit what was sent: {what}",
        code="RESULTS_DISAGREE",
        fate=Fate.STOP,
        where=job.JOB,
        hint=fate_of("RESULTS_DISAGREE").hint,
    )
