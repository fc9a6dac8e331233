"""The ledger over a relational database: runs, their chunks and tickets.

Rows of records are not here: they are Parquet in the run folder (`folder`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.errors import LedgerError, NoSuchRun
from crm_sink.ledger.contract import ChunkState, RunState
from crm_sink.ledger.database import Database, open_database
from crm_sink.ledger.lease import Lease, take_lease
from crm_sink.ledger.migrate import migrate
from crm_sink.ledger.patience import Missed, Patience, unheard
from crm_sink.ledger.rows import chunk_of_row, row_of_chunk, row_of_run, run_of_row, ticket_facts
from crm_sink.ledger.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from crm_sink.clock import Clock
    from crm_sink.ledger.contract import ChunkRecord, Run
    from crm_sink.tickets import Ticket

NEAREST = 3  # how many run ids a hint names
AT_ONCE = 500  # parameters of a statement; SQLite takes at least 999


def open_ledger(url: str | None, home: Path, clock: Clock, missed: Missed = unheard) -> SqlLedger:
    """Open the ledger at a database URL, or the SQLite file in the home folder.

    The ledger is made, or brought up to date, when need be. Close it, or use it in a `with`.

    Args:
        url: A SQLAlchemy URL of SQLite or PostgreSQL (`postgres://` will do), or None.
        home: Where run folders are kept.
        clock: Tells when a migration was made, and waits for a database that is away.
        missed: Is told when a database that answered before is away, and is waited for.

    Raises:
        UsageError: The URL cannot be used, or its driver is not installed.
        LedgerError: It cannot be opened: nobody answers, not a ledger, made by a newer crm_sink,
            or no right to write.
    """
    database = open_database(url, home, Patience(clock, missed))
    try:
        migrate(database, clock)
    except BaseException:
        database.close()
        raise
    return SqlLedger(database, home, clock)


class SqlLedger:
    """A ledger in SQLite or PostgreSQL; see `contract.Ledger`. Several threads may use it."""

    def __init__(self, database: Database, home: Path, clock: Clock) -> None:
        self.database = database
        self.home = home
        self.clock = clock

    def __enter__(self) -> SqlLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def lease(self, mapping: str, run: str) -> Lease:
        """Take the lease on a mapping; use it in a `with`.

        Raises:
            AlreadyRunning: A live run holds it.
        """
        return take_lease(self.database, mapping, run, self.clock)

    def begin(self, run: Run) -> None:
        """Store a new run."""
        with self.database.writing() as connection:
            connection.execute(tables().runs.insert().values(row_of_run(run, self.home)))

    def save_chunks(
        self, run: str, chunks: Sequence[ChunkRecord], *, instead_of: Sequence[int] = ()
    ) -> None:
        """Store the chunks of a plan, or those that carry on the rows of waiting ones."""
        if not chunks and not instead_of:
            return
        table = tables().chunks
        done = table.update().where(table.c.run == run, table.c.chunk.in_(instead_of))
        with self.database.writing() as connection:
            if chunks:
                connection.execute(table.insert(), [row_of_chunk(run, chunk) for chunk in chunks])
            if instead_of:
                connection.execute(done.values(state=ChunkState.COLLECTED.value))

    def update(self, run: Run) -> None:
        """Store a run's new state and figures.

        Raises:
            NoSuchRun: It never began.
        """
        runs = tables().runs
        values = row_of_run(run, self.home)
        with self.database.writing() as connection:
            result = connection.execute(runs.update().where(runs.c.run == run.run).values(values))
            if result.rowcount == 0:
                raise self._no_such_run(connection, run.run)

    def chunks(self, run: str, *, unfinished: bool = False) -> list[ChunkRecord]:
        """Give a run's chunks in order; with `unfinished`, those not yet collected."""
        table = tables().chunks
        query = table.select().where(table.c.run == run).order_by(table.c.chunk)
        if unfinished:
            query = query.where(table.c.state != ChunkState.COLLECTED.value)
        with self.database.reading() as connection:
            return [chunk_of_row(row) for row in connection.execute(query).mappings()]

    def remember(self, run: str, chunk: int, ticket: Ticket | None, state: ChunkState) -> None:
        """Store a chunk's ticket and state; durable when it returns."""
        self._mark(run, chunk, {"ticket": ticket_facts(ticket), "state": state.value})

    def record(
        self,
        run: str,
        chunk: int,
        *,
        ok: int,
        failed: int,
        state: ChunkState = ChunkState.COLLECTED,
    ) -> None:
        """Store that a chunk's outcomes are in the run folder: it is collected, or waiting."""
        self._mark(run, chunk, {"ok": ok, "failed": failed, "state": state.value})

    def find(self, run: str | None = None) -> Run:
        """Give one run: by id, by an unambiguous beginning of it, or the latest.

        Raises:
            NoSuchRun: There is none, or the beginning fits several.
        """
        from sqlalchemy import func

        runs = tables().runs
        query = runs.select()
        if run is not None:
            query = query.where(func.substr(runs.c.run, 1, len(run)) == run)
            query = query.order_by((runs.c.run == run).desc())
        with self.database.reading() as connection:
            query = query.order_by(runs.c.number.desc()).limit(NEAREST)
            rows = connection.execute(query).mappings().all()
            if len(rows) == 1 or (rows and run in {None, rows[0]["run"]}):
                return run_of_row(rows[0], self.home)
            raise self._no_such_run(connection, run, [row["run"] for row in rows])

    def history(self, mapping: str | None = None, *, limit: int | None = None) -> list[Run]:
        """Give runs, newest first, of one mapping or of all."""
        runs = tables().runs
        query = runs.select().order_by(runs.c.number.desc()).limit(limit)
        if mapping is not None:
            query = query.where(runs.c.mapping == mapping)
        with self.database.reading() as connection:
            return [run_of_row(row, self.home) for row in connection.execute(query).mappings()]

    def baseline(self, mapping: str) -> dict[str, Any] | None:
        """Give what the last finished run's batch looked like (`Run.details["profile"]`)."""
        from sqlalchemy import select

        runs = tables().runs
        query = select(runs.c.details).order_by(runs.c.number.desc())
        query = query.where(runs.c.mapping == mapping, runs.c.state == RunState.DONE.value)
        with self.database.reading() as connection:
            for details in connection.execute(query).scalars():
                if details.get("profile"):  # an undo or a retry has none
                    return dict(details["profile"])
        return None

    def written(self, mapping: str) -> list[Run]:
        """Give the runs of a mapping that wrote something, oldest first."""
        from sqlalchemy import or_, select

        runs, chunks = tables().runs, tables().chunks
        query = runs.select().where(runs.c.mapping == mapping).order_by(runs.c.number)
        collected = select(chunks.c.run).where(chunks.c.run == runs.c.run, chunks.c.ok > 0)
        counted = (runs.c.created + runs.c.updated + runs.c.cleared) > 0
        query = query.where(or_(counted, collected.exists()))
        with self.database.reading() as connection:
            return [run_of_row(row, self.home) for row in connection.execute(query).mappings()]

    def forget(self, runs: Sequence[str]) -> None:
        """Delete runs and their chunks; what they wrote must have been kept elsewhere first."""
        table, chunks = tables().runs, tables().chunks
        with self.database.writing() as connection:
            for start in range(0, len(runs), AT_ONCE):
                some = runs[start : start + AT_ONCE]
                connection.execute(chunks.delete().where(chunks.c.run.in_(some)))
                connection.execute(table.delete().where(table.c.run.in_(some)))

    def _mark(self, run: str, chunk: int, values: dict[str, Any]) -> None:
        table = tables().chunks
        place = (table.c.run == run, table.c.chunk == chunk)
        with self.database.writing() as connection:
            if connection.execute(table.update().where(*place).values(values)).rowcount == 0:
                raise LedgerError(
                    f"run {run} has no chunk {chunk} in this ledger",
                    where=self.database.place.shown,
                    hint=f"crm-sink show {run}",
                )

    def _no_such_run(
        self, connection: Connection, run: str | None, fitting: Sequence[str] = ()
    ) -> NoSuchRun:
        """Say which run ids come nearest."""
        from difflib import get_close_matches

        from sqlalchemy import select

        where = self.database.place.shown
        runs = tables().runs
        if fitting:
            return NoSuchRun(f"{run!r} fits several runs", where=where, hint=", ".join(fitting))
        query = select(runs.c.run).order_by(runs.c.number.desc()).limit(1000)
        known = list(connection.execute(query).scalars())
        if not known or run is None:
            return NoSuchRun("there are no runs yet", where=where, hint="crm-sink plan MAPPING")
        near = get_close_matches(run, known, n=NEAREST) or known[:NEAREST]
        return NoSuchRun(f"there is no run {run!r}", where=where, hint=", ".join(near))
