"""A batch by which too many records left is held, whether the mapping asks for it or not."""

from __future__ import annotations

import pytest

from crm_sink.gates.leavers import judge_leavers
from crm_sink.mapping.model import LeaversGate


@pytest.mark.parametrize(
    ("leaving", "ours", "limit", "figure"),
    [
        (997, 1_000, "50%", 0.997),
        (501, 1_000, "50%", 0.501),
        (500, 1_000, "50%", None),  # at the limit
        (501, 1_000, "80%", None),
        (11, 1_000, "1%", 0.011),
        (10, 10, "50%", 1.0),
        (9, 9, "50%", None),  # of so few no share is judged
        (0, 1_000, "50%", None),
    ],
)
def test_the_share_of_our_records_that_may_leave_is_limited(
    leaving: int, ours: int, limit: str, figure: float | None
) -> None:
    rule = LeaversGate(hold_if_leavers_exceed=limit)
    verdict = judge_leavers(rule, predictions=1_000, rejected=0, leaving=leaving, ours=ours)
    assert (verdict and verdict.figure) == figure
    assert verdict is None or (verdict.gate, verdict.state) == ("leavers", "hold")


def test_the_share_and_its_limit_are_said() -> None:
    verdict = judge_leavers(LeaversGate(), predictions=1_000, rejected=997, leaving=997, ours=1_000)
    assert verdict is not None
    assert verdict.message == (
        "997 of the 1,000 records that carry our values would be taken for no longer scored; "
        "the limit is 50%"
    )


def test_a_batch_without_a_good_row_is_held_whatever_the_limit() -> None:
    rule = LeaversGate(hold_if_leavers_exceed="100%")
    verdict = judge_leavers(rule, predictions=2, rejected=2, leaving=1, ours=100)
    assert verdict is not None
    assert "not one of 2 rows can be written" in verdict.message
    assert verdict.figure == 0.01
