"""The command line in a process that dies at a given step, by its own SIGKILL.

Nothing in the product knows of it: it listens to the events that every listener gets. A step is an
answer of the org (before anything is made of it) or a fact that the journal has just stored.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Imported here once, in the server that the processes are forked from.
import duckdb  # noqa: F401
import psycopg  # noqa: F401
import simple_salesforce  # noqa: F401
import sqlalchemy.dialects.postgresql
import sqlalchemy.dialects.sqlite  # noqa: F401
import tenacity  # noqa: F401

import crm_sink.assemble
import crm_sink.cli.resume
import crm_sink.cli.root
import crm_sink.cli.sync
import crm_sink.flow.overwrite
import crm_sink.flow.sync
import crm_sink.ledger.store
import crm_sink.observe.console
import crm_sink.report.run_json
import crm_sink.report.summary  # noqa: F401
from crm_sink.cli import options
from crm_sink.cli.main import run
from crm_sink.events import CallMade, ChunkMoved, Event, RoundBegan, StageBegan
from crm_sink.mapping.load import loads
from crm_sink.stopping import StoppableClock

# What reads a mapping, too, with all that it remembers of this DuckDB.
loads("object: Lead\nmatch: {field: Id, column: id}\nfields: {A__c: a}", file="", name="")


def dying_at(step: int) -> Callable[[Event], None]:
    """Give a listener that kills its process at the step with that number, from 1."""
    is_writing, left = False, step

    def listen(event: Event) -> None:
        nonlocal is_writing, left
        is_writing = is_writing or (isinstance(event, StageBegan) and event.stage == "write")
        if is_writing and isinstance(event, CallMade | ChunkMoved | RoundBegan):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return listen


def dying_in(stage: str) -> Callable[[Event], None]:
    """Give a listener that kills its process when it begins with that stop of the trip."""

    def listen(event: Event) -> None:
        if isinstance(event, StageBegan) and event.stage == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    return listen


def main(arguments: list[str], environ: dict[str, str], death: int | str | None, log: Path) -> None:
    """Run the command line; what it says goes to the log."""
    os.environ.update(environ)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
    os.dup2(1, 2)
    # Hundreds of processes poll the org, which is never busy.
    StoppableClock.sleep = lambda _, seconds: time.sleep(min(seconds, 0.02))  # type: ignore[method-assign]
    if death is not None:
        listener = dying_at(death) if isinstance(death, int) else dying_in(death)
        options.listener_of = lambda _: listener  # type: ignore[assignment]
    sys.exit(run(arguments))
