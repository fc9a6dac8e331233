"""Collects the outcomes of a Bulk job: one for each change of its chunk, matched by id or key.

The order of the results means nothing and their values are re-serialised (`250` comes back as
`"250.0"`), so a row is known by its record id (updates) or by its text key (creates), never by
its place. Only those columns are read out of the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.crm.policy import poll_waits
from crm_sink.engine import literal, name
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import accounts, damage, job, pages
from crm_sink.salesforce.job import Job, State
from crm_sink.tickets import Action

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Chunk, Ticket
    from crm_sink.engine import Engine, Relation

SUCCESSFUL, FAILED, UNPROCESSED = "successfulResults", "failedResults", accounts.UNPROCESSED
_BY_ID = (Action.UPDATE, Action.DELETE)
_COLUMNS = ("id", "ok", "created", "code", "message", "fields")
# How often results that are short of the job's own counts are fetched.
TRIES = 3
# `CODE:message:Field1 Field2 --`; colons and line ends may stand in the message. The second form
# is for a text that lacks the last part.
ERROR = r"^([A-Z][A-Z0-9_]*):(.*):([^:]*?)\s*-*\s*$"
SHORT_ERROR = r"^([A-Z][A-Z0-9_]*):(.*)$"


def collect(
    send: Send,
    root: str,
    clock: Clock,
    chunk: Chunk,
    ticket: Ticket,
    *,
    engine: Engine,
    into: Path,
) -> Relation:
    """Fetch one outcome for each change of a chunk into table `outcomes`.

    An update whose job came to every row is told by its failures alone. Otherwise a change that is
    in no result has code RESULT_MISSING, after the results were fetched three times; or, when the
    job's count shows that the org never had the row, NOT_RECEIVED. If the whole job failed before
    its first row, every change has the job's own error.

    Raises:
        CrmError: The job has not ended (NOT_DONE); or there are results for rows that the chunk
            does not have, or two for one row (RESULTS_DISAGREE); or a file of them was damaged on
            its way, three times (RESULTS_UNREADABLE).
    """
    ended = _ended(send, root, ticket)
    if _is_told_by_failures(chunk, ended):
        outcomes = _from_failures(send, root, ended, chunk, engine=engine, into=into)
        if outcomes is not None:
            return outcomes
    waits = poll_waits(first=1.0)
    for attempt in range(1, TRIES + 1):
        files = _fetch(send, root, ended, chunk, into=into, all_files=attempt > 1)
        try:
            with damage.reading(files, ended.id):
                outcomes = engine.save(_outcomes(chunk, ended, files), into)
                if accounts.is_whole(engine, chunk, ended, outcomes, files=files):
                    return outcomes
                if attempt == TRIES:
                    return accounts.never_received(engine, ended, outcomes)
        except CrmError as error:
            if error.code != damage.CODE or attempt == TRIES:
                raise
        finally:
            for file in files.values():
                file.unlink()
        clock.sleep(next(waits))
        ended = _ended(send, root, ticket)
    raise AssertionError("the last attempt returns")


def _is_told_by_failures(chunk: Chunk, ended: Job) -> bool:
    """Tell whether the failures alone say what became of every row.

    They do when the job came to every row of an update: what it did not refuse it accepted, and an
    update knows its ids. Its successes are all that was sent, over again: a hundred megabytes a job
    to download and to read. Creates need them for the new ids.
    """
    is_finished = ended.state is State.COMPLETE and ended.is_counted
    return chunk.action in _BY_ID and is_finished and ended.processed == chunk.changes.rows


def _from_failures(
    send: Send, root: str, ended: Job, chunk: Chunk, *, engine: Engine, into: Path
) -> Relation | None:
    """Give the outcomes by the failures; None where those and the job's count do not agree."""
    file = job.fetch(send, root, ended.id, FAILED, into.with_suffix(f".{FAILED}.csv"))
    try:
        with damage.reading({FAILED: file}, ended.id):
            return _told(file, ended, chunk, engine=engine, into=into)
    except CrmError as error:
        if error.code != damage.CODE:
            raise
        return None
    finally:
        file.unlink()


