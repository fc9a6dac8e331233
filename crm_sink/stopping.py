"""Stopping politely: a signal asks, and the work stops where stopping is safe."""

from __future__ import annotations

import threading

from crm_sink.clock import SystemClock
from crm_sink.errors import Interrupted


class Stop:
    """Whether a signal asked to stop. Set once; many threads look at it."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.signal = 0

    def ask(self, signal: int) -> None:
        """Ask to stop because of a signal."""
        self.signal = self.signal or signal
        self._asked.set()

    def is_asked(self) -> bool:
        """Tell whether somebody asked."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until somebody asks."""
        self._asked.wait(seconds)


class StoppableClock(SystemClock):
    """The machine's time, with a sleep that a signal ends.

    Every sleep of the product is between two calls, where stopping is safe: nothing is in flight,
    and what was sent is in the ledger.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interrupted: A signal asked to stop.
        """
        self._stop.wait(seconds)
        if self._stop.is_asked():
            raise Interrupted("stopped while waiting", signal=self._stop.signal)
