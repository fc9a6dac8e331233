"""Events as JSON lines, one object a line, for cron and log collectors.

No value of a record is ever logged: events hold none.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any, TextIO

from crm_sink.events import (
    AnswerMissed,
    BudgetSeen,
    CallMade,
    ChunkMoved,
    Event,
    LedgerMissed,
    OrphansNotSought,
    RetryScheduled,
    RowsWaiting,
    RunEnded,
)
from crm_sink.observe.stream import Unbreakable

if TYPE_CHECKING:
    from crm_sink.clock import Clock
    from crm_sink.events import Listener


def json_listener(stream: TextIO, clock: Clock, *, level: int = logging.INFO) -> Listener:
    """Give a listener that writes each event as one JSON line: time, level, event, its fields.

    HTTP calls and quota readings are of level DEBUG, retries and refused rows of level WARNING, a
    failed run of level ERROR.

    Example:
        `{"time": "2026-11-20T06:00:00.000Z", "level": "info", "event": "stage_ended", ...}`
    """
    logger = logging.Logger("crm_sink", level)  # not registered: a second listener is its own
    handler = logging.StreamHandler(Unbreakable(stream))
    handler.setFormatter(_JsonFormatter(clock))
    logger.addHandler(handler)

    def listen(event: Event) -> None:
        logger.log(_level(event), event_name(event), extra={"facts": asdict(event)})

    return listen


def event_name(event: Event) -> str:
    """Give an event's name: `StageEnded` is `stage_ended`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()


def json_line(clock: Clock, level: str, event: str, facts: dict[str, Any]) -> str:
    """Write one event as a line of the log, without its end."""
    now = clock.now().astimezone(UTC).isoformat(timespec="milliseconds")
    line = {"time": now.replace("+00:00", "Z"), "level": level, "event": event}
    return json.dumps(line | facts, default=str)


class _JsonFormatter(logging.Formatter):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        facts = {name: _rounded(value) for name, value in record.__dict__["facts"].items()}
        return json_line(self._clock, record.levelname.lower(), record.getMessage(), facts)


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


def _level(event: Event) -> int:
    match event:
        case CallMade() | BudgetSeen():
            return logging.DEBUG
        case RetryScheduled() | AnswerMissed() | LedgerMissed():
            return logging.WARNING
        case RowsWaiting() | OrphansNotSought():
            return logging.WARNING
        case ChunkMoved(failed=failed) if failed:
            return logging.WARNING
        case RunEnded(state="failed"):
            return logging.ERROR
        case _:
            return logging.INFO
