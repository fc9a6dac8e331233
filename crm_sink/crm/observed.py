"""Counts calls and bytes, and tells listeners of each call. No value of a record is seen here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from crm_sink.crm.call import Allowance
from crm_sink.errors import CrmError
from crm_sink.events import BudgetSeen, CallMade, Listener, nobody

if TYPE_CHECKING:
    from crm_sink.clock import Clock
    from crm_sink.crm.call import Answer, Call, Send


@dataclass(frozen=True, slots=True)
class Usage:
    """What was sent so far, every attempt counted."""

    calls: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    allowance: Allowance | None = None  # as the org last told it


class Observed:
    """A `Send` that counts, and emits `CallMade` and `BudgetSeen`.

    A call that got no answer has status 0. `usage()` may be asked from any thread.
    """

    def __init__(self, send: Send, clock: Clock, listen: Listener = nobody) -> None:
        self._send = send
        self._clock = clock
        self._listen = listen
        self._lock = Lock()
        self._usage = Usage()

    def __call__(self, call: Call) -> Answer:
        """Send a call and count it, whatever becomes of it."""
        started = self._clock.monotonic()
        try:
            answer = self._send(call)
        except CrmError as error:
            told = Allowance(*error.usage) if error.usage else None
            self._count(call, started, error.status or 0, allowance=told)
            raise
        self._count(call, started, answer.status, answer.received_bytes, answer.allowance)
        return answer

    def usage(self) -> Usage:
        """Give what was sent so far."""
        with self._lock:
            return self._usage

    def _count(
        self,
        call: Call,
        started: float,
        status: int,
        received: int = 0,
        allowance: Allowance | None = None,
    ) -> None:
        sent = _size(call)
        seconds = self._clock.monotonic() - started
        with self._lock:
            was = self._usage
            self._usage = replace(
                was,
                calls=was.calls + 1,
                sent_bytes=was.sent_bytes + sent,
                received_bytes=was.received_bytes + received,
                allowance=allowance or was.allowance,
            )
        self._listen(CallMade(call.method, call.label, status, seconds, sent, received))
        if allowance is not None and allowance != was.allowance:
            self._listen(BudgetSeen(allowance.used, allowance.limit))


def _size(call: Call) -> int:
    if isinstance(call.body, Path):
        return call.body.stat().st_size
    return len(call.body or b"")
