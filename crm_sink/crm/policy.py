"""When to send a call again, decided purely from attempt, time and fate; and how to poll.

No clock, socket or random source is touched here: they come in as values. The loop that acts on
the decisions is `crm.retrying`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from crm_sink.errors import AnswerLost, CrmError, Fate

# A call may be at work at the CRM for this long after it was sent (facts 9: "call time-out 10
# min"), whoever hears its answer.
LONGEST_REQUEST = timedelta(minutes=10)
SKEW = timedelta(minutes=2)  # how far the CRM's clock and ours may be apart


class Ruling(NamedTuple):
    """What to do about an error code, and the cure in plain words."""

    fate: Fate
    hint: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a CRM's table of error codes.

    Attributes:
        code: In capitals.
        fate: What to do.
        hint: The cure, in a sentence.
        pattern: A regular expression that DuckDB (RE2) and Python read alike; empty fits all.
    """

    code: str
    fate: Fate
    hint: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What each error code of a CRM means. Of a code's rules the first that fits holds.

    Attributes:
        rules: In order.
        unknown: What a code means that has no rule.
    """

    rules: tuple[Rule, ...]
    unknown: Ruling

    def __call__(self, code: str, message: str = "") -> Ruling:
        """Give the fate and the cure of an error code, whatever its case."""
        for rule in self.of(code):
            if not rule.pattern or re.search(rule.pattern, message):
                return Ruling(rule.fate, rule.hint)
        return self.unknown

    def of(self, code: str) -> tuple[Rule, ...]:
        """Give the rules of a code, in order, for those who judge a million rows at once."""
        return tuple(rule for rule in self.rules if rule.code == code.upper())


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be with one call. Waits double, with jitter, up to `max_wait`.

    Attributes:
        tries: Attempts in all, the first included.
        first_wait: Seconds before the second attempt.
        max_wait: The longest wait, in seconds.
        total_seconds: No attempt starts later than this after the first.
        slower: How much longer than usual to wait when the org asks for less.
    """

    tries: int = 6
    first_wait: float = 0.5
    max_wait: float = 30.0
    total_seconds: float = 180.0
    slower: float = 4.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Send again in so many seconds, or (`retry_in` is None) give up; and why."""

    retry_in: float | None
    reason: str


def decide(
    policy: Policy, attempt: int, elapsed: float, error: Exception, chance: float
) -> Decision:
    """Decide what follows a failed attempt.

    Args:
        policy: How patient to be.
        attempt: Which attempt failed, from 1.
        elapsed: Seconds since the first attempt began.
        error: How it failed. `Retry-After` (`CrmError.after`) is obeyed, even beyond `max_wait`.
        chance: A random number in [0, 1), the jitter: half of each wait is left to it, so that
            many workers that failed together do not come back together.
    """
    if not isinstance(error, CrmError):
        return Decision(None, "not an answer of the CRM")
    if isinstance(error, AnswerLost):
        return Decision(None, "the answer is lost: what became of the call must be looked up")
    if error.fate not in (Fate.RETRY, Fate.RETRY_SLOWER):
        return Decision(None, f"{error.code}: sending it again would not help")
    if attempt >= policy.tries:
        return Decision(None, f"{error.code}: {attempt} attempts failed")
    wait = _wait(policy, attempt, error, chance)
    if elapsed + wait > policy.total_seconds:
        return Decision(None, f"{error.code}: not answered in {policy.total_seconds:.0f} seconds")
    return Decision(wait, error.code)


def _wait(policy: Policy, attempt: int, error: CrmError, chance: float) -> float:
    if error.after is not None:
        return error.after
    slower = policy.slower if error.fate is Fate.RETRY_SLOWER else 1.0
    # The exponent is bounded: 2.0**2000 is an OverflowError.
    full = min(policy.max_wait, policy.first_wait * slower * 2.0 ** min(attempt - 1, 64))
    return full / 2 + full / 2 * chance


def poll_waits(first: float = 0.3, most: float = 10.0, growth: float = 1.5) -> Iterator[float]:
    """Give the seconds to wait between polls of a job: quick at first, then slower, for ever.

    A small job takes 1 to 3 seconds, and each poll costs a call of the day's allowance.
    """
    wait = first
    while True:
        yield wait
        wait = min(most, wait * growth)
