"""A ledger is brought to the shape of the code, step by step, or refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from crm_sink.errors import LedgerError
from crm_sink.ledger.database import open_database
from crm_sink.ledger.migrate import migrate
from crm_sink.ledger.patience import Patience
from crm_sink.ledger.schema import tables
from crm_sink.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.ledger.database import Database
    from crm_sink.ledger.store import SqlLedger

ONE = ("create table one (a integer)",)
TWO = ("create table two (a integer)", "insert into one values (7)")
BROKEN = ("create table three (a integer)", "insert into nowhere values (1)")


@pytest.fixture
def database(url: str | None, home: Path, clock: Clock) -> Iterator[Database]:
    opened = open_database(url, home, Patience(clock))
    yield opened
    opened.close()


def names(database: Database) -> set[str]:
    from sqlalchemy import inspect

    with database.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_a_step_runs_once(database: Database, clock: Clock) -> None:
    migrate(database, clock, (ONE,))
    migrate(database, clock, (ONE, TWO))
    migrate(database, clock, (ONE, TWO))
    with database.reading() as connection:
        assert connection.exec_driver_sql("select a from one").scalars().all() == [7]


def test_a_failing_step_leaves_nothing_of_itself(database: Database, clock: Clock) -> None:
    migrate(database, clock, (ONE,))
    with pytest.raises(LedgerError):
        migrate(database, clock, (ONE, BROKEN))
    assert names(database) == {"one", "crm_sink_migrations"}
    migrate(database, clock, (ONE, TWO))
    assert "two" in names(database)


def test_a_ledger_of_a_newer_version_is_refused(
    url: str | None, home: Path, clock: Clock, database: Database
) -> None:
    migrate(database, clock, tuple(("select 1",) for _ in range(99)))
    with pytest.raises(LedgerError, match="has version 99") as caught:
        open_ledger(url, home, clock)
    assert caught.value.hint == "pip install --upgrade crm_sink"


def test_two_that_open_a_new_ledger_at_once_take_turns(
    url: str | None, home: Path, clock: Clock
) -> None:
    def open_and_close(_: int) -> None:
        open_ledger(url, home, clock).close()

    home.mkdir()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_and_close, range(4)))


def test_the_statements_know_the_columns_that_the_steps_make(ledger: SqlLedger) -> None:
    from sqlalchemy import inspect

    with ledger.database.reading() as connection:
        inspector = inspect(connection)
        for table in (tables().runs, tables().chunks, tables().leases):
            made = {column["name"] for column in inspector.get_columns(table.name)}
            assert made == {column.name for column in table.columns}
