"""Events as JSON lines for cron and log collectors."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from crm_sink.events import (
    BudgetSeen,
    CallMade,
    ChunkMoved,
    Event,
    RetryScheduled,
    RunBegan,
    RunEnded,
    StageEnded,
)
from crm_sink.observe.log import json_listener

if TYPE_CHECKING:
    from crm_sink.clock import Clock

RETRY = RetryScheduled("POST", "/jobs/ingest", "UNABLE_TO_LOCK_ROW", 2, 4.0)


def lines(clock: Clock, *events: Event, level: int = logging.INFO) -> list[dict[str, Any]]:
    stream = io.StringIO()
    listen = json_listener(stream, clock, level=level)
    for event in events:
        listen(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_name_and_flat_fields(clock: Clock) -> None:
    assert lines(clock, RunBegan("r", "lead_score", "Lead", "sync")) == [
        {
            "time": "2026-11-20T06:00:00.000Z",
            "level": "info",
            "event": "run_began",
            "run": "r",
            "mapping": "lead_score",
            "object": "Lead",
            "kind": "sync",
        }
    ]


def test_seconds_are_rounded_to_milliseconds(clock: Clock) -> None:
    (line,) = lines(clock, StageEnded("r", "match", 10, 0, 0.123456, 0.1))
    assert (line["seconds"], line["cpu_seconds"]) == (0.123, 0.1)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (RETRY, "warning"),
        (ChunkMoved("r", 0, "collected", 200, 2, None), "warning"),
        (ChunkMoved("r", 0, "collected", 200, 0, None), "info"),
        (RunEnded("r", "failed", 0, 0, 0), "error"),
        (RunEnded("r", "done", 10, 0, 0), "info"),
    ],
)
def test_what_needs_a_look_has_a_higher_level(clock: Clock, event: Event, level: str) -> None:
    assert [line["level"] for line in lines(clock, event)] == [level]


def test_single_calls_are_told_only_on_request(clock: Clock) -> None:
    calls = (CallMade("GET", "/limits", 200, 0.1, 0, 10), BudgetSeen(5, 15_000))
    assert lines(clock, *calls) == []
    told = lines(clock, *calls, level=logging.DEBUG)
    assert [line["event"] for line in told] == ["call_made", "budget_seen"]


def test_two_listeners_do_not_write_for_each_other(clock: Clock) -> None:
    first, second = io.StringIO(), io.StringIO()
    json_listener(first, clock)
    json_listener(second, clock)(RETRY)
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


def test_a_stream_that_nobody_reads_ends_no_run(broken: TextIO, clock: Clock) -> None:
    listen = json_listener(broken, clock)
    listen(RETRY)
    listen(RETRY)
