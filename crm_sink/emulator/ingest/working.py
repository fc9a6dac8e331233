"""Works one ingest job: reads its file, writes it batch by batch, and leaves results behind.

A batch, its place in the job and its results are one transaction: after a kill -9 the job goes on
with the next batch, and no row is written twice.

Not imitated: parallel batches of one job, the five minutes after which a batch is given up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.values import CSV, key_sql, typed_sql
from crm_sink.emulator.dml.writing import write_staged
from crm_sink.emulator.ingest import results
from crm_sink.emulator.ingest.header import BadFile, read_header
from crm_sink.emulator.ingest.source import parquet, stage_file
from crm_sink.emulator.jobs import ABORTED, DONE, FAILED, RUNNING
from crm_sink.emulator.locks.claim import Claim, in_turn
from crm_sink.emulator.log.source import Source
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.faults.rule import Rule
    from crm_sink.emulator.ingest.header import Header
    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

BODY, STAGED, TWINS = "body.csv", "rows.parquet", "twins.parquet"


def work(org: Org, job: Job) -> None:
    """Bring an accepted job to its end."""
    started = org.clock.monotonic()
    if not org.jobs.linger(job.id, started + org.settings.job_seconds / 2):
        return
    begun = org.jobs.move(job.id, state=RUNNING)
    if begun is not None:
        _work_file(org, begun, started)


def _work_file(org: Org, job: Job, started: float) -> None:
    folder = org.jobs.folder(job.id)
    fault = org.faults.on_job(job)
    if fault is not None and fault.kind == "failed-job" and fault.after_rows is None:
        org.jobs.move(job.id, state=FAILED, error=fault.error_message, processed=0, failed=0)
        return
    try:
        header = read_header(folder / BODY, job, org.store.objects)
        # Closed before rows are written: what it has read once would be kept for it as it was.
        with org.store.cursor() as cursor:
            rows = stage_file(cursor, folder / BODY, folder / STAGED, job, header)
    except BadFile as bad:
        org.jobs.move(job.id, state=FAILED, error=str(bad), processed=0, failed=0)
        return
    write = _plan(org, job, header, folder)
    struck_at = rows if fault is None else min(rows, fault.after_rows or 0)
    if not _work_rows(org, job, write, struck_at):
        return
    if fault is not None and _strike(org, job, fault):
        return
    if not _work_rows(org, job, write, rows):
        return
    if not org.jobs.linger(job.id, started + org.settings.job_seconds):
        return
    (folder / STAGED).unlink()
    spent = int((org.clock.monotonic() - started) * 1000)
    org.jobs.move(job.id, state=DONE, total_ms=spent, active_ms=spent)


def list_unprocessed(org: Org, job: Job) -> None:
    """Write out the rows that an aborted or failed job had staged and never took up."""
    folder = org.jobs.folder(job.id)
    if not (folder / STAGED).exists():
        return
    header = read_header(folder / BODY, job, org.store.objects)
    left = f"(select * from {parquet(folder / STAGED)} where n >= {job.processed or 0})"
    results.write_left(org.store.cursor(), folder, job, header, left)
    (folder / STAGED).unlink(missing_ok=True)


def _work_rows(org: Org, job: Job, write: Write, end: int) -> bool:
    """Write what is left of the first rows, batch by batch; False when the job was aborted."""
    done = org.jobs.find(job.id, job.kind).processed or 0
    while done < end:
        after = min(done + org.settings.batch_rows, end)
        if not _work_batch(org, job, write, done, after):
            return False
        done = after
    return True


def _work_batch(org: Org, job: Job, write: Write, start: int, end: int) -> bool:
    """Write the rows from one number up to another, unless the job was aborted."""
    folder = org.jobs.folder(job.id)
    columns = ", ".join(column.raw for column in write.columns)
    source = f"select n, {columns} from {parquet(folder / STAGED)} where n >= {start} and n < {end}"

    def write_batch(cursor: duckdb.DuckDBPyConnection, claim: Claim) -> bool:
        before = org.jobs.find(job.id, job.kind)
        if before.state == ABORTED:
            return False
        staging.stage(cursor, len(write.columns), source)
        write_staged(cursor, org, write, Source(job=job.id), claim)
        done, failed = results.write_parts(cursor, folder, job, write, start)
        processed, refused = (before.processed or 0) + done, (before.failed or 0) + failed
        org.jobs.change(job.id, cursor=cursor, processed=processed, failed=refused)
        return True

    return in_turn(org, job.id, write_batch, large=True)


def _strike(org: Org, job: Job, fault: Rule) -> bool:
    """Stop at the row that a fault named; False when its rule was taken away meanwhile."""
    if fault.kind == "stuck-job":
        return org.faults.hold(job.id)
    org.jobs.move(job.id, state=FAILED, error=fault.error_message)
    return True


def _plan(org: Org, job: Job, header: Header, folder: Path) -> Write:
    target = org.store.objects[job.object.lower()]
    external = target.find(job.external_id_field) if job.external_id_field else None
    write = Write(
        target,
        job.operation,
        header.columns,
        CSV,
        external=external if job.operation == "upsert" else None,
        assign=job.assignment_rule,
        allow_duplicates=bool(job.more.get("allow_duplicates")),
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
