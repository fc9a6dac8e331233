"""Bulk jobs of every kind: their ids, states and files, and who works them.

Jobs are rows of the org's database; bodies and results are files in `jobs/<id>/`. Each kind has
background threads that take up accepted jobs in their order. A job that was accepted before a
crash is worked again at the next start.

Not imitated: deleted jobs in the day's counts after a restart, the 7 days after which results
vanish, 24 h until an open job is closed.
"""

from __future__ import annotations

import json
import logging
import queue
import shutil
import threading
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator import ids
from crm_sink.emulator.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.clock import Clock
    from crm_sink.emulator.store import Store

logger = logging.getLogger("crm_sink.emulator")

PREFIX = "750"
OPEN, UPLOADED, RUNNING = "Open", "UploadComplete", "InProgress"
DONE, FAILED, ABORTED = "JobComplete", "Failed", "Aborted"
ACCEPTED = frozenset({UPLOADED, RUNNING})
ENDED = frozenset({DONE, FAILED, ABORTED})
STEP = 0.1  # seconds after which a lingering job looks whether it was aborted


@dataclass(frozen=True, slots=True)
class Job:
    """One bulk job as it stands. `processed` and `failed` are None before the upload."""

    id: str
    kind: str  # ingest, query, bulk1, or one of the kinds of its batches
    operation: str
    object: str
    state: str
    created: datetime
    modified: datetime
    created_by: str
    api_version: str
    external_id_field: str | None = None
    line_ending: str = "LF"
    column_delimiter: str = "COMMA"
    assignment_rule: str | None = None
    query: str | None = None
    uploaded: bool = False
    processed: int | None = None
    failed: int | None = None
    total_ms: int = 0
    active_ms: int = 0
    error: str | None = None
    more: dict[str, Any] = field(default_factory=dict)


