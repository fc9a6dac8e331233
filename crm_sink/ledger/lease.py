"""A lease keeps two runs off one mapping: one row that its holder keeps beating.

Nobody's clock is trusted. A holder raises a counter every two seconds; who finds the row taken
watches the counter on its own monotonic clock, and takes the lease over only when the counter has
stood still for twenty seconds. A holder that was suspended for longer finds its row taken at its
next beat, and must stop: `ensure` before each write tells.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_sink.errors import AlreadyRunning, LedgerError
from crm_sink.ledger.rows import utc
from crm_sink.ledger.schema import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from crm_sink.clock import Clock
    from crm_sink.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Timing:
    """How often a holder beats, and how long a silence means that it is dead; in seconds."""

    beat: float = 2.0
    expire: float = 20.0
    look: float = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease."""

    token: str  # of this one taking: a run may be resumed twice
    run: str
    host: str
    place: str  # the process table that `pid` belongs to; empty when unknown
    pid: int
    since: datetime
    beats: int = 0

    def is_surely_dead(self) -> bool:
        """Tell whether the holder was a process of this machine that is no more."""
        if not self.place or self.place != _process_table():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # another user's process, alive
            return False
        return False


class Lease:
    """A lease that is held; leave the `with` to release it."""

    def __init__(self, database: Database, mapping: str, holder: Holder, timing: Timing) -> None:
        self.mapping = mapping
        self.holder = holder
        self._database = database
        self._timing = timing
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name=f"lease {mapping}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        try:
            self.release()
        except LedgerError:
            if kind is None:
                raise
            # What went wrong first is what a person must read; the lease expires by itself.

    def heartbeat(self, *, at_once: bool = False) -> bool:
        """Raise the counter; False when the lease is no longer ours.

        Args:
            at_once: Do not wait for a database that is away.

        Raises:
            LedgerError: The database failed.
        """
        leases = tables().leases
        beaten = leases.update().values(beats=leases.c.beats + 1)
        with self._database.writing(at_once=at_once) as connection:
            return connection.execute(beaten.where(*self._mine())).rowcount == 1

    def ensure(self) -> None:
        """Make sure, before a write, that the lease is still ours.

        Raises:
            AlreadyRunning: Another run took it over while this process slept.
            LedgerError: The database failed.
        """
        if not self.heartbeat():
            raise AlreadyRunning(
                f"run {self.holder.run} stood still for so long that its lease on "
                f"{self.mapping} was given away",
                where=self._database.place.shown,
                hint=f"crm-sink show {self.holder.run}",
            )

    def release(self) -> None:
        """Give the lease back; nothing happens when it is no longer ours."""
        with self._database.writing() as connection:
            connection.execute(tables().leases.delete().where(*self._mine()))

    def _mine(self) -> tuple[Any, ...]:
        leases = tables().leases
        return (leases.c.mapping == self.mapping, leases.c.token == self.holder.token)

    def _beat_on(self) -> None:
        while not self._stop.wait(self._timing.beat):
            try:
                if not self.heartbeat(at_once=True):
                    return  # `ensure` tells it to whoever wants to write
            except LedgerError:
                continue  # a database that is away for a moment may be back at the next beat


def take_lease(
    database: Database, mapping: str, run: str, clock: Clock, timing: Timing | None = None
) -> Lease:
    """Take the lease on a mapping for a run; waits while it is not clear whether one is held.

    Args:
        database: The ledger's.
        mapping: The mapping's name.
        run: The run that will work on it.
        clock: Measures how long another's counter stands still.
        timing: For tests.

    Raises:
        AlreadyRunning: A live run holds it.
        LedgerError: The database failed.
    """
    timing = timing or Timing()
    me = Holder(
        secrets.token_hex(8), run, socket.gethostname(), _process_table(), os.getpid(), clock.now()
    )
    other = _claim(database, mapping, me)
    if other is not None:
        if not other.is_surely_dead():
            _watch(database, mapping, other, clock, timing)
        if not _take_over(database, mapping, other, me):
            raise _already_running(database, mapping, _holder(database, mapping) or other)
    return Lease(database, mapping, me, timing)


def _claim(database: Database, mapping: str, me: Holder) -> Holder | None:
    """Store us as the holder, or give the present one."""
    with database.writing() as connection:
        if _insert(connection, _row(mapping, me)):
            return None
        return _read(connection, mapping)


def _watch(database: Database, mapping: str, other: Holder, clock: Clock, timing: Timing) -> None:
    """Return when a holder has been silent for so long that it is dead."""
    end = clock.monotonic() + timing.expire
    while clock.monotonic() < end:
        clock.sleep(timing.look)
        now = _holder(database, mapping)
        if now is None:
            return
        if (now.token, now.beats) != (other.token, other.beats):
            raise _already_running(database, mapping, now)


def _take_over(database: Database, mapping: str, other: Holder, me: Holder) -> bool:
    """Put us in the place of a dead holder, unless it, or somebody else, was quicker."""
    leases = tables().leases
    still = (
        leases.c.mapping == mapping,
        leases.c.token == other.token,
        leases.c.beats == other.beats,
    )
    with database.writing() as connection:
        row = _row(mapping, me)
        if connection.execute(leases.update().where(*still).values(row)).rowcount == 1:
            return True
        return _insert(connection, row)  # it was released


def _insert(connection: Connection, row: dict[str, Any]) -> bool:
    """Insert a row unless there is one, in the words of the database; tell whether it did."""
    leases = tables().leases
    insert: Any
    # The other dialect is not imported: it would cost every run 40 ms.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        insert = postgresql.insert(leases)
    else:
        from sqlalchemy.dialects import sqlite

        insert = sqlite.insert(leases)
    made = insert.values(row).on_conflict_do_nothing().returning(leases.c.mapping)
    return connection.execute(made).first() is not None


def _row(mapping: str, holder: Holder) -> dict[str, Any]:
    names = ("token", "run", "host", "place", "pid", "since", "beats")
    return {"mapping": mapping, **{name: getattr(holder, name) for name in names}}


def _holder(database: Database, mapping: str) -> Holder | None:
    with database.reading() as connection:
        return _read(connection, mapping)


def _read(connection: Connection, mapping: str) -> Holder | None:
    leases = tables().leases
    query = leases.select().where(leases.c.mapping == mapping)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    facts = {name: value for name, value in row.items() if name != "mapping"}
    return Holder(**{**facts, "since": utc(row["since"])})


def _already_running(database: Database, mapping: str, holder: Holder) -> AlreadyRunning:
    return AlreadyRunning(
        f"run {holder.run} is working on {mapping}: process {holder.pid} on {holder.host}, "
        f"since {holder.since:%Y-%m-%d %H:%M:%S} UTC",
        where=database.place.shown,
        hint=f"wait for it: crm-sink show {holder.run}",
    )


def _process_table() -> str:
    """Name the table of processes in which our process id counts; empty when it has no name.

    A boot and a namespace (a container has its own): a pid that is missing in the same table
    belongs to a process that has ended.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""
