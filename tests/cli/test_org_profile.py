"""`crm-sink org start --latency ... --jobs-take ...`: a far, busy org, that stays one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import Desk


def test_a_far_and_busy_org_is_slow_says_so_and_stays_so(home: Desk) -> None:
    far = ("--latency", "120ms", "--jobs-take", "30s", "--daily-calls", "500")
    started = home.shell("org", "start", *far, "--format", "json").data
    began = time.monotonic()
    assert requests.get(f"{started['url']}/services/data", timeout=10).status_code == 200
    assert time.monotonic() - began >= 0.12
    said = "500 calls a day, 120 ms on the way of each call, jobs take 30 s"
    assert said in home.crm_sink("org", "status").out
    home.crm_sink("org", "stop")
    again = home.shell("org", "start", "--format", "json").data
    told = ("daily_api_requests", "latency_seconds", "job_seconds", "lock_wait_seconds")
    assert [again[key] for key in told] == [500, 0.12, 30.0, 10.0]


def test_one_part_of_a_profile_is_changed_at_a_later_start(home: Desk) -> None:
    home.shell("org", "start", "--latency", "5ms", "--batch-seconds", "50ms", "--lock-wait", "2s")
    home.crm_sink("org", "stop")
    said = home.shell("org", "start", "--latency", "0s").out
    assert "15,000 calls a day, writes hold locks for 50 ms and wait 2 s" in said


def test_a_running_org_is_not_started_with_other_options(home: Desk) -> None:
    home.shell("org", "start", "--latency", "5ms")
    assert home.shell("org", "start", "--latency", "5ms").code == 0
    said = home.shell("org", "start", "--latency", "6ms")
    assert said.code == 2
    assert "runs already, with another --latency" in said.err
    assert "try: crm-sink org stop" in said.err


@pytest.mark.parametrize("time_given", ["120", "fast", "-1s", "1d"])
def test_a_time_without_its_unit_is_refused(home: Desk, time_given: str) -> None:
    said = home.crm_sink("org", "start", f"--latency={time_given}")
    assert said.code == 2
    assert "is no time such as 120ms, 30s or 2m" in said.err
