"""A far and busy org: the time that calls are on their way, and that jobs take."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator import profile
from crm_sink.emulator.clock import SystemClock
from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import FakeClock

SECONDS = 20.0


class Endless(SystemClock):
    """A clock whose seconds do not pass, however often somebody waits."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.waiting.release()


def test_each_call_to_the_api_takes_the_latency_and_a_page_does_not(
    api_folder: Path, clock: FakeClock, log_in: Any
) -> None:
    with running(api_folder, clock=clock, settings=OrgSettings(latency_seconds=0.12)) as org:
        api = log_in(org)
        assert [api.get(path).status_code for path in ("limits", "/", "/__log__")] == [200] * 3
        assert clock.slept == [0.12]


def test_a_job_takes_its_time_half_of_it_in_the_queue(
    api_folder: Path, clock: FakeClock, log_in: Any
) -> None:
    with running(api_folder, clock=clock, settings=OrgSettings(job_seconds=30)) as org:
        job = log_in(org).run_job("LastName,Company\nDoe,Acme\n", "insert")
        assert (job["state"], job["numberRecordsProcessed"]) == ("JobComplete", 1)
        assert sum(clock.slept) == pytest.approx(30)


def test_a_query_job_takes_its_time_half_of_it_in_the_queue(
    api_folder: Path, clock: FakeClock, log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, str]] = []
    with running(api_folder, clock=clock, settings=OrgSettings(job_seconds=30)) as org:
        show = org.org.jobs.move

        def move(job_id: str, **changes: Any) -> Any:
            seen.append((sum(clock.slept), changes["state"]))
            return show(job_id, **changes)

        monkeypatch.setattr(org.org.jobs, "move", move)
        asked = {"operation": "query", "query": "SELECT Id FROM Lead"}
        assert log_in(org).post("jobs/query", asked).status_code == 200
        org.org.jobs.settle(SECONDS)
    assert seen == [(pytest.approx(15), "InProgress"), (pytest.approx(30), "JobComplete")]


def queued(api: Any, clock: Endless) -> dict[str, Any]:
    """Send a job, and wait until it waits in the queue."""
    job: dict[str, Any] = api.open_job("insert")
    api.call("PUT", "/" + job["contentUrl"], data=b"LastName,Company\nDoe,Acme\n")
    api.patch(f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    assert clock.waiting.acquire(timeout=SECONDS)
    return job


def test_a_job_that_is_aborted_in_the_queue_writes_nothing(api_folder: Path, log_in: Any) -> None:
    clock = Endless()
    with running(api_folder, clock=clock, settings=OrgSettings(job_seconds=30)) as org:
        api = log_in(org)
        job = queued(api, clock)
        assert api.get(f"jobs/ingest/{job['id']}").json()["state"] == "UploadComplete"
        api.patch(f"jobs/ingest/{job['id']}", {"state": "Aborted"})
        org.org.jobs.settle(SECONDS)
        assert api.get("/__log__").json()["changes"] == []


def test_a_job_in_the_queue_goes_on_at_the_next_start(api_folder: Path, log_in: Any) -> None:
    """Stopping does not wait for the job's time."""
    clock = Endless()
    with running(api_folder, clock=clock, settings=OrgSettings(job_seconds=30)) as org:
        api = log_in(org)
        job = queued(api, clock)
    with running(api_folder) as org:
        org.org.jobs.settle(SECONDS)
        said = log_in(org).get(f"jobs/ingest/{job['id']}").json()
        assert (said["state"], said["numberRecordsProcessed"]) == ("JobComplete", 1)


def test_a_profile_is_kept_and_a_later_start_changes_only_what_it_names(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    profile.add_options(parser)
    first = vars(parser.parse_args(["--latency", "0.12", "--jobs-take", "30"]))
    profile.save(tmp_path, profile.profile_of(tmp_path, first))
    second = vars(parser.parse_args(["--jobs-take", "0"]))
    assert profile.profile_of(tmp_path, second) == {
        "latency_seconds": 0.12,
        "job_seconds": 0.0,
        "lock_wait_seconds": 10.0,
    }


def test_a_running_org_moves_away_and_back(api: Any) -> None:
    said = api.post("/__settings__", {"latency_seconds": 0.001, "job_seconds": 0.001}).json()
    assert (said["latency_seconds"], said["job_seconds"]) == (0.001, 0.001)
    assert api.run_job("LastName,Company\nDoe,Acme\n", "insert")["state"] == "JobComplete"
    assert api.post("/__settings__", {"latency_seconds": 61}).status_code == 400
