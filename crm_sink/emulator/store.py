"""One DuckDB file in a folder that holds an org's records and the definitions of its objects.

`definitions` are the objects with all their fields, `objects` the same as the org's user sees them:
a guarded field is in there only when it was granted (see `access`). Everything that answers a
request reads `objects`.

One table for each object, named as the object; columns named as the fields. It judges nothing:
`dml` decides what may be written. No PRIMARY KEY and no index: uniqueness is judged set-wise.

Not imitated: sharing, record-level security, the recycle bin's 15 days.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

import duckdb

from crm_sink.emulator.access.view import view
from crm_sink.emulator.dml.whereabouts import Whereabouts
from crm_sink.emulator.log import keeping, rules
from crm_sink.emulator.planned import Planned, hastily
from crm_sink.emulator.schema import DUCKDB_TYPES, Field, ObjectType
from crm_sink.emulator.sql import literal, name, varying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crm_sink.emulator.clock import Clock

FILE = "org.duckdb"
AHEAD = 10_000  # counters of new ids that are kept at once
# The org's own tables: definitions, id counters, jobs, and the write log.
TABLES = (
    "_objects (position integer, name varchar, json varchar)",
    "_counters (object varchar, next bigint)",
    "_jobs (id varchar, json varchar)",
    "_components (id varchar, type varchar, full_name varchar, json varchar, "
    "created timestamp, modified timestamp)",
    *keeping.TABLES,
    *rules.TABLES,
)


class _Lent:
    """The cursor of a joined transaction, handed to a reader who must not close it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.execute = cursor.execute

    def __enter__(self) -> _Lent:
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave the transaction open."""

    def close(self) -> None:
        """Leave the transaction open."""


class Store:
    """Records and definitions at rest, with many readers and one writer at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.definitions: dict[str, ObjectType] = {}
        self.objects: dict[str, ObjectType] = {}
        self._grants: Mapping[str, bool] = {}
        self._joined: ContextVar[duckdb.DuckDBPyConnection | None] = ContextVar(
            "joined", default=None
        )
        self._when_committed: list[Callable[[], None]] = []
        self._connection = connection
        self._lock = threading.RLock()
        self._counters: dict[str, int] = {}
        self._kept: dict[str, int] = {}  # up to where no counter at rest needs to be raised
        self._planned: Planned | None = None
        self.whereabouts = Whereabouts()
        # Lets those writes reach the database that were answered before (see `ahead`).
        self.settle: Callable[[], None] = _nothing
        self.last_write: int | None = None  # the number of the last one in the log, once asked for

    @classmethod
    def open(cls, folder: Path, clock: Clock, *, memory_limit: str = "700MB") -> Store:
        """Open the org's database, or make an empty one.

        Raises:
            duckdb.IOException: Another process holds the file open.
        """
        folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(folder / FILE),
            config={
                "memory_limit": memory_limit,
                "threads": 2,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                "preserve_insertion_order": False,
            },
        )
        connection.execute("set global TimeZone = 'UTC'")
        for table in TABLES:
            connection.execute(f"create table if not exists {table}")
        connection.execute(keeping.MENDED)
        store = cls(connection, folder, clock)
        store._counters = dict(connection.execute("select * from _counters").fetchall())
        for text in connection.execute("select json from _objects order by position").fetchall():
            found = ObjectType.from_json(json.loads(text[0]))
            store.definitions[found.name.lower()] = found
        store.show(store.definitions, {})
        return store

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Give a handle for reading in this thread.

        What it sees is committed; inside of `joined()` also what was written in it.
        """
        joined = self._joined.get()
        if joined is not None:
            return cast("duckdb.DuckDBPyConnection", _Lent(joined))
        self.settle()
        return self._connection.cursor()

    def reader(self) -> duckdb.DuckDBPyConnection:
        """Give a handle for reading what the database has now, which may lack answered writes."""
        return self._connection.cursor()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the one write lock without a transaction."""
        with self._lock:
            yield

    @contextmanager
    def writing(self, *, often: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Hold the one write lock and a transaction; commit at the end, roll back on an error.

        When the block has ended without an error, what it wrote survives a kill -9.

        Args:
            often: Whether the same few rows' statements come again and again: their plans and temp
                tables are kept from one block to the next.
        """
        joined = self._joined.get()
        if joined is not None:
            yield joined
            return
        with self._lock:
            self.settle()
            cursor = self._take(often=often)
            cursor.execute("begin transaction")
            try:
                yield cursor
            except BaseException:
                self._when_committed.clear()
                self.forget_kept()
                cursor.execute("rollback")
                cursor.close()
                raise
            cursor.execute("commit")
            self._put_back(cursor)
            waiting, self._when_committed = self._when_committed, []
            for then in waiting:
                then()

    def _take(self, *, often: bool) -> duckdb.DuckDBPyConnection:
        if not often:
            return self._connection.cursor()
        planned, self._planned = self._planned or Planned(self._connection.cursor()), None
        # It does what a connection does, as far as a write asks.
        return cast("duckdb.DuckDBPyConnection", planned)

    def _put_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if isinstance(cursor, Planned) and not cursor.is_old:
            self._planned = cursor
        else:
            cursor.close()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let every `writing()` inside of the block join one transaction, on any thread of it.

        The transaction is committed at the end of the block, or rolled back on an error.
        """
        with self.writing() as cursor:
            token = self._joined.set(cursor)
            try:
                yield
            finally:
                self._joined.reset(token)

    @property
    def is_joined(self) -> bool:
        """Whether the caller is inside of a `joined()` block."""
        return self._joined.get() is not None

    def when_committed(self, then: Callable[[], None]) -> None:
        """Do something after the `writing()` block that this thread is in, if it commits."""
        self._when_committed.append(then)

    def show(self, definitions: dict[str, ObjectType], grants: Mapping[str, bool]) -> None:
        """Say what the objects are, and which guarded fields the user may see.

        Args:
            definitions: By lower case name.
            grants: By `object.field` in lower case: whether it may be written, too.
        """
        self.definitions, self._grants = definitions, grants
        self.objects = {key: view(one, grants) for key, one in definitions.items()}

    def add_object(self, added: ObjectType) -> None:
        """Make an object: its table and its definition.

        Raises:
            ValueError: The org has an object of that name.
        """
        self.add_objects([added])

    def add_objects(self, added: Iterable[ObjectType]) -> None:
        """Make several objects in one transaction.

        Raises:
            ValueError: The org has an object of one of those names.
        """
        made = list(added)
        for one in made:
            if one.name.lower() in self.definitions:
                raise ValueError(f"the org already has an object {one.name}")
        if not made:
            return
        with self.writing() as cursor:
            for one in made:
                columns = ", ".join(column_sql(field) for field in one.stored())
                cursor.execute(f"create table {name(one.name)} ({columns})")
                self.save(cursor, one)
        added_now = {one.name.lower(): one for one in made}
        self.show({**self.definitions, **added_now}, self._grants)

    def add_field(self, object_name: str, field: Field) -> None:
        """Add a field to an object; see `add_fields`."""
        self.add_fields(object_name, [field])

    def add_fields(self, object_name: str, fields: Sequence[Field]) -> None:
        """Add fields to an object, all or none; existing records get null, or false for a boolean.

        Raises:
            KeyError: The org has no such object.
            ValueError: The object has a field of that name.
        """
        with self.writing() as cursor:
            target = self.definitions[object_name.lower()]
            for field in fields:
                if target.find(field.name) is not None:
                    raise ValueError(f"{target.name} already has a field {field.name}")
                target = target.with_field(field)
                if not target.is_compound(field):
                    cursor.execute(
                        f"alter table {name(target.name)} add column {column_sql(field)}"
                    )
            self.save(cursor, target)
        self.show({**self.definitions, object_name.lower(): target}, self._grants)

    def redefine(self, changed: ObjectType) -> None:
        """Replace an object's definition by one with the same columns."""
        with self.writing() as cursor:
            self.save(cursor, changed)
        self.show({**self.definitions, changed.name.lower(): changed}, self._grants)

    def reserve(self, cursor: duckdb.DuckDBPyConnection, object_name: str, count: int) -> int:
        """Reserve counters for new ids of an object inside a `writing()` block.

        Returns:
            The first counter; see `ids.record_id`. A roll-back leaves a gap, as in Salesforce, and
            so does a kill: some are kept ahead, so that not each call writes the next one down.
        """
        first = self._counters.get(object_name, 1)
        after = self._counters[object_name] = first + count
        if after > self._kept.get(object_name, 0):
            self._kept[object_name] = after + AHEAD
            with hastily(cursor):
                cursor.execute(f"delete from _counters where object = {literal(object_name)}")
                counter = varying(str(after + AHEAD), "bigint")
                cursor.execute(f"insert into _counters values ({literal(object_name)}, {counter})")
        return first

    def reserve_now(self, object_name: str, count: int) -> int:
        """Reserve counters under the write lock; only now and then that takes a transaction."""
        if self._counters.get(object_name, 1) + count > self._kept.get(object_name, 0):
            with self.writing() as cursor:
                return self.reserve(cursor, object_name, count)
        first = self._counters[object_name]
        self._counters[object_name] = first + count
        return first

    def forget_kept(self) -> None:
        """Write the next counters down again, after a transaction was rolled back."""
        self._kept.clear()

    def save(self, cursor: duckdb.DuckDBPyConnection, definition: ObjectType) -> None:
        """Write an object's definition, inside a `writing()` block."""
        key = definition.name.lower()
        known = list(self.definitions)
        place = known.index(key) if key in self.definitions else len(known)
        cursor.execute("delete from _objects where name = ?", [definition.name])
        cursor.execute(
            "insert into _objects values (?, ?, ?)",
            [place, definition.name, json.dumps(definition.to_json())],
        )

    def close(self) -> None:
        """Close the database; what was committed stays."""
        if self._planned is not None:
            self._planned.close()
        for object_name in self._kept:
            next_one = self._counters[object_name]
            self._connection.execute(
                "update _counters set next = ? where object = ?", [next_one, object_name]
            )
        self._connection.close()


def _nothing() -> None:
    """Do nothing."""


def column_sql(field: Field) -> str:
    """Give the column of a field as a table's definition has it."""
    kind = DUCKDB_TYPES[field.type]
    if field.type != "boolean":
        return f"{name(field.name)} {kind}"
    # A checkbox is never null.
    return f"{name(field.name)} {kind} default {literal(str(bool(field.default)).lower())}::boolean"
