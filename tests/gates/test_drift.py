from __future__ import annotations

from typing import Any

import pytest

from crm_sink.gates.drift import by_chance, judge_drift, psi
from crm_sink.gates.verdict import State
from crm_sink.mapping.model import DriftGate

RULE = DriftGate(column="score", warn=0.1, hold=0.25)


def batch(counts: list[int], *, nulls: int = 0, column: str = "score") -> dict[str, Any]:
    """Give a profile over two bins, at most 0.5 and above."""
    drift = {"column": column, "edges": [0.5], "counts": counts, "nulls": nulls, "nan": 0}
    return {"drift": drift | {"compared": {"edges": [0.5], "counts": counts}}}


def test_psi_of_two_bins_is_the_sum_worked_by_hand() -> None:
    # Shares 0.5, 0.5 and (400.5, 600.5) / 1001 = 0.4001, 0.5999:
    # -0.0999 * ln(0.8002) + 0.0999 * ln(1.1998) = 0.02227 + 0.01820
    assert psi([500, 500], [400, 600]) == pytest.approx(0.0405, abs=0.0001)


def test_psi_of_equal_shares_is_zero_whatever_the_sizes() -> None:
    assert psi([100, 300], [1000, 3000]) == pytest.approx(0, abs=1e-5)


def test_psi_of_a_bin_that_became_empty_is_large_and_finite() -> None:
    # (100.5, 100.5) / 201 and (0.5, 200.5) / 201: 0.4975 * (ln 201 + ln 1.995)
    assert psi([100, 100], [0, 200]) == pytest.approx(0.4975 * (5.3033 + 0.6906), abs=0.001)


def test_a_bin_that_is_empty_on_both_sides_says_nothing() -> None:
    assert psi([500, 0, 500], [400, 0, 600]) == psi([500, 500], [400, 600])


def test_chance_alone_gives_more_the_fewer_the_rows() -> None:
    assert by_chance([20] * 10, [20] * 10) == pytest.approx(0.09)  # 9 * (1/200 + 1/200)
    assert by_chance([1000] * 10, [1000] * 10) == pytest.approx(0.0018)


@pytest.mark.parametrize(
    ("now", "state"),
    [([500, 500], "pass"), ([350, 650], "pass"), ([300, 700], "warn"), ([250, 750], "hold")],
)
def test_a_column_is_warned_about_and_held_by_its_psi(now: list[int], state: str) -> None:
    """PSI against halves: 0.35 gives 0.093, 0.3 gives 0.169, 0.25 gives 0.274."""
    assert judge_drift(RULE, batch(now), batch([500, 500])).state == state


def test_the_message_gives_figure_limits_and_what_chance_does() -> None:
    verdict = judge_drift(RULE, batch([400, 600]), batch([500, 500]))
    assert verdict.figure == 0.0405
    assert verdict.message == (
        "score: PSI 0.040 against the last run (warn over 0.1, hold over 0.25); "
        "0.002 is chance alone with 1,000 rows: PSI depends on sample size"
    )


def test_a_column_that_begins_to_be_null_has_drifted() -> None:
    verdict = judge_drift(RULE, batch([250, 250], nulls=500), batch([500, 500]))
    assert verdict.state is State.HOLD


@pytest.mark.parametrize(("then", "now"), [([99, 100], [500, 500]), ([500, 500], [0, 199])])
def test_fewer_than_200_rows_are_never_judged(then: list[int], now: list[int]) -> None:
    verdict = judge_drift(RULE, batch(now), batch(then))
    assert (verdict.state, verdict.figure) == (State.PASS, None)
    assert verdict.message == "score: 199 rows are too few to judge drift (at least 200)"


@pytest.mark.parametrize("baseline", [None, {"rows": 1000}, batch([500, 500], column="old_score")])
def test_the_first_run_with_a_column_passes(baseline: dict[str, Any] | None) -> None:
    verdict = judge_drift(RULE, batch([900, 100]), baseline)
    assert (verdict.state, verdict.message) == (
        State.PASS,
        "score: no earlier run to compare with",
    )


def test_a_profile_that_was_counted_on_other_bins_is_an_error_and_not_a_pass() -> None:
    other = batch([500, 500])
    other["drift"]["edges"] = [0.7]
    with pytest.raises(ValueError, match="not made with this baseline"):
        judge_drift(RULE, batch([500, 500]), other)
