"""The org as a process of its own: its state file, and what survives a kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = Path(__file__).parents[2]


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start an org and wait, by its pipe, until it has said that it answers."""
    ready, said = os.pipe()
    code = (
        "import os, sys\n"
        "from crm_sink.emulator import serve\n"
        "write = serve.write_state\n"
        f"serve.write_state = lambda *given: (write(*given), os.write({said}, b'up'))\n"
        f"sys.exit(serve.main({['--folder', str(folder), *options]!r}))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], pass_fds=[said], cwd=PACKAGE, env={**os.environ}
    )
    os.close(said)
    assert os.read(ready, 2) == b"up"
    os.close(ready)
    return process, json.loads((folder / "state.json").read_text())


def session(state: dict[str, Any]) -> requests.Session:
    form = {
        "grant_type": "client_credentials",
        "client_id": state["client_id"],
        "client_secret": state["client_secret"],
    }
    with requests.post(state["url"] + "/services/oauth2/token", data=form, timeout=10) as reply:
        made = requests.Session()
        made.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        return made


@contextmanager
def started(folder: Path, *options: str, signal_number: int = signal.SIGTERM) -> Iterator[Client]:
    """Run an org as a process and log in; at the end it is sent a signal, SIGKILL for a crash."""
    process, state = start(folder, *options)
    try:
        with session(state) as http:
            yield Client(http, state["url"])
    finally:
        process.send_signal(signal_number)
        process.wait(20)


@dataclass
class Client:
    """A session with a running org."""

    http: requests.Session
    url: str

    def call(self, method: str, path: str, **given: Any) -> Any:
        root = f"{self.url}/services/data/v60.0/"
        with self.http.request(method, root + path, timeout=10, **given) as reply:
            assert reply.ok, reply.text
            return reply.json() if reply.content else None

    def job(self, rows: int) -> str:
        """Open a job that inserts leads, and upload its rows."""
        made = self.call("POST", "jobs/ingest", json={"object": "Lead", "operation": "insert"})
        lines = "".join(f"Lead {number},Acme\n" for number in range(rows))
        content = f"LastName,Company\n{lines}".encode()
        self.call("PUT", f"jobs/ingest/{made['id']}/batches", data=content)
        return str(made["id"])

    def close(self, job: str) -> None:
        self.call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})

    def until(self, job: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look at a job until something is true of it."""
        deadline = time.monotonic() + 30
        while not reached(said := self.call("GET", f"jobs/ingest/{job}")):
            assert time.monotonic() < deadline, said
        return dict(said)

    def leads(self) -> list[str]:
        found = self.call("GET", "query", params={"q": "SELECT LastName FROM Lead"})
        assert found["done"]
        return sorted(record["LastName"] for record in found["records"])


def is_complete(job: dict[str, Any]) -> bool:
    return bool(job["state"] == "JobComplete")


def test_the_state_file_says_where_and_goes_when_the_org_stops(org_folder: Path) -> None:
    process, state = start(org_folder)
    assert state["pid"] == process.pid
    assert (org_folder / "state.json").stat().st_mode & 0o777 == 0o600
    assert "session_key" not in state
    process.terminate()
    assert process.wait(20) == 0
    assert not (org_folder / "state.json").exists()


def test_an_accepted_write_survives_a_kill(org_folder: Path) -> None:
    process, state = start(org_folder)
    with session(state) as http:
        root = state["url"] + "/services/data/v60.0/sobjects/Account"
        made = http.post(root, json={"Name": "Kept"}, timeout=10).json()["id"]
        plain = {"Sforce-Auto-Assign": "FALSE"}  # without rules, few rows go a short way
        second = http.post(root, json={"Name": "Two"}, headers=plain, timeout=10).json()["id"]
        changed = {"Industry": "Energy"}
        http.patch(f"{root}/{made}", json=changed, headers=plain, timeout=10).raise_for_status()
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process, state = start(org_folder)
    with session(state) as http:
        root = state["url"] + "/services/data/v60.0/sobjects/Account"
        kept = http.get(f"{root}/{made}", timeout=10).json()
        assert (kept["Name"], kept["Industry"]) == ("Kept", "Energy")
        assert http.get(f"{root}/{second}", timeout=10).json()["Name"] == "Two"
    process.terminate()
    process.wait(20)


def test_an_accepted_job_survives_a_kill_and_is_worked_at_the_next_start(org_folder: Path) -> None:
    with started(org_folder, "--jobs-take", "600", signal_number=signal.SIGKILL) as before:
        job = before.job(rows=3)
        before.close(job)
    with started(org_folder, "--jobs-take", "0") as after:
        assert after.until(job, is_complete)["numberRecordsProcessed"] == 3
        assert after.leads() == ["Lead 0", "Lead 1", "Lead 2"]


def test_an_open_job_survives_a_kill_with_its_data(org_folder: Path) -> None:
    with started(org_folder, signal_number=signal.SIGKILL) as before:
        job = before.job(rows=2)
    with started(org_folder) as after:
        assert after.call("GET", f"jobs/ingest/{job}")["state"] == "Open"
        assert after.leads() == []
        after.close(job)
        after.until(job, is_complete)
        assert after.leads() == ["Lead 0", "Lead 1"]


def test_a_job_that_is_killed_halfway_goes_on_and_writes_no_row_twice(org_folder: Path) -> None:
    slow = ("--batch-rows", "20", "--batch-seconds", "0.2")
    with started(org_folder, *slow, signal_number=signal.SIGKILL) as before:
        job = before.job(rows=200)
        before.close(job)
        said = before.until(job, lambda one: one["numberRecordsProcessed"] > 0)
        assert said["state"] == "InProgress"
    with started(org_folder, "--batch-seconds", "0") as after:
        assert after.until(job, is_complete)["numberRecordsProcessed"] == 200
        assert after.leads() == sorted(f"Lead {number}" for number in range(200))
        results = after.http.get(
            f"{after.url}/services/data/v60.0/jobs/ingest/{job}/successfulResults", timeout=10
        )
        assert len(results.text.splitlines()) == 201


def test_a_kill_does_not_give_the_day_s_calls_back(org_folder: Path) -> None:
    with started(org_folder, signal_number=signal.SIGKILL) as before:
        before.call("GET", "limits")
    with started(org_folder) as after:
        left = after.call("GET", "limits")["DailyApiRequests"]["Remaining"]
    assert left == 15_000 - 2
