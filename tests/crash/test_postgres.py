"""Killed at any step, with a ledger in PostgreSQL, a run is resumed and writes each record once."""

from __future__ import annotations

import pytest

from tests.crash.conftest import Crash, kill_at_every_step


@pytest.mark.parametrize("crash", ["postgres"], indirect=True)
@pytest.mark.parametrize(("api", "steps"), [("collections", 8), ("bulk", 20)])
def test_killed_at_every_step_it_loses_and_doubles_nothing(
    crash: Crash, api: str, steps: int
) -> None:
    """Judged by the org's own write log, by the records, and by the run's figures."""
    assert kill_at_every_step(crash, api) >= steps
    assert crash.job_states() <= {"JobComplete", "Aborted"}
