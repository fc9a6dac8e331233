from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_sink.gates.freshness import judge_freshness
from crm_sink.gates.verdict import State
from crm_sink.mapping.model import FreshnessGate

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RULE = FreshnessGate(column="scored_at", warn_after="26h", hold_after="48h")


def batch(newest: str | None, oldest: str | None = None, nulls: int = 0) -> dict[str, Any]:
    facts = {
        "column": "scored_at",
        "newest": newest,
        "oldest": oldest or newest,
        "nulls": nulls,
    }
    return {"rows": 10, "freshness": facts}


@pytest.mark.parametrize(
    ("newest", "state", "hours"),
    [
        ("2026-11-20T06:00:00Z", "pass", 3.0),
        ("2026-11-19T07:00:00Z", "pass", 26.0),  # at the limit, not beyond it
        ("2026-11-19T06:54:00Z", "warn", 26.1),
        ("2026-11-18T08:00:00Z", "hold", 49.0),
    ],
)
def test_scores_are_warned_about_and_held_by_age(newest: str, state: str, hours: float) -> None:
    verdict = judge_freshness(RULE, batch(newest), NOW)
    assert (verdict.state, verdict.figure) == (state, hours)


def test_the_message_says_the_age_and_the_limit_it_passed() -> None:
    fresh = judge_freshness(RULE, batch("2026-11-20T06:00:00Z"), NOW)
    stale = judge_freshness(RULE, batch("2026-11-17T09:00:00Z"), NOW)
    assert fresh.message == "scores are 3 h old"
    assert stale.message == "scores are 3 days old, more than 48h"


def test_a_score_up_to_five_minutes_ahead_is_another_machines_clock() -> None:
    assert judge_freshness(RULE, batch("2026-11-20T09:05:00Z"), NOW).state is State.PASS


def test_a_score_from_further_ahead_is_held_because_a_clock_is_wrong() -> None:
    verdict = judge_freshness(RULE, batch("2026-11-20T11:00:00Z"), NOW)
    assert (verdict.state, verdict.figure) == (State.HOLD, -2.0)
    assert "lies 2 h in the future: a clock is wrong" in verdict.message


def test_without_limits_a_clock_that_is_wrong_is_held_all_the_same() -> None:
    rule = FreshnessGate(column="scored_at")
    assert judge_freshness(rule, batch("2020-01-01T00:00:00Z"), NOW).state is State.PASS
    assert judge_freshness(rule, batch("2026-11-21T00:00:00Z"), NOW).state is State.HOLD


def test_a_batch_of_unknown_age_is_held() -> None:
    verdict = judge_freshness(RULE, batch(None, nulls=10), NOW)
    assert (verdict.state, verdict.figure) == (State.HOLD, None)
    assert verdict.message == "no scored_at in 10 rows: the age of the scores is unknown"


def test_the_message_tells_of_rows_without_a_time_and_of_much_older_ones() -> None:
    facts = batch("2026-11-20T06:00:00Z", oldest="2026-11-10T06:00:00Z", nulls=2)
    verdict = judge_freshness(RULE, facts, NOW)
    assert verdict.message == (
        "scores are 3 h old; 2 rows without scored_at; the oldest are 10 days old"
    )
