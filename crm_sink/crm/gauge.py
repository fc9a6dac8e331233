"""A bound on what is in flight at once that adapts: it halves on trouble and climbs back by one.

Additive increase and multiplicative decrease, as TCP has it (Chiu and Jain, 1989): many writers
that share an org come to an even share without knowing of each other.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING, Any

from crm_sink.events import Listener, ParallelismChanged, nobody

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """The right to be in flight. `falls` is how often the bound had fallen when it was given."""

    gauge: Gauge
    falls: int

    def trouble(self, reason: str) -> None:
        """Tell that the CRM asked for less.

        Those that went in flight together meet the same trouble together: it counts once.
        """
        self.gauge.fall(reason, seen=self.falls)

    def success(self) -> None:
        """Tell that all went well."""
        self.gauge.climb()


class Gauge:
    """How many may be in flight at once. Used by many threads.

    Args:
        what: What is in flight, in the plural: calls or chunks.
        most: The bound that it starts at and never exceeds.
        listen: Is told of each change.
    """

    def __init__(self, what: str, most: int, listen: Listener = nobody) -> None:
        self.most = most
        self._what = what
        self._listen = listen
        self._bound = float(most)
        self._lowest = most
        self._in_flight = 0
        self._falls: Counter[str] = Counter()
        self._changed = Condition()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Wait for a place, and hold it."""
        with self._changed:
            while self._in_flight >= int(self._bound):
                self._changed.wait()
            self._in_flight += 1
            place = Place(self, self._falls.total())
        try:
            yield place
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def fall(self, reason: str, *, seen: int) -> None:
        """Halve the bound, unless it has fallen since `seen` falls."""
        with self._changed:
            if seen != self._falls.total():
                return
            self._falls[reason] += 1
            before, self._bound = int(self._bound), max(1.0, int(self._bound) / 2)
            now = int(self._bound)
            self._lowest = min(self._lowest, now)
        if now != before:
            self._listen(ParallelismChanged(self._what, now, reason))

    def climb(self) -> None:
        """Raise the bound a little: by one, once all that are in flight have gone well."""
        with self._changed:
            before = int(self._bound)
            self._bound = min(float(self.most), self._bound + 1 / max(1, before))
            nearest = round(self._bound)
            if abs(self._bound - nearest) < 1e-9:  # three thirds are a hair below one
                self._bound = float(nearest)
            now = int(self._bound)
            self._changed.notify_all()
        if now != before:
            self._listen(ParallelismChanged(self._what, now, ""))

    def story(self) -> dict[str, Any]:
        """Tell what happened: the bound at most, at least and now, and why it fell how often."""
        with self._changed:
            return {
                "most": self.most,
                "least": self._lowest,
                "now": int(self._bound),
                "falls": dict(self._falls),
            }
