"""Waiting for a database that is away for a moment: it restarts, or another takes its place.

Only the opening of a connection is tried again: nothing has happened before it. A transaction that
breaks off half-way is not repeated, because nobody knows whether it was stored; the run ends, and
`crm-sink resume` finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.clock import Clock

# Told of a failed attempt: its number, from 1, and the seconds until the next.
Missed = Callable[[int, float], None]


def unheard(attempt: int, wait: float) -> None:
    """Tell nobody of a failed attempt."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a database that has answered before. Waits double up to `max_wait`.

    A managed PostgreSQL that fails over to its standby is away for one to two minutes.

    Attributes:
        clock: Tells the time, and waits.
        missed: Is told before each wait.
        first_wait: Seconds before the second attempt.
        max_wait: The longest wait, in seconds.
        total_seconds: No attempt starts later than this after the first failed.
    """

    clock: Clock
    missed: Missed = unheard
    first_wait: float = 0.5
    max_wait: float = 10.0
    total_seconds: float = 180.0

    def wait(self, attempt: int, since: float) -> bool:
        """Wait before the next attempt; False when there shall be none.

        Args:
            attempt: Which attempt failed, from 1.
            since: When the first did, on the monotonic clock.
        """
        # The exponent is bounded: 2.0**2000 is an OverflowError.
        wait = min(self.max_wait, self.first_wait * 2.0 ** min(attempt - 1, 64))
        if self.clock.monotonic() + wait > since + self.total_seconds:
            return False
        self.missed(attempt, wait)
        self.clock.sleep(wait)
        return True
