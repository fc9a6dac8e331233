"""Locks the records of a write and their parents while it is worked (facts 9).

A write of records is instantaneous here, so locks are kept for a work time that is a setting
(`batch_seconds`; 0: nothing can collide, and nothing is looked at). For that time the write lock
of the store is not held: other jobs and calls go on, and those that want a locked record wait
`lock_wait_seconds`; then their rows fail with UNABLE_TO_LOCK_ROW.

Not imitated: locks on owners, group membership and roll-up summaries; the order in which the
batches of one job collide with each other.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql
from crm_sink.emulator.locks.table import Holder
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

T = TypeVar("T")

# Written children lock these whatever the row says; other lookups only when the row names one.
PARENTS = frozenset({"AccountId"})
SETUP = frozenset({"User", "Group", "RecordType", "Profile"})
REFUSED = "UNABLE_TO_LOCK_ROW"
WORDS = "unable to obtain exclusive access to this record or 1 records: "


class _Pause(Exception):
    """Rolls a transaction back, to be done again after a wait outside of it."""


def in_turn(
    org: Org,
    label: str,
    work: Callable[[duckdb.DuckDBPyConnection, Claim], T],
    *,
    large: bool = False,
) -> T:
    """Do a transaction with the locks that it claims, and free them when it has been committed.

    Args:
        org: Whose store and locks are used.
        label: Who writes.
        work: The transaction; it is rolled back and done again when it must wait for a lock or
            for its work time, so what it does outside of the cursor must bear to be repeated.
        large: Whether it may stage so many rows that they should not be kept in memory afterwards.
    """
    claim = Claim(org, label)
    try:
        while True:
            with suppress(_Pause), org.store.writing(often=not large) as cursor:
                return work(cursor, claim)
            claim.wait()
    finally:
        claim.release()


class Claim:
    """The locks of one transaction."""

    def __init__(self, org: Org, label: str) -> None:
        self._org = org
        self._holder = Holder(label)
        self._patience = org.settings.lock_wait_seconds
        self._wanted: set[str] = set()
        self._denied: set[str] = set()
        self._worked: set[str] = set()

    def take(self, cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
        """Lock what the judged rows of a write need; refuse rows that cannot have it.

        Raises:
            _Pause: The transaction must be done again, after `wait`.
        """
        # Inside of another transaction there is no waiting: it could not be begun anew.
        is_joined = self._org.store.is_joined
        seconds = 0.0 if is_joined else self._org.settings.batch_seconds
        if not seconds and self._org.locks.is_empty and not self._denied:
            return
        cursor.execute(f"create or replace temp table claimed as {_records_of(write)}")
        wanted = self._not_refused(cursor)
        while others := self._org.locks.take(self._holder, wanted):
            if self._patience > 0 and not is_joined:
                self._wanted = others
                raise _Pause
            # Who was refused once stays refused, also when the work time has freed the record.
            self._denied |= others
            wanted = self._not_refused(cursor)
        if seconds and wanted and write.target.name not in self._worked:
            self._worked.add(write.target.name)
            self._wanted = set()
            raise _Pause

    def wait(self) -> None:
        """Wait for the locks of others, or, with all of its own, for the work to be done."""
        if not self._wanted:
            self._org.clock.sleep(self._org.settings.batch_seconds)
            return
        before = self._org.clock.monotonic()
        if self._org.locks.wait_until_free(self._wanted, self._holder, self._patience):
            self._patience -= self._org.clock.monotonic() - before
        else:
            self._patience = 0.0

    def release(self) -> None:
        """Free all locks."""
        self._org.locks.release(self._holder)

    def _not_refused(self, cursor: duckdb.DuckDBPyConnection) -> set[str]:
        """Refuse the rows that cannot have a lock, and give what the others need."""
        if self._denied:
            listed = ", ".join(literal(record) for record in sorted(self._denied))
            message = f"{literal(WORDS)} || id"
            cursor.execute(
                f"insert into refused select n, {staging.LOCK}, {fault_sql(REFUSED, message)} from "
                f"(select n, min(id) as id from claimed where id in ({listed}) group by n) "
                "where n not in (select n from refused)"
            )
        found = cursor.execute(
            "select distinct id from claimed where n not in (select n from refused)"
        ).fetchall()
        return {record for (record,) in found}


def _records_of(write: Write) -> str:
    """Give a query of n and id: the row's record, and each parent that its write locks."""
    queries = ["select n, id from matched where not created"]
    table = staging.name_of(write)
    for field in write.target.stored():
        if field.type != "reference" or set(field.reference_to) <= SETUP:
            continue
        if _is_parent(field):
            queries.append(
                f"select m.n, o.{name(field.name)} from matched m join {table} o on o.Id = m.id "
                "where not m.created"
            )
        queries += [
            f"select n, {column.typed} from typed"
            for column in write.values()
            if column.field is field and not write.deletes
        ]
    return (
        f"select distinct n, id from ({' union all '.join(queries)}) "
        "where id is not null and n not in (select n from refused)"
    )


def _is_parent(field: Field) -> bool:
    return field.master_detail or field.name in PARENTS
