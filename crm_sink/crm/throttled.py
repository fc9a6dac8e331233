"""A bound on how many calls are in flight at once."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.crm.call import Answer, Call, Send


class Throttled:
    """A `Send` that lets at most `most` calls through at a time; the others wait their turn.

    It wraps single attempts, inside the retrying: a call that waits for its next attempt holds no
    place. Salesforce lets 25 calls of 20 seconds or more run at once, 5 in a developer org.
    """

    def __init__(self, send: Send, most: int) -> None:
        self._send = send
        self._places = BoundedSemaphore(most)

    def __call__(self, call: Call) -> Answer:
        """Send a call when there is a place for it."""
        with self._places:
            return self._send(call)
