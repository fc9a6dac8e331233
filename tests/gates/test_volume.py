from __future__ import annotations

import pytest

from crm_sink.gates.verdict import State
from crm_sink.gates.volume import judge_changes, judge_volume
from crm_sink.mapping.model import VolumeGate

RULE = VolumeGate(hold_if_rows_change="50%", hold_if_changes_exceed="30%")


@pytest.mark.parametrize(
    ("rows", "state", "figure"),
    [
        (1_000, "pass", 0.0),
        (500, "pass", -0.5),  # at the limit
        (499, "hold", -0.501),
        (1_500, "pass", 0.5),
        (1_600, "hold", 0.6),
        (0, "hold", -1.0),
    ],
)
def test_a_batch_far_smaller_or_larger_than_the_last_is_held(
    rows: int, state: str, figure: float
) -> None:
    verdict = judge_volume(RULE, {"rows": rows}, {"rows": 1_000})
    assert verdict is not None
    assert (verdict.gate, verdict.state, verdict.figure) == ("volume", state, figure)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (1_000, "1,000 rows, as many as the 1,000 last time"),
        (1_002, "1,002 rows, 0.2 % more than the 1,000 last time"),
        (1_499, "1,499 rows, 50 % more than the 1,000 last time"),
        (
            2_500,
            "2,500 rows, 2.5 times the 1,000 last time; the limit is 50% either way",
        ),
        (
            100_000,
            "100,000 rows, 100 times the 1,000 last time; the limit is 50% either way",
        ),
        (400, "400 rows, 60 % fewer than the 1,000 last time; the limit is 50% either way"),
    ],
)
def test_the_message_compares_with_the_last_batch(rows: int, message: str) -> None:
    verdict = judge_volume(RULE, {"rows": rows}, {"rows": 1_000})
    assert verdict is not None
    assert verdict.message == message


@pytest.mark.parametrize("baseline", [None, {"rows": 0}])
def test_without_an_earlier_batch_of_rows_any_size_passes(baseline: dict[str, int] | None) -> None:
    verdict = judge_volume(RULE, {"rows": 7}, baseline)
    assert verdict is not None
    assert (verdict.state, verdict.figure) == (State.PASS, None)
    assert verdict.message == "7 rows; no earlier run to compare with"


@pytest.mark.parametrize(("share", "state"), [(0.05, "pass"), (0.3, "pass"), (0.31, "hold")])
def test_a_plan_that_changes_too_many_records_is_held(share: float, state: str) -> None:
    verdict = judge_changes(RULE, share, {"rows": 1_000})
    assert verdict is not None
    assert (verdict.gate, verdict.state, verdict.figure) == ("changes", state, share)


def test_the_first_run_may_change_every_record() -> None:
    verdict = judge_changes(RULE, 1.0, None)
    assert verdict is not None
    assert verdict.state is State.PASS
    assert verdict.message == ("100 % of the records would change; no earlier run to compare with")


def test_before_there_is_a_plan_its_changes_are_not_judged() -> None:
    assert judge_changes(RULE, None, {"rows": 1_000}) is None


def test_a_limit_that_is_not_set_gives_no_verdict() -> None:
    assert judge_volume(VolumeGate(), {"rows": 1}, {"rows": 1_000}) is None
    assert judge_changes(VolumeGate(), 1.0, {"rows": 1_000}) is None
