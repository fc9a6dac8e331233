"""A share of the day's calls that is left to others: no call is made that would eat into it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from crm_sink.errors import CrmError, Fate

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.crm.call import Answer, Call, Send
    from crm_sink.crm.observed import Usage

CODE = "BUDGET_SPENT"


class Budgeted:
    """A `Send` that stops when the org has used its calls up to a share.

    Each answer tells how many calls the org has used in 24 hours, by everybody
    (`Sforce-Limit-Info`); those that this process has in flight are added.

    Args:
        send: The sender within.
        usage: What the org last told (`Observed.usage`).
        share: Of the day's allowance, in (0, 1].
    """

    def __init__(self, send: Send, usage: Callable[[], Usage], share: float) -> None:
        self._send = send
        self._usage = usage
        self._share = share
        self._lock = Lock()
        self._in_flight = 0

    def __call__(self, call: Call) -> Answer:
        """Send a call if the budget holds one more.

        Raises:
            CrmError: It does not (code BUDGET_SPENT, fate STOP); nothing was sent.
        """
        with self._lock:
            known = self._usage().allowance
            if known is not None and known.used + self._in_flight >= self._share * known.limit:
                raise CrmError(
                    f"{known.used:,} of the org's {known.limit:,} calls a day are used: the budget "
                    f"of {self._share:.0%} is spent, and the rest is left to others",
                    code=CODE,
                    fate=Fate.STOP,
                    where=str(call),
                    hint="wait until some are free again (they count for 24 hours), "
                    "or raise CRM_SINK_BUDGET",
                )
            self._in_flight += 1
        try:
            return self._send(call)
        finally:
            with self._lock:
                self._in_flight -= 1
