"""The ledger's database: one open engine, and transactions that are read-only or durable.

SQLite in the home folder, or PostgreSQL by URL. It knows connections and their failures; which
tables there are stands in `schema`, what is asked of them in `store` and `lease`.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.errors import UsageError
from crm_sink.ledger.address import Place, place_of, read_url
from crm_sink.ledger.folder import make_home
from crm_sink.ledger.trouble import damaged, explained, is_away, not_a_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

    from crm_sink.ledger.patience import Patience

# How long a SQLite transaction waits for another process; `?timeout=` in the URL says otherwise.
BUSY_SECONDS = 30
CONNECT_SECONDS = 10  # how long PostgreSQL has to answer
# After so long PostgreSQL ends a transaction whose process stands still, or whose machine is gone:
# its locks would keep every other process waiting, without a word. A lock is waited for longer.
STANDSTILL_SECONDS = 30
LOCK_SECONDS = 60
WRITING = "crm_sink_writing"
SQLITE = b"SQLite format 3\0"  # how its files begin (sqlite.org/fileformat.html)


class Database:
    """An open database, safe to use from several threads.

    It is waited for when it has answered before and is away. One that never answered, or that
    was waited for in vain, is asked once.
    """

    def __init__(self, engine: Engine, place: Place, patience: Patience) -> None:
        self.place = place
        self._reader = engine
        self._writer = engine.execution_options(**{WRITING: True})
        self._patience = patience
        self._answered = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads.

        Raises:
            LedgerError: The database failed.
        """
        with self._explaining(), self._begin(self._reader) as connection:
            try:
                yield connection
            except (KeyError, TypeError, ValueError) as error:  # a value is not of its kind
                raise damaged(self.place) from error

    @contextmanager
    def writing(self, *, at_once: bool = False) -> Iterator[Connection]:
        """Open a transaction that writes; what it wrote is on the disk when it ends.

        Args:
            at_once: Do not wait for a database that is away.

        Raises:
            LedgerError: The database failed; nothing of the transaction is kept.
        """
        with self._explaining(), self._begin(self._writer, at_once=at_once) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()

    @contextmanager
    def _begin(self, engine: Engine, *, at_once: bool = False) -> Iterator[Connection]:
        connect = engine.connect if at_once else lambda: self._connect(engine)
        with connect() as connection, connection.begin():
            yield connection

    def _connect(self, engine: Engine) -> Connection:
        """Connect; a database that has answered before and is away is waited for."""
        from sqlalchemy.exc import OperationalError

        attempt, since = 0, self._patience.clock.monotonic()
        while True:
            try:
                connection = engine.connect()
            except OperationalError as error:
                attempt += 1
                waits = self._answered and is_away(error)
                if not waits or not self._patience.wait(attempt, since):
                    self._answered = False
                    raise
            else:
                self._answered = True
                return connection

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            raise explained(error, self.place) from error


def open_database(url: str | None, home: Path, patience: Patience) -> Database:
    """Open the database at a URL, or `ledger.db` in the home folder; connect when first used.

    Raises:
        UsageError: The URL cannot be used, or its driver is not installed.
        LedgerError: It names a file that is no database.
    """
    from sqlalchemy import create_engine, event

    address = _address(url, home)
    place = place_of(address)
    if address.get_backend_name() == "sqlite":
        make_home(home)
        _require_sqlite(address, place)
        busy = {} if "timeout" in address.query else {"timeout": BUSY_SECONDS}
        engine = create_engine(address, connect_args=busy)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _postgres(address, place)
    return Database(engine, place, patience)


def _address(url: str | None, home: Path) -> URL:
    from sqlalchemy import URL

    if url is None:
        return URL.create("sqlite", database=str((home / "ledger.db").resolve()))
    hint = "CRM_SINK_LEDGER_URL=postgresql://user:password@host/database"
    address = read_url(url)
    if address is None:
        raise UsageError("CRM_SINK_LEDGER_URL is not a database URL", hint=hint)
    kind = address.drivername.partition("+")[0]
    if kind not in {"sqlite", "postgresql"}:
        raise UsageError(f"a ledger is kept in SQLite or PostgreSQL, not in {kind}", hint=hint)
    if kind == "sqlite" and address.database in {None, "", ":memory:"}:
        raise UsageError(
            "a ledger in memory would forget what was written",
            hint="CRM_SINK_LEDGER_URL=sqlite:////absolute/path/ledger.db",
        )
    return address


def _require_sqlite(address: URL, place: Place) -> None:
    """Make sure that a file which is there is a database.

    SQLite takes one of less than a page for an empty database, and would write over it.
    """
    try:
        with Path(address.database or "").open("rb") as file:
            begin = file.read(len(SQLITE))
    except OSError:
        return  # there is none yet, or SQLite will say why it cannot be opened
    if begin and begin != SQLITE:
        raise not_a_ledger(place)


def _postgres(address: URL, place: Place) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import NoSuchModuleError

    try:
        engine = create_engine(
            address,
            connect_args={"connect_timeout": CONNECT_SECONDS},
            pool_pre_ping=True,  # a run waits hours for a job; firewalls close idle connections
        )
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError(
            f"the PostgreSQL driver is not installed: {error}",
            where=place.shown,
            hint="pip install 'crm_sink[postgres]'",
        ) from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    limits = ("idle_in_transaction_session", STANDSTILL_SECONDS), ("lock", LOCK_SECONDS)
    for what, seconds in limits:
        cursor.execute(f"set {what}_timeout = '{seconds}s'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set up one SQLite connection.

    `synchronous = full` in WAL mode syncs the log at each commit, so that a remembered ticket
    survives a power cut (sqlite.org/pragma.html#pragma_synchronous). The driver's own transaction
    control is switched off because it opens none before DDL.
    """
    import sqlite3

    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("pragma journal_mode = wal")
    except sqlite3.OperationalError as error:
        # The mode is the file's, and only its switching is refused while others are at the file,
        # without a wait when they are switching it, too. What follows waits, in either mode.
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
    for pragma in ("synchronous = full", "foreign_keys = on"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a lock taken half-way can fail without waiting."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("begin immediate" if writing else "begin")
