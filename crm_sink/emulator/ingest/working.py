"""Works one ingest job: reads its file, writes it batch by batch, and leaves results behind.

A batch, its place in the job and its results are one transaction: after a kill -9 the job goes on
with the next batch, and no row is written twice.

Not imitated: parallel batches, retries, the five minutes after which a batch is given up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.dml import applying, judging, staging
from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.values import CSV, key_sql, typed_sql
from crm_sink.emulator.ingest import results
from crm_sink.emulator.ingest.header import BadFile, read_header
from crm_sink.emulator.ingest.source import parquet, stage_file
from crm_sink.emulator.jobs import ABORTED, DONE, FAILED, RUNNING
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.emulator.ingest.header import Header
    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

BODY, STAGED, TWINS = "body.csv", "rows.parquet", "twins.parquet"


def work(org: Org, job: Job) -> None:
    """Bring an accepted job to its end."""
    started = org.clock.monotonic()
    job = org.jobs.change(job.id, state=RUNNING)
    folder = org.jobs.folder(job.id)
    try:
        header = read_header(folder / BODY, job, org.store.objects)
        cursor = org.store.cursor()
        rows = stage_file(cursor, folder / BODY, folder / STAGED, job, header)
    except BadFile as bad:
        org.jobs.change(job.id, state=FAILED, error=str(bad), processed=0, failed=0)
        return
    write = _plan(org, job, header, folder)
    done = job.processed or 0
    while done < rows:
        if org.jobs.find(job.id, job.kind).state == ABORTED:
            return
        done = _work_batch(org, job, write, done)
    (folder / STAGED).unlink()
    spent = int((org.clock.monotonic() - started) * 1000)
    finished = org.jobs.find(job.id, job.kind)
    if finished.state != ABORTED:
        org.jobs.change(job.id, state=DONE, total_ms=spent, active_ms=spent)


def list_unprocessed(org: Org, job: Job) -> None:
    """Write out the rows that an aborted or failed job had staged and never took up."""
    folder = org.jobs.folder(job.id)
    if not (folder / STAGED).exists():
        return
    header = read_header(folder / BODY, job, org.store.objects)
    left = f"(select * from {parquet(folder / STAGED)} where n >= {job.processed or 0})"
    results.write_left(org.store.cursor(), folder, job, header, left)
    (folder / STAGED).unlink()


def _work_batch(org: Org, job: Job, write: Write, start: int) -> int:
    """Write the rows from one number on, and give the number of the next."""
    folder = org.jobs.folder(job.id)
    end = start + org.settings.batch_rows
    columns = ", ".join(column.raw for column in write.columns)
    source = f"select n, {columns} from {parquet(folder / STAGED)} where n >= {start} and n < {end}"
    with org.store.writing() as cursor:
        staging.stage(cursor, len(write.columns), source)
        judging.judge(cursor, org, write)
        applying.apply(cursor, org, write, job.id)
        done, failed = results.write_parts(cursor, folder, job, write, start)
        before = org.jobs.find(job.id, job.kind)
        org.jobs.change(
            job.id,
            cursor=cursor,
            processed=(before.processed or 0) + done,
            failed=(before.failed or 0) + failed,
        )
    return end


def _plan(org: Org, job: Job, header: Header, folder: Path) -> Write:
    target = org.store.objects[job.object.lower()]
    external = target.find(job.external_id_field) if job.external_id_field else None
    write = Write(
        target,
        job.operation,
        header.columns,
        CSV,
        external=external if job.operation == "upsert" else None,
        assign=job.assignment_rule is not None,
    )
    return replace(write, twins=_find_twins(org, write, folder))


def _find_twins(org: Org, write: Write, folder: Path) -> str | None:
    """List the keys that occur twice in the whole job, whatever batch they fall into."""
    column = write.column_of(write.external) if write.external is not None else None
    if column is None or column.field.type == "id":
        return None
    key = key_sql(column.field, typed_sql(column.field, column.raw, write.dialect))
    rows = parquet(folder / STAGED)
    org.store.cursor().execute(
        f"copy (select k from (select {key} as k from {rows}) where k is not null "
        f"group by k having count(*) > 1) to {literal(str(folder / TWINS))} (format parquet)"
    )
    return parquet(folder / TWINS)
