"""Time, sleep and run ids as values that are handed in, so that no test waits or guesses."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the product asks of time."""

    def now(self) -> datetime:
        """Give the wall-clock time, in UTC. May jump."""

    def monotonic(self) -> float:
        """Give seconds that never go backwards, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Give the wall-clock time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def new_run_id(clock: Clock) -> str:
    """Make a run id that sorts by time and that two machines do not make alike.

    Example: `20261120-060412-348-7f3a`: UTC date, time and milliseconds, and a random end.
    """
    now = clock.now()
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}-{secrets.token_hex(2)}"
