"""What an event is worth saying to a person: one line, or nothing."""

from __future__ import annotations

from crm_sink.events import (
    AnswerMissed,
    ChunkMoved,
    Event,
    LedgerMissed,
    OrphanEnded,
    ParallelismChanged,
    RetryScheduled,
    RoundBegan,
    RowsWaiting,
    StageBegan,
    StageEnded,
)

# What came out of a stage, in words; the number of rows stands before.
DONE = {
    "source": "predictions read",
    "gates": "predictions judged",
    "transform": "predictions fit their fields",
    "match": "records read",
    "plan": "records to write",
    "write": "records written",
}


def line(event: Event) -> str | None:
    """Give the line that an event is worth, or None.

    Example:
        `match      10,000 records read in 0.8 s`
    """
    match event:
        case StageEnded(stage=stage, rows=rows, rejects=rejects, seconds=seconds):
            done = f"{rows:,} {DONE.get(stage, 'rows')}"
            rejected = f", {rejects:,} rejected" if rejects else ""
            return f"{stage:<10} {done}{rejected} in {duration(seconds)}"
        case ChunkMoved(
            state="collected" | "waiting", chunk=chunk, rows=rows, failed=failed, job=job
        ):
            what = f"job {job}" if job else f"chunk {chunk}"
            refused = f", {failed:,} refused" if failed else ""
            return f"{'':<10} {what}: {rows:,} rows sent{refused}"
        case RetryScheduled(method=method, path=path, code=code, wait_seconds=wait):
            return f"{'retry':<10} {method} {path}: {code}, again in {duration(wait)}"
        case StageBegan() | _:
            return _of_trouble(event)


def _of_trouble(event: Event) -> str | None:
    match event:
        case AnswerMissed(method=method, path=path, code=code):
            return f"{'lost':<10} {method} {path}: {code}, what became of it is looked up"
        case LedgerMissed(wait_seconds=wait):
            return f"{'ledger':<10} its database does not answer, again in {duration(wait)}"
        case OrphanEnded(job=job, object=name):
            return f"{'orphan':<10} job {job} on {name}, left open by a crash, was aborted"
        case ParallelismChanged(what=what, most=most, reason=reason) if reason:
            return f"{'slower':<10} {most} {what} at once, because of {reason}"
        case _:
            return _of_rows_sent_again(event)


def _of_rows_sent_again(event: Event) -> str | None:
    match event:
        case RowsWaiting(chunk=chunk, rows=rows, code=code):
            return f"{'later':<10} {rows:,} rows of chunk {chunk} wait to be sent again: {code}"
        case RoundBegan(attempt=attempt, rows=rows, chunks=chunks, wait_seconds=wait):
            what = f"{rows:,} rows in {chunks:,} smaller chunks, attempt {attempt}"
            return f"{'again':<10} {what}, in {duration(wait)}"
        case _:
            return None


def duration(seconds: float) -> str:
    """Give seconds as a person says them.

    Example:
        `0.8 s`, `2 min 5 s`, `1 h 3 min`
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
