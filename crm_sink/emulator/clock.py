"""What the local org asks of time: handed in, so that tests hold it still.

Not imitated: Salesforce's own clock drift between pods.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as a value; the same shape as the product's own clock."""

    def now(self) -> datetime:
        """Give the wall-clock time, in UTC."""

    def monotonic(self) -> float:
        """Give seconds that never go backwards."""

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


def stamp(moment: datetime) -> str:
    """Write a time as REST and Bulk 2.0 do: `2026-05-01T07:25:37.000+0000` (facts 2.4).

    Args:
        moment: In UTC, with or without a zone attached.
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
