"""What follows a failed attempt is decided from attempt, time, fate and chance alone."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sink.crm.policy import Decision, Policy, decide, poll_waits
from crm_sink.errors import AnswerLost, CrmError, Fate

POLICY = Policy(tries=5, first_wait=1.0, max_wait=10.0, total_seconds=60.0, slower=4.0)


def error(fate: Fate, after: float | None = None) -> CrmError:
    return CrmError("no", code="SOME_CODE", fate=fate, after=after)


@pytest.mark.parametrize(("attempt", "wait"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)])
def test_waits_double(attempt: int, wait: float) -> None:
    assert decide(POLICY, attempt, 0.0, error(Fate.RETRY), 1.0).retry_in == wait


def test_no_wait_is_longer_than_the_longest() -> None:
    policy = Policy(tries=100, first_wait=1.0, max_wait=10.0, total_seconds=9999.0)
    assert decide(policy, 99, 0.0, error(Fate.RETRY), 1.0).retry_in == 10.0


def test_an_org_that_asks_for_less_is_left_alone_longer() -> None:
    assert decide(POLICY, 1, 0.0, error(Fate.RETRY_SLOWER), 1.0).retry_in == 4.0


@given(chance=st.floats(0, 1), attempt=st.integers(1, 4))
def test_jitter_takes_at_most_half_of_a_wait(chance: float, attempt: int) -> None:
    full = decide(POLICY, attempt, 0.0, error(Fate.RETRY), 1.0).retry_in
    wait = decide(POLICY, attempt, 0.0, error(Fate.RETRY), chance).retry_in
    assert full is not None
    assert wait is not None
    assert full / 2 <= wait <= full


def test_retry_after_is_obeyed_to_the_second() -> None:
    assert decide(POLICY, 1, 0.0, error(Fate.RETRY, after=17.0), 0.3).retry_in == 17.0


def test_a_retry_after_beyond_our_patience_ends_the_call() -> None:
    assert decide(POLICY, 1, 0.0, error(Fate.RETRY, after=61.0), 0.3).retry_in is None


@pytest.mark.parametrize("fate", [Fate.REJECT, Fate.STOP])
def test_a_refusal_is_not_sent_again(fate: Fate) -> None:
    assert decide(POLICY, 1, 0.0, error(fate), 0.5) == Decision(
        None, "SOME_CODE: sending it again would not help"
    )


def test_tries_are_bounded() -> None:
    assert decide(POLICY, 5, 0.0, error(Fate.RETRY), 0.5).reason == "SOME_CODE: 5 attempts failed"


def test_time_is_bounded() -> None:
    decision = decide(POLICY, 2, 59.5, error(Fate.RETRY), 0.5)
    assert decision == Decision(None, "SOME_CODE: not answered in 60 seconds")


def test_a_lost_answer_is_never_sent_again_blindly() -> None:
    lost = AnswerLost("gone", code="TIMED_OUT", fate=Fate.RETRY)
    assert decide(POLICY, 1, 0.0, lost, 0.5).retry_in is None


def test_an_error_of_our_own_is_not_retried() -> None:
    assert decide(POLICY, 1, 0.0, KeyError("x"), 0.5).retry_in is None


def test_polls_are_quick_at_first_and_then_slow_down() -> None:
    waits = list(islice(poll_waits(first=0.5, most=4.0, growth=2.0), 6))
    assert waits == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
