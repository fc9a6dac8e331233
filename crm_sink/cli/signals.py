"""SIGINT and SIGTERM: the first asks to stop where it is safe, a second stops at once."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crm_sink.cli.complaint import say
from crm_sink.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def polite_stop(*, as_json: bool = False) -> Iterator[Stop]:
    """Listen to the signals while in it.

    The first finishes the calls in flight and stores what they answered. A second ends the process
    at once, as a crash would: the ledger knows what was sent, and `resume` settles it.
    """
    stop = Stop()

    def ask(number: int, _: FrameType | None) -> None:
        if stop.is_asked():
            os._exit(128 + number)
        stop.ask(number)
        say("stopping after the calls in flight (again: at once)", "stopping", as_json=as_json)

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
