"""Which records are locked now, and by whom. Knows no object and no rule.

Not imitated: shared locks (here each lock is exclusive).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Holder:
    """One that may hold locks; `label` tells a person who it is: a job, a request."""

    def __init__(self, label: str) -> None:
        self.label = label


class Locks:
    """The locked records of an org."""

    def __init__(self) -> None:
        self._held: dict[str, Holder] = {}
        self._changed = threading.Condition()

    def take(self, holder: Holder, wanted: Iterable[str]) -> set[str]:
        """Lock records for a holder: all of them, or none.

        Returns:
            Those that others hold; empty when all are the holder's now.
        """
        with self._changed:
            listed = set(wanted)
            others = {one for one in listed if self._held.get(one, holder) is not holder}
            if not others:
                self._held |= dict.fromkeys(listed, holder)
            return others

    def release(self, holder: Holder) -> None:
        """Free all that a holder has."""
        with self._changed:
            kept = {one: by for one, by in self._held.items() if by is not holder}
            if len(kept) < len(self._held):
                self._held = kept
                self._changed.notify_all()

    def wait_until_free(self, records: Iterable[str], holder: Holder, seconds: float) -> bool:
        """Wait until no other holds any of these; say whether that came to pass in time."""
        listed = list(records)

        def free() -> bool:
            return all(self._held.get(one, holder) is holder for one in listed)

        with self._changed:
            return self._changed.wait_for(free, seconds)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is locked."""
        return not self._held

    def told(self) -> dict[str, str]:
        """Give the locked records, and who holds each."""
        with self._changed:
            return {record: holder.label for record, holder in self._held.items()}