class Jobs:
    """All jobs of an org, newest last, and the threads that work them."""

    def __init__(self, store: Store, clock: Clock, user_id: str) -> None:
        self._store = store
        self._clock = clock
        self._user_id = user_id
        self._workers: dict[str, tuple[Callable[[Job], None], int]] = {}
        self._queues: dict[str, queue.SimpleQueue[str | None]] = {}
        self._threads: list[threading.Thread] = []
        self._in_work: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._jobs = _read(store)
        self._deleted: list[Job] = []

    def register(self, kind: str, worker: Callable[[Job], None], *, at_once: int = 1) -> None:
        """Say who works the jobs of a kind: called in a thread with an accepted job.

        The worker itself moves the job on with `change`; an exception fails the job. It may leave
        a job in progress, which then waits for `take_up`.
        """
        self._workers[kind] = worker, at_once

    def start(self) -> None:
        """Start the threads of each kind, and take up jobs that a stop left unfinished."""
        self._stopping.clear()
        for kind, (worker, at_once) in self._workers.items():
            self._queues[kind] = queue.SimpleQueue()
            for number in range(at_once):
                thread = threading.Thread(
                    target=self._work,
                    args=(kind, worker),
                    name=f"jobs-{kind}-{number}",
                    daemon=True,
                )
                self._threads.append(thread)
                thread.start()
        for job in self.all():
            if job.state in ACCEPTED:
                self._enqueue(job)

    def stop(self) -> None:
        """Let the running jobs come to the end of a batch, then stop the threads."""
        self._stopping.set()
        for kind, waiting in self._queues.items():
            for _ in range(self._workers[kind][1]):
                waiting.put(None)
        for thread in self._threads:
            thread.join()
        self._queues.clear()
        self._threads.clear()

    def create(
        self, kind: str, operation: str, object_name: str, *, prefix: str = PREFIX, **given: Any
    ) -> Job:
        """Make a job and remember it durably; an accepted one is queued at once."""
        now = self._clock.now().replace(tzinfo=None)
        with self._store.writing() as cursor:
            job = Job(
                id=ids.record_id(prefix, self._store.reserve(cursor, "_job", 1)),
                kind=kind,
                operation=operation,
                object=object_name,
                created=now,
                modified=now,
                created_by=self._user_id,
                **given,
            )
            _write(cursor, job)
        with self._changed:
            self._jobs[job.id] = job
        self.folder(job.id).mkdir(parents=True, exist_ok=True)
        if job.state in ACCEPTED:
            self._enqueue(job)
        return job

    def find(self, job_id: str, kind: str) -> Job:
        """Give a job by its id in 15 or 18 characters.

        Raises:
            ApiError: 404, there is no such job of that kind.
        """
        job = self._jobs.get(ids.normal(job_id) or "")
        if job is None or job.kind != kind:
            raise not_found()
        return job

    def all(self, kind: str | None = None) -> list[Job]:
        """Give the jobs of a kind, in the order of their creation."""
        with self._changed:
            return [job for job in self._jobs.values() if kind in (None, job.kind)]

    def since(self, moment: datetime) -> list[Job]:
        """Give the jobs made after a moment, those among them that were deleted meanwhile."""
        with self._changed:
            found = [*self._jobs.values(), *self._deleted]
        return [job for job in found if job.created > moment]

    def change(
        self, job_id: str, *, cursor: duckdb.DuckDBPyConnection | None = None, **changes: Any
    ) -> Job:
        """Change a job durably; within a caller's transaction when a cursor is given.

        A job that becomes `UploadComplete` is queued.
        """
        if cursor is not None:
            return self._changed_in(cursor, job_id, changes)
        with self._store.writing() as own:
            return self._changed_in(own, job_id, changes)

    def move(self, job_id: str, **changes: Any) -> Job | None:
        """Change a job that has not ended; None when it has, or was deleted, meanwhile."""
        with self._store.writing() as cursor:
            job = self._jobs.get(job_id)
            if job is None or job.state in ENDED:
                return None
            return self._changed_in(cursor, job_id, changes)

    def _changed_in(
        self, cursor: duckdb.DuckDBPyConnection, job_id: str, changes: dict[str, Any]
    ) -> Job:
        """Change a job under the store's write lock, so that no other change is lost.

        Nobody sees it before the commit: a client told that a job is done reads what it wrote.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise not_found()
        now = self._clock.now().replace(tzinfo=None)
        changed = replace(job, modified=now, **changes)
        _write(cursor, changed)
        self._store.when_committed(lambda: self._show(changed))
        if changes.get("state") == UPLOADED:
            self._store.when_committed(lambda: self._enqueue(changed))
        return changed

    def _show(self, changed: Job) -> None:
        with self._changed:
            self._jobs[changed.id] = changed
            self._changed.notify_all()

    def delete(self, job_id: str) -> None:
        """Forget a job and its files."""
        with self._store.writing() as cursor:
            cursor.execute("delete from _jobs where id = ?", [job_id])
            self._store.when_committed(lambda: self._forget(job_id))
        shutil.rmtree(self.folder(job_id), ignore_errors=True)

    def _forget(self, job_id: str) -> None:
        with self._changed:
            job = self._jobs.pop(job_id, None)
            self._deleted += [job] if job else []

    def folder(self, job_id: str) -> Path:
        """Give where a job's body and results are."""
        return self._store.folder / "jobs" / job_id

    def take_up(self, job_id: str) -> None:
        """Go on with a job that its worker left in progress, unless it has ended since."""
        job = self._jobs.get(job_id)
        if job is not None and job.state in ACCEPTED:
            self._enqueue(job)

    def linger(self, job_id: str, until: float) -> bool:
        """Let a job that somebody works take its time, in a busy org's manner.

        Args:
            job_id: The job.
            until: When to go on, by the clock's `monotonic`.

        Returns:
            False when the job has ended, or the org stops before its time: do no more for it now.
        """
        while (left := until - self._clock.monotonic()) > 0:
            if self._stopping.is_set() or not self._is_accepted(job_id):
                return False
            self._clock.sleep(min(left, STEP))
        return self._is_accepted(job_id)

    def begin(self, job_id: str, seconds: float) -> Job | None:
        """Let a job take its time, half of it in the queue, before its work is done in no time.

        Returns:
            The job in progress; None when there is nothing to do for it now, as in `linger`.
        """
        now = self._clock.monotonic()
        if not self.linger(job_id, now + seconds / 2):
            return None
        job = self.move(job_id, state=RUNNING)
        return job if job and self.linger(job_id, now + seconds) else None

    def _is_accepted(self, job_id: str) -> bool:
        job = self._jobs.get(job_id)
        return job is not None and job.state in ACCEPTED

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until every accepted job has ended.

        Raises:
            TimeoutError: They have not.
        """

        def settled() -> bool:
            return not any(job.state in ACCEPTED for job in self._jobs.values())

        with self._changed:
            if not self._changed.wait_for(settled, seconds):
                raise TimeoutError(f"jobs are still running after {seconds} s")

    def _enqueue(self, job: Job) -> None:
        waiting = self._queues.get(job.kind)
        if waiting is not None:
            waiting.put(job.id)

    def _begin(self, job_id: str) -> None:
        """Wait until a job that was taken up twice has been left by the first."""
        with self._changed:
            self._changed.wait_for(lambda: job_id not in self._in_work)
            self._in_work.add(job_id)

    def _work(self, kind: str, worker: Callable[[Job], None]) -> None:
        while (job_id := self._queues[kind].get()) is not None:
            job = self._jobs.get(job_id)
            if job is None or job.state not in ACCEPTED:
                continue
            self._begin(job_id)
            try:
                worker(job)
            except Exception as error:
                # The thread must outlive one bad job; the job says what happened. One that was
                # aborted, and maybe deleted, under its worker's hands is no bad one.
                words = f"InternalServerError : {type(error).__name__}"
                self.move(job_id, state=FAILED, error=words)
                if getattr(self._jobs.get(job_id), "state", ABORTED) != ABORTED:
                    logger.exception("job_failed", extra={"job": job_id, "kind": kind})
            finally:
                with self._changed:
                    self._in_work.discard(job_id)
                    self._changed.notify_all()


def _read(store: Store) -> dict[str, Job]:
    texts = store.cursor().execute("select json from _jobs").fetchall()
    found = [_from_json(text) for (text,) in texts]
    return {job.id: job for job in sorted(found, key=lambda job: job.id)}


def _write(cursor: duckdb.DuckDBPyConnection, job: Job) -> None:
    cursor.execute("delete from _jobs where id = ?", [job.id])
    cursor.execute(
        "insert into _jobs values (?, ?)", [job.id, json.dumps(asdict(job), default=str)]
    )


def _from_json(text: str) -> Job:
    stored = json.loads(text)
    for key in ("created", "modified"):
        stored[key] = datetime.fromisoformat(stored[key])
    return Job(**stored)
