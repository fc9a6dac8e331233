"""Progress for people: plain lines, or a moving line on a terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import TextIO

import pytest

from crm_sink.events import (
    AnswerMissed,
    ChunkMoved,
    Event,
    RetryScheduled,
    RunBegan,
    RunEnded,
    StageBegan,
    StageEnded,
)
from crm_sink.observe.console import console_listener
from crm_sink.observe.lines import duration, line

MATCHED = StageEnded("r", "match", 10_000, 0, 0.82, 0.5)


def told(*events: Event) -> str:
    stream = io.StringIO()
    listen = console_listener(stream)
    for event in events:
        listen(event)
    return stream.getvalue()


def test_a_stage_is_a_line_with_its_rows_and_seconds() -> None:
    assert told(StageBegan("r", "match"), MATCHED) == "match      10,000 records read in 0.8 s\n"


def test_rejected_rows_are_told_with_their_stage() -> None:
    event = StageEnded("r", "transform", 9_998, 2, 75.0, 60.0)
    assert line(event) == (
        "transform  9,998 predictions fit their fields, 2 rejected in 1 min 15 s"
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            ChunkMoved("r", 0, "collected", 250_000, 3, "750A"),
            "           job 750A: 250,000 rows sent, 3 refused",
        ),
        (
            ChunkMoved("r", 4, "collected", 200, 0, None),
            "           chunk 4: 200 rows sent",
        ),
        (
            RetryScheduled("POST", "/jobs/ingest", "UNABLE_TO_LOCK_ROW", 2, 4.0),
            "retry      POST /jobs/ingest: UNABLE_TO_LOCK_ROW, again in 4.0 s",
        ),
        (
            AnswerMissed("PATCH", "/composite/sobjects", "CONNECTION_LOST"),
            "lost       PATCH /composite/sobjects: CONNECTION_LOST, what became of it is looked up",
        ),
        (ChunkMoved("r", 0, "uploaded", 250_000, 0, "750A"), None),
        (RunBegan("r", "lead_score", "Lead", "sync"), None),
        (RunEnded("r", "done", 1, 0, 0), None),
    ],
)
def test_only_what_a_person_wants_to_know_is_a_line(event: Event, text: str | None) -> None:
    assert line(event) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (125, "2 min 5 s"), (3_780, "1 h 3 min")],
)
def test_seconds_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_threads_do_not_mix_their_lines() -> None:
    stream = io.StringIO()
    listen = console_listener(stream)
    event = ChunkMoved("r", 0, "collected", 200, 0, "750A")
    threads = [threading.Thread(target=listen, args=[event]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.getvalue().splitlines() == ["           job 750A: 200 rows sent"] * 20


def test_a_stream_that_nobody_reads_ends_no_run(broken: TextIO) -> None:
    listen = console_listener(broken)
    listen(MATCHED)
    listen(MATCHED)


PROGRAM = """
import sys
from crm_sink.events import *
from crm_sink.observe.console import console_listener

listen = console_listener(sys.stderr)
listen(StageBegan("r", "plan"))
listen(StageEnded("r", "plan", 300, 0, 0.1, 0.1))
listen(StageBegan("r", "write"))
listen(ChunkMoved("r", 0, "collected", 200, 0, "750A"))
if sys.argv[1] == "raise":
    raise SystemExit(1)
listen(StageEnded("r", "write", 300, 0, 0.1, 0.1))
"""


def on_a_terminal(how: str) -> str:
    """Run a program whose stderr is a terminal, and give what that terminal saw."""
    ours, theirs = pty.openpty()
    environ = {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, how], stderr=theirs, env=environ, timeout=60, check=False
    )
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65_536):
            seen += part
    except OSError:  # Linux tells the end of a terminal so
        pass
    finally:
        os.close(ours)
    return seen.decode()


def test_a_terminal_shows_a_bar_and_keeps_the_lines() -> None:
    seen = on_a_terminal("end")
    assert "200 of 300" in seen
    assert "write      300 records written in 0.1 s" in seen


@pytest.mark.parametrize("how", ["end", "raise"])
def test_the_cursor_is_shown_again_however_the_run_ends(how: str) -> None:
    seen = on_a_terminal(how)
    hidden, shown = seen.rfind("\x1b[?25l"), seen.rfind("\x1b[?25h")
    assert 0 < hidden < shown