def _told(file: Path, ended: Job, chunk: Chunk, *, engine: Engine, into: Path) -> Relation | None:
    columns = pages.header(file)
    refused = int(engine.value(f"select count(*) from {pages.scan([file], columns)}"))
    if refused != ended.failed:
        return None
    if not refused:
        return engine.save(_all_accepted(chunk), into)
    failures = f"({_failures(chunk, file)})"
    known, distinct = engine.rows(
        f"select count(*), count(distinct r.k) from {failures} as r "
        f"join {chunk.changes.scan()} as c on {_key_of_change(chunk)} = r.k"
    )[0]
    if not known == distinct == refused:
        return None
    return engine.save(_joined(chunk, [_failures(chunk, file)], ok=True), into)


def _all_accepted(chunk: Chunk) -> str:
    columns = {"ok": "true", "created": "false", "code": "null", "message": "null"}
    told = ", ".join(
        f"cast({value} as {tables.OUTCOMES[column]}) as {column}"
        for column, value in (columns | {"fields": "null"}).items()
    )
    return f"select chunk, row, key, id, {told} from {chunk.changes.scan()}"


def _ended(send: Send, root: str, ticket: Ticket) -> Job:
    found = job.look(send, root, job.id_of(ticket))
    if found.state is State.GONE:
        raise CrmError(
            f"job {found.id} is no longer kept by the org",
            code="JOB_GONE",
            fate=Fate.STOP,
            where=job.JOB,
            hint="crm-sink sync the mapping",
        )
    if not found.state.has_ended:
        raise CrmError(
            f"job {found.id} is not done yet",
            code="NOT_DONE",
            fate=Fate.RETRY,
            where=job.JOB,
            hint="crm-sink resume",
        )
    return found


def _fetch(
    send: Send, root: str, ended: Job, chunk: Chunk, *, into: Path, all_files: bool
) -> dict[str, Path]:
    """Download the result files that can hold something: each costs a call."""
    if ended.processed == 0 and ended.state is not State.COMPLETE and not all_files:
        return {}
    wanted = {
        SUCCESSFUL: ended.processed > ended.failed,
        FAILED: ended.failed > 0,
        UNPROCESSED: ended.state is not State.COMPLETE or ended.processed < chunk.changes.rows,
    }
    return {
        kind: job.fetch(send, root, ended.id, kind, into.with_suffix(f".{kind}.csv"))
        for kind, needed in wanted.items()
        if needed or all_files
    }


def _outcomes(chunk: Chunk, ended: Job, files: dict[str, Path]) -> str:
    code, message = _of_absent(ended, files)
    return _joined(chunk, _parts(chunk, ended, files), ok=False, code=code, message=message)


def _parts(chunk: Chunk, ended: Job, files: dict[str, Path]) -> list[str]:
    """Give a query for each file, with the columns `k` (what a row is known by) and `_COLUMNS`."""
    makers = {
        SUCCESSFUL: lambda file: _successes(chunk, file),
        FAILED: lambda file: _failures(chunk, file),
        UNPROCESSED: lambda file: _untouched(chunk, ended, file),
    }
    return [makers[kind](file) for kind, file in files.items()]


def _joined(
    chunk: Chunk, parts: list[str], *, ok: bool, code: str | None = None, message: str | None = None
) -> str:
    """Give the outcome of each change: its result's, or for a change without one that given."""
    results = " union all ".join(parts) or f"{_row('null')} where false"
    absent = {
        "ok": "true" if ok else "false",
        "created": "false",
        "code": "null" if code is None else literal(code),
        "message": "null" if message is None else literal(message),
    }
    columns = ", ".join(
        f"case when r.k is null then {value} else r.{column} end as {column}"
        for column, value in absent.items()
    )
    return f"""
        with result as ({results})
        select c.chunk, c.row, c.key, coalesce(c.id, r.id) as id, {columns}, r.fields
        from {chunk.changes.scan()} as c left join result as r on {_key_of_change(chunk)} = r.k
    """


