from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_sink.engine import Engine, open_engine
from crm_sink.gates.judge import judge, worst
from crm_sink.gates.profile import profile
from crm_sink.gates.verdict import State, Verdict
from crm_sink.mapping.model import Gates

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
GATES = Gates.model_validate(
    {
        "freshness": {"column": "scored_at", "warn_after": "26h", "hold_after": "48h"},
        "volume": {"hold_if_rows_change": "50%", "hold_if_changes_exceed": "30%"},
        "drift": {"column": "score", "warn": 0.1, "hold": 0.25},
    }
)
COLUMNS = {"score": "DOUBLE", "scored_at": "TIMESTAMP"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


def scores(expression: str) -> str:
    moment = "timestamp '2026-11-20 06:00:00'"
    return f"(select {expression} as score, {moment} as scored_at from range(1000) t(i))"


def test_a_batch_like_the_last_passes_every_gate(engine: Engine) -> None:
    earlier = profile(scores("i / 1000"), COLUMNS, GATES, engine)
    now = profile(scores("(i * 7 % 1000) / 1000"), COLUMNS, GATES, engine, earlier)
    verdicts = judge(GATES, now, earlier, changed_share=0.02, now=NOW)
    assert [(verdict.gate, verdict.state) for verdict in verdicts] == [
        ("freshness", "pass"),
        ("volume", "pass"),
        ("changes", "pass"),
        ("drift", "pass"),
    ]


def test_scores_that_all_rose_are_held_for_drift(engine: Engine) -> None:
    earlier = profile(scores("i / 1000"), COLUMNS, GATES, engine)
    now = profile(scores("0.5 + i / 2000"), COLUMNS, GATES, engine, earlier)
    verdicts = judge(GATES, now, earlier, changed_share=0.02, now=NOW)
    assert [verdict.gate for verdict in verdicts if verdict.state is State.HOLD] == ["drift"]


def test_the_first_run_passes_with_the_reason(engine: Engine) -> None:
    first = profile(scores("i / 1000"), COLUMNS, GATES, engine)
    verdicts = judge(GATES, first, None, changed_share=1.0, now=NOW)
    assert worst(verdicts) is State.PASS
    assert sum("no earlier run to compare with" in verdict.message for verdict in verdicts) == 3


def test_an_empty_batch_is_held(engine: Engine) -> None:
    empty = profile(f"(from {scores('i')} limit 0)", COLUMNS, GATES, engine)
    verdicts = judge(GATES, empty, None, changed_share=None, now=NOW)
    assert worst(verdicts) is State.HOLD
    assert verdicts[0].message == "there are no rows, so the age of the scores is unknown"


def test_without_gates_there_is_no_verdict(engine: Engine) -> None:
    assert judge(None, {"rows": 1}, None, changed_share=1.0, now=NOW) == []
    assert judge(Gates(), {"rows": 1}, None, changed_share=1.0, now=NOW) == []
    assert worst([]) is None


def test_the_worst_verdict_counts() -> None:
    states = [State.WARN, State.HOLD, State.PASS]
    assert worst(Verdict("drift", state, 0.1, "") for state in states) is State.HOLD
    assert worst(Verdict("drift", state, 0.1, "") for state in states[::2]) is State.WARN


def test_a_verdict_is_kept_as_json() -> None:
    facts = Verdict("drift", State.WARN, 0.17, "score: PSI 0.170").to_json()
    text = '{"gate": "drift", "state": "warn", "figure": 0.17, "message": "score: PSI 0.170"}'
    assert json.dumps(facts) == text
