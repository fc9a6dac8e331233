"""A bound on how many calls are in flight at once, which falls when the CRM asks for less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import CrmError, Fate

if TYPE_CHECKING:
    from crm_sink.crm.call import Answer, Call, Send
    from crm_sink.crm.gauge import Gauge


class Throttled:
    """A `Send` that lets as many calls through as a gauge says; the others wait their turn.

    It wraps single attempts, inside the retrying: a call that waits for its next attempt holds no
    place. Salesforce lets 25 calls of 20 seconds or more run at once, 5 in a developer org.
    """

    def __init__(self, send: Send, gauge: Gauge) -> None:
        self._send = send
        self._gauge = gauge

    def __call__(self, call: Call) -> Answer:
        """Send a call when there is a place for it."""
        with self._gauge.place() as place:
            try:
                answer = self._send(call)
            except CrmError as error:
                if error.fate is Fate.RETRY_SLOWER:
                    place.trouble(error.code)
                raise
            place.success()
            return answer
