"""Killed while it plans, a run has written nothing, and the next one is not kept waiting."""

from __future__ import annotations

import pytest

from tests.crash.conftest import ACCOUNTED, Crash


@pytest.mark.parametrize("crash", ["sqlite"], indirect=True)
@pytest.mark.parametrize("stage", ["source", "transform", "match", "plan", "gates", "write"])
def test_killed_while_planning_it_has_written_nothing_and_is_begun_anew(
    crash: Crash, stage: str
) -> None:
    crash.prepare()
    since = crash.last()
    assert crash.sync("auto", stage), "it did not die"
    assert crash.written(since) == {"records": 0, "changes": 0, "most": 0}
    assert not crash.sync("auto", None)
    assert crash.written(since) == {"records": 5, "changes": 5, "most": 1}
    assert crash.accounted() == ACCOUNTED
