"""SIGINT and SIGTERM: the first lets the call in flight finish, the second does not wait for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from .conftest import COUNT, Office

SECONDS = 4.0  # that the org lets an upload hang


@pytest.mark.usefixtures("clock_that_goes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_a_run_that_is_told_to_stop_is_resumed(
    office: Office, number: signal.Signals, times: int
) -> None:
    """The exit code is that of the signal; each record is written once."""
    run = office.planned("bulk")
    office.fail("slow", method="PUT", seconds=SECONDS)
    command = [sys.executable, "-m", "crm_sink.cli.main", "apply", "--log", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        office.until_fired()
        told = time.monotonic()
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("crm-sink: stopping after the calls in flight")
        if times == 2:
            process.send_signal(number)
        error = process.stderr.read()
    assert process.returncode == 128 + number
    waited = time.monotonic() - told
    assert (waited < SECONDS / 2) is (times == 2), waited
    assert (f"crm-sink resume {run}" in error) is (times == 1)
    office.mend()
    assert office.crm_sink("resume --log none").code == 0
    assert office.written() == (COUNT, 1)
