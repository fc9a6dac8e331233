"""Works one batch of Bulk 1.0: its rows and their results are one transaction.

After a kill -9 a batch has been done, or is done again; no row is written twice.

Not imitated: chunks of 200 rows that fail for themselves, retries of a batch, job-level faults on
demand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.bulk1 import outcomes, reading
from crm_sink.emulator.bulk1.job_info import QUERIES
from crm_sink.emulator.bulk_query import results as rows
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.writing import write_staged
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.ingest.header import BadFile
from crm_sink.emulator.ingest.source import parquet
from crm_sink.emulator.ingest.working import BODY, STAGED
from crm_sink.emulator.jobs import ABORTED, ACCEPTED, DONE, FAILED
from crm_sink.emulator.locks.claim import in_turn
from crm_sink.emulator.log.source import Source
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.locks.claim import Claim
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

RESULT_PREFIX = "752"
FAILED_QUERY = "InvalidBatch : Failed to process query: "


def work(org: Org, batch: Job) -> None:
    """Bring a queued batch to its end."""
    started = org.clock.monotonic()
    begun = org.jobs.begin(batch.id, org.settings.job_seconds)
    if begun is None:
        return
    try:
        if batch.operation in QUERIES:
            _query(org, begun)
        else:
            _write(org, begun)
    except BadFile as bad:
        org.jobs.move(batch.id, state=FAILED, error=str(bad), processed=0, failed=0)
    spent = int((org.clock.monotonic() - started) * 1000)
    org.jobs.change(batch.id, total_ms=spent, active_ms=spent)


def work_serially(org: Org, batch: Job) -> None:
    """Bring a batch of a serial job to its end, unless it is not yet, or no more, its turn.

    The batch before it takes it up again.
    """
    turn = _turn(org, batch)
    if turn is None or turn.id != batch.id:
        return
    try:
        work(org, batch)
    except Exception as error:  # so that it has ended when the next one is looked for
        org.jobs.move(batch.id, state=FAILED, error=f"InternalServerError : {type(error).__name__}")
        raise
    finally:
        following = _turn(org, batch)
        if following is not None and following.id != batch.id:
            org.jobs.take_up(following.id)


def _turn(org: Org, batch: Job) -> Job | None:
    """Give the first batch of a job that has not ended."""
    own = (one for one in org.jobs.all(batch.kind) if one.more["job"] == batch.more["job"])
    return next((one for one in own if one.state in ACCEPTED), None)


def _write(org: Org, batch: Job) -> None:
    folder = org.jobs.folder(batch.id)
    objects = org.store.objects
    columns, dialect = reading.stage_batch(org.store.cursor(), folder, batch, objects)
    target = objects[batch.object.lower()]
    external = target.find(batch.external_id_field) if batch.external_id_field else None
    write = Write(
        target,
        batch.operation,
        columns,
        dialect,
        external=external,
        assign=batch.assignment_rule,
    )
    texts = "".join(f", {column.raw}" for column in columns)
    source = f"select n{texts} from {parquet(folder / STAGED)}"

    def write_batch(cursor: duckdb.DuckDBPyConnection, claim: Claim) -> None:
        if org.jobs.find(batch.id, batch.kind).state == ABORTED:
            return
        staging.stage(cursor, len(columns), source)
        write_staged(cursor, org, write, Source(job=batch.more["job"]), claim)
        done, failed = outcomes.keep(cursor, folder)
        org.jobs.change(batch.id, cursor=cursor, state=DONE, processed=done, failed=failed)

    in_turn(org, batch.id, write_batch, large=True)
    (folder / STAGED).unlink()


def _query(org: Org, batch: Job) -> None:
    soql = (org.jobs.folder(batch.id) / BODY).read_text("utf-8", "replace").strip()
    try:
        found = _translated(org, batch, soql)
    except ApiError as error:
        raise BadFile(f"{FAILED_QUERY}{error.code}: {error.message}") from None
    if batch.more["content"] == "CSV":
        written = rows.write(org, batch, found)
    else:
        written = outcomes.write_records(org, batch, found)
    with org.store.writing() as cursor:
        number = org.store.reserve(cursor, "_result", 1)
        more = {
            **batch.more,
            "ordered": found.is_ordered,
            "result": ids.record_id(RESULT_PREFIX, number),
        }
        if org.jobs.find(batch.id, batch.kind).state != ABORTED:
            org.jobs.change(batch.id, cursor=cursor, state=DONE, processed=written, more=more)


def _translated(org: Org, batch: Job, soql: str) -> Translation:
    """Translate a query, and refuse what bulk queries do not do (facts 4.10)."""
    now = org.now().replace(tzinfo=None)
    everything = batch.operation == "queryAll"
    reading = Reading(org.store.objects, now, batch.api_version, everything, org.user_id)
    found = translate(soql, reading)
    if found.kind != "records" or any(column.children for column in found.columns):
        text = "Aggregate Relationships not supported in Bulk Query"
        raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", text)
    if any(column.field.type == "address" for column in found.columns):
        text = "Selecting compound data not supported in Bulk Query"
        raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", text)
    return found if found.is_ordered else replace(found, order="")