def _successes(chunk: Chunk, file: Path) -> str:
    columns = pages.header(file)
    created = "lower(sf__Created) = 'true'" if "sf__Created" in columns else "false"
    row = _row(_key_of_result(chunk, columns), id="sf__Id", ok="true", created=created)
    return f"{row} from {pages.scan([file], columns)}"


def _failures(chunk: Chunk, file: Path) -> str:
    columns = pages.header(file)
    row = _row(
        _key_of_result(chunk, columns),
        id="sf__Id" if "sf__Id" in columns else "null",  # since API v53
        code="coalesce(nullif(part.code, ''), nullif(short.code, ''), 'UNKNOWN_EXCEPTION')",
        message="case when part.code <> '' then part.message when short.code <> '' "
        "then short.message else coalesce(error, 'no reason given') end",
        fields=r"nullif(regexp_replace(trim(part.fields), '[,\s]+', ',', 'g'), '')",
    )
    key = ", ".join(name(column) for column in columns if column != "sf__Error")
    return f"""{row} from (
        select {key}, sf__Error as error,
            regexp_extract(error, {literal(ERROR)}, ['code', 'message', 'fields'], 's') as part,
            regexp_extract(error, {literal(SHORT_ERROR)}, ['code', 'message'], 's') as short
        from {pages.scan([file], columns)})"""


def _untouched(chunk: Chunk, ended: Job, file: Path) -> str:
    columns = pages.header(file)
    message = ended.error or f"the job ended as {ended.state} before it came to this row"
    row = _row(_key_of_result(chunk, columns), code="'UNPROCESSED'", message=literal(message))
    return f"{row} from {pages.scan([file], columns)}"


def _row(key: str, **values: str) -> str:
    """Give the select list of one result: its key, then the columns of table `outcomes`."""
    defaults = {"ok": "false", "created": "false"}
    columns = ", ".join(
        f"cast({values.get(kind, defaults.get(kind, 'null'))} as {tables.OUTCOMES[kind]}) as {kind}"
        for kind in _COLUMNS
    )
    return f"select cast({key} as varchar) as k, {columns}"


def _key_of_result(chunk: Chunk, columns: list[str]) -> str:
    """Give the SQL for what a result row is known by. Our own columns are echoed as we wrote them.

    `sf__Id` is empty for a failed insert, and was not given for failed updates before API v53.
    """
    own = {column.lower(): column for column in columns}
    if chunk.action in _BY_ID:
        known = [name(own[key]) for key in ("id", "sf__id") if key in own]
        if known:
            return f"left(coalesce({', '.join(known)}), 15)"
    elif chunk.key.name.lower() in own:
        return tables.match_key(chunk.key, name(own[chunk.key.name.lower()]))
    raise accounts.disagree(chunk, "the results lack the column by which rows are known")


def _key_of_change(chunk: Chunk) -> str:
    if chunk.action in _BY_ID:
        return "left(c.id, 15)"
    return tables.match_key(chunk.key, "c.key")


def _of_absent(ended: Job, files: dict[str, Path]) -> tuple[str, str]:
    """Give code and message for changes that are in no result."""
    if files:
        return "RESULT_MISSING", f"job {ended.id} tells nothing of this row"
    if ended.state is State.FAILED:
        # 0 rows processed and Failed: the file or its header is at fault, and nothing was done.
        code = ended.error.split(":")[0].strip().upper()
        message = ended.error or "the job failed and gives no reason"
        return (code if code.isidentifier() else "UNPROCESSED"), message
    return "UNPROCESSED", f"job {ended.id} was aborted before its first row"
