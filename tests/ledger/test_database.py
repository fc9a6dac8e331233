"""A ledger that cannot be opened or written says what, where and what to do, without secrets."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.errors import CrmSinkError, LedgerError, UsageError
from crm_sink.ledger.address import Place, place_of, read_url
from crm_sink.ledger.store import open_ledger
from crm_sink.ledger.trouble import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_sink.clock import Clock
    from crm_sink.ledger.contract import Run
    from crm_sink.ledger.store import SqlLedger

NOBODY = 65534


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Be somebody who may read a folder and not write to it, root or not."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Give a folder that other users can look into; pytest's own is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="crm-sink-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def refused(
    url: str | None, home: Path, clock: Clock, kind: type[CrmSinkError] = LedgerError
) -> CrmSinkError:
    with pytest.raises(kind) as caught:
        open_ledger(url, home, clock)
    return caught.value


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "is not a database URL"),
        ("postgresql://ann:sekret@127.0.0.1:port/x", "is not a database URL"),
        ("mysql://ann:sekret@127.0.0.1/x", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "would forget"),
        ("sqlite:///:memory:", "would forget"),
        ("postgresql+nodriver://ann:sekret@127.0.0.1/x", "driver is not installed"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_wrong_setting(
    url: str, message: str, home: Path, clock: Clock
) -> None:
    error = refused(url, home, clock, UsageError)
    assert message in error.message
    assert error.hint
    assert "sekret" not in repr((str(error), error.args, error.__cause__))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:sekret@127.0.0.1:1/x",
        "postgresql://ann:sekret@nohost.invalid/x",
        "postgresql://ann:sekret@/x?host=/nowhere",
        "postgres://ann:sekret@127.0.0.1:1/x?sslpassword=sekret",
    ],
)
def test_a_url_that_leads_nowhere_is_refused_without_its_password(
    url: str, home: Path, clock: Clock
) -> None:
    error = refused(url, home, clock)
    assert "no database answers there" in error.message
    assert error.hint
    assert "sekret" not in repr((str(error), error.args, error.__cause__))


def test_a_missing_driver_names_the_extra_to_install(
    home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refused("postgresql://ann@127.0.0.1/x", home, clock, UsageError)
    assert error.hint == "pip install 'crm_sink[postgres]'"


def test_a_database_that_postgres_does_not_know_is_named(
    postgres_server: str, home: Path, clock: Clock
) -> None:
    url = postgres_server.replace("/postgres?", "/nosuch?")
    assert 'database "nosuch" does not exist' in refused(url, home, clock).message


def test_a_file_that_is_no_ledger_is_refused(home: Path, clock: Clock) -> None:
    home.mkdir()
    (home / "ledger.db").write_text("These are my notes, and not a database at all. " * 100)
    error = refused(None, home, clock)
    assert error.message.startswith("the file is not a ledger")
    assert error.where == str(home / "ledger.db")


def test_a_small_file_of_somebody_else_is_left_as_it_is(tmp_path: Path, clock: Clock) -> None:
    """SQLite takes a file of less than a page for an empty database."""
    notes = tmp_path / "notes.txt"
    notes.write_text("call Ann")
    error = refused(f"sqlite:///{notes}", tmp_path / "home", clock)
    assert error.message == "the file is not a ledger: it is no SQLite database"
    assert (error.where, notes.read_text()) == (str(notes), "call Ann")


def test_an_empty_file_becomes_a_ledger(tmp_path: Path, home: Path, clock: Clock) -> None:
    file = tmp_path / "made-by-mktemp.db"
    file.touch()
    open_ledger(f"sqlite:///{file}", home, clock).close()
    assert file.stat().st_size


def test_a_damaged_ledger_is_refused(home: Path, clock: Clock) -> None:
    open_ledger(None, home, clock).close()
    file = home / "ledger.db"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 8192)
    assert refused(None, home, clock).message.startswith("the ledger's file is damaged")


@pytest.mark.parametrize("change", ["state = 'dnoe'", "started = 'xx'", "details = '{'"])
def test_a_row_that_was_damaged_is_told_as_such(
    home: Path, clock: Clock, a_run: Callable[..., Run], change: str
) -> None:
    """The database is whole, and one of its values is not."""
    with open_ledger(None, home, clock) as ledger:
        ledger.begin(a_run())
        with sqlite3.connect(home / "ledger.db") as other:
            other.execute(f"update crm_sink_runs set {change}")
        with pytest.raises(LedgerError, match="a row of it cannot be read") as raised:
            ledger.history()
    assert raised.value.where == str(home / "ledger.db")


def test_a_locked_ledger_is_refused_when_patience_ends(home: Path, clock: Clock) -> None:
    home.mkdir()
    other = sqlite3.connect(home / "ledger.db")
    other.execute("begin exclusive")
    error = refused(f"sqlite:///{home}/ledger.db?timeout=0", home, clock)
    other.close()
    assert error.message.startswith("another process holds the ledger's lock")


def test_a_ledger_is_read_while_another_keeps_it_from_switching_to_wal(
    home: Path, clock: Clock
) -> None:
    """Two that make a ledger at once both switch its file; SQLite refuses one without a wait."""
    open_ledger(None, home, clock).close()
    with closing(sqlite3.connect(home / "ledger.db", isolation_level=None)) as other:
        other.execute("pragma journal_mode = delete")
        other.execute("begin")
        other.execute("select * from crm_sink_runs").fetchall()
        ledger = open_ledger(f"sqlite:///{home}/ledger.db?timeout=0", home, clock)
        assert list(ledger.history()) == []
        ledger.close()


def test_a_ledger_that_may_not_be_written_is_refused(public_folder: Path, clock: Clock) -> None:
    home = public_folder / "home"
    with open_ledger(None, home, clock) as ledger:
        home.chmod(0o755)
        ledger.history()
    with without_rights(home):
        error = refused(None, home, clock)
    assert "CRM_SINK_HOME" in str(error.hint)


def test_a_home_that_cannot_be_made_is_refused(public_folder: Path, clock: Clock) -> None:
    open_ledger(None, public_folder / "first", clock).close()  # imports what it needs
    with without_rights(public_folder):
        error = refused(None, public_folder / "second", clock)
    assert error.message == "the folder cannot be made: Permission denied"


def test_a_disk_that_refuses_a_write_is_told(
    home: Path, clock: Clock, a_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python does not look whether the bytecode that it keeps was written whole.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with open_ledger(None, home, clock) as ledger:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(LedgerError, match="the disk failed, or a limit was reached"):
                ledger.begin(a_run(error="x" * 1_000_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ledger.history() == []


def test_a_full_disk_is_told_as_such() -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma max_page_count = 1")
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("create table t (a)")
    engine.dispose()
    assert explained(caught.value, Place("ledger.db")).message.startswith("the disk is full")


def test_a_transaction_that_fails_leaves_nothing(
    url: str | None, home: Path, clock: Clock, a_run: Callable[..., Run]
) -> None:
    with open_ledger(url, home, clock) as ledger:
        ledger.begin(a_run("r"))
        with pytest.raises(LedgerError):
            delete_and_fail(ledger)
        assert ledger.find().run == "r"


def delete_and_fail(ledger: SqlLedger) -> None:
    with ledger.database.writing() as connection:
        connection.exec_driver_sql("delete from crm_sink_runs")
        connection.exec_driver_sql("delete from nowhere")


def test_sqlite_syncs_each_commit_so_that_a_ticket_survives_a_power_cut(
    home: Path, clock: Clock
) -> None:
    """`synchronous` 2 is FULL: in WAL mode the log is synced at each commit."""
    with (
        open_ledger(None, home, clock) as ledger,
        ledger.database.reading() as connection,
    ):
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 2


def test_the_home_is_closed_to_others_and_to_git(home: Path, clock: Clock) -> None:
    open_ledger(None, home, clock).close()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_every_spelling_of_postgres_uses_psycopg_3(scheme: str) -> None:
    url = read_url(f" {scheme}://ann:sekret@db/x?password=other ")
    assert url is not None
    assert url.drivername == "postgresql+psycopg"
    place = place_of(url)
    assert place.shown == "postgresql+psycopg://ann:***@db/x"
    assert place.clean("no\nsekret, no other") == "no ***, no ***"
