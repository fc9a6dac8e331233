"""A disk that is full, and a ledger that another process holds: told, and resumed afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from crm_sink.events import ChunkMoved, LedgerMissed

from .conftest import COUNT, MAPPING, Office

if TYPE_CHECKING:
    from tests.door import Door

MANY = 5_000


@pytest.mark.parametrize("kilobytes", [4, 60, 250])
def test_a_disk_that_is_full_ends_the_run_and_resume_completes_it(
    office: Office, kilobytes: int
) -> None:
    """No file may grow larger: not the ledger, not the upload of 100 KB, not its results of 300."""
    create = MAPPING.replace("column: id", "column: id, missing: create")
    office.desk.write("lead.yaml", create + """  LastName: "'Nobody'"\n  Company: "'None'"\n""")
    keys = f"select printf('new-%06d', i) as id, 7 as score from range({MANY}) r(i)"
    office.desk.predict(keys)
    run = office.planned("bulk")
    limit = ["sh", "-c", f'ulimit -f {2 * kilobytes}; exec "$@"', "sh"]
    # -B: Python does not look whether the bytecode that it keeps was written whole.
    command = [sys.executable, "-B", "-m", "crm_sink.cli.main", "apply", "--log", "none"]
    done = subprocess.run(
        [*limit, *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert ".crm_sink" in done.stderr
    assert "try: " in done.stderr
    again = "apply" if office.state() == "ready" else f"resume {run}"
    assert office.crm_sink(f"{again} --log none").code == 0
    assert office.written() == (MANY, 1)


# The call after which the journal is to be written, by API.
STEPS = [
    ("bulk", "POST", "jobs/ingest"),
    ("bulk", "PUT", "jobs/ingest/*"),
    ("bulk", "PATCH", "jobs/ingest/*"),
    ("bulk", "GET", "jobs/ingest/*"),
    ("collections", "PATCH", "composite/*"),
]


@pytest.mark.usefixtures("clock_that_goes")
@pytest.mark.parametrize(("api", "method", "path"), STEPS)
def test_a_ledger_that_is_locked_ends_the_run_and_resume_completes_it(
    office: Office, *, api: str, method: str, path: str
) -> None:
    """Another process takes the ledger's lock while a call of the run is in flight."""
    ledger = office.desk.folder / ".crm_sink" / "ledger.db"
    run = office.planned(api)
    office.fail("slow", method=method, path=path, seconds=1, count=1)
    url = f"sqlite:///{ledger}?timeout=0.1"
    command = [sys.executable, "-m", "crm_sink.cli.main", "apply", "--log", "none"]
    with subprocess.Popen(
        command, env={**os.environ, "CRM_SINK_LEDGER_URL": url}, stderr=subprocess.PIPE, text=True
    ) as process:
        office.until_fired()
        other = sqlite3.connect(ledger, timeout=60)
        other.execute("begin immediate")
        _, error = process.communicate(timeout=60)
        other.close()
    assert process.returncode == 1
    assert f"{ledger}  another process holds the ledger's lock" in error
    assert error.endswith(f"crm-sink resume {run}\n")
    assert office.crm_sink(f"resume {run} --log none").code == 0
    assert office.written() == (COUNT, 1)


def test_a_ledger_that_goes_away_while_a_run_writes_is_named_with_the_command_to_resume(
    office: Office, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even how far the run came can be read: its schema has another name for a while."""
    schema = postgres_url.rpartition("%3D")[2]
    monkeypatch.setenv("CRM_SINK_LEDGER_URL", postgres_url)
    run = office.planned()

    def rename(old: str, new: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"alter schema {old} rename to {new}")

    def listen(event: object) -> None:
        if isinstance(event, ChunkMoved) and event.state == "sending":
            rename(schema, f"{schema}_away")

    with monkeypatch.context() as patch:
        patch.setattr("crm_sink.cli.options.listener_of", lambda _: listen)
        said = office.crm_sink("apply")
    rename(f"{schema}_away", schema)
    assert said.code == 1
    assert said.err.endswith(f"crm-sink resume {run}\n")
    assert office.crm_sink(f"resume {run} --log none").code == 0
    assert office.written() == (COUNT, 1)


@pytest.mark.parametrize("state", ["sending", "created", "uploaded", "closed"])
def test_a_ledger_whose_database_restarts_while_a_run_writes_is_waited_for(
    office: Office, door: Door, through: str, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """It goes away at a step of a Bulk job, and answers again at the third attempt."""
    monkeypatch.setenv("CRM_SINK_LEDGER_URL", through)
    office.planned("bulk")
    missed = []

    def listen(event: object) -> None:
        if isinstance(event, ChunkMoved) and event.state == state:
            door.shut()
        if isinstance(event, LedgerMissed):
            missed.append(event.wait_seconds)
            if event.attempt == 3:
                door.open()

    monkeypatch.setattr("crm_sink.cli.options.listener_of", lambda _: listen)
    assert office.crm_sink("apply").code == 0
    assert missed == [0.5, 1, 2]
    assert office.written() == (COUNT, 1)
