"""What a ledger remembers, and the ten methods by which it is asked.

Control lives in a small relational database (runs, chunks, tickets, verdicts); rows live as
Parquet in the run folder (see `ledger.folder`). Every method is one transaction.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.tickets import Action, Api, Ticket


class RunState(StrEnum):
    """Where a run stands."""

    PLANNING = "planning"
    HELD = "held"  # by a gate, until a named person releases it
    READY = "ready"  # a plan that waits to be applied
    WRITING = "writing"
    PAUSED = "paused"  # the org's quota is used up; `resume` goes on
    INTERRUPTED = "interrupted"  # stopped by a signal; `resume` goes on
    FAILED = "failed"
    DONE = "done"  # applied; rejected rows are counted beside it


class ChunkState(StrEnum):
    """The journal of one chunk, in the order in which it is walked."""

    PLANNED = "planned"
    SENDING = "sending"  # the fingerprint of its bytes is stored
    CREATED = "created"  # the job's id is stored
    UPLOADED = "uploaded"
    CLOSED = "closed"  # the CRM works on it
    WAITING = "waiting"  # as collected, but for rows that will be sent again in another chunk
    COLLECTED = "collected"  # every change has an outcome, or travels in another chunk


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a run.

    Once it is done, `planned` = created + updated + cleared + unchanged + rejected + conflicts.
    """

    source_rows: int = 0  # rows read
    skipped: int = 0  # rows that `when:` left out, or older twins
    planned: int = 0  # records the plan speaks of: source_rows - skipped + leavers
    to_create: int = 0
    to_update: int = 0
    to_clear: int = 0  # leavers whose values are to be cleared or flagged
    created: int = 0
    updated: int = 0
    cleared: int = 0
    unchanged: int = 0
    rejected: int = 0  # rows in the reject file, each counted once
    conflicts: int = 0  # records left alone for a person's edit
    failed: int = 0  # those of `rejected` that the org refused when they were written
    api_calls: int = 0
    uploaded_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as the ledger knows it. These names are the interface of `runs` and `show`."""

    run: str
    mapping: str  # the mapping's name: its file's stem
    object: str
    kind: str  # sync, retry or undo
    state: RunState
    started: datetime
    ended: datetime | None = None
    totals: Totals = field(default_factory=Totals)
    api: str | None = None  # bulk or collections
    api_reason: str | None = None  # why that one
    jobs: tuple[str, ...] = ()  # Bulk job ids
    rejects_file: Path | None = None  # CSV; None when nothing was rejected
    verdict: str | None = None  # pass, warn or hold; None without gates
    verdicts: tuple[dict[str, Any], ...] = ()  # one for each gate, with its figures
    released_by: str | None = None
    org: str | None = None  # instance URL
    error: str | None = None  # why it failed
    folder: Path = Path()
    details: dict[str, Any] = field(default_factory=dict)  # mapping digest, score age, baseline ...

    def command(self, words: str) -> str:
        """Give a command line for the org that the run was made for.

        Example: `run.command("apply r1")` is `crm-sink apply r1 --target sf:uat`.
        """
        target = self.details.get("target")
        return f"crm-sink {words}" + (f" --target {shlex.quote(str(target))}" if target else "")


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """One chunk, as the ledger knows it. Its changes are a relation in the run folder."""

    number: int
    object: str
    action: Action
    api: Api
    rows: int
    state: ChunkState
    fields: tuple[str, ...]
    ticket: Ticket | None = None
    ok: int = 0
    failed: int = 0
    attempt: int = 1  # how often its rows are sent with it; from 2 on they come from other chunks


class Ledger(Protocol):
    """What a run asks of its memory."""

    def begin(self, run: Run) -> None:
        """Store a new run."""

    def save_chunks(
        self, run: str, chunks: Sequence[ChunkRecord], *, instead_of: Sequence[int] = ()
    ) -> None:
        """Store the chunks of a plan, or those that carry on the rows of waiting ones.

        Args:
            run: The run.
            chunks: The new chunks.
            instead_of: Numbers of the waiting chunks; they become collected in the same
                transaction, so that no row is without a chunk, or in two.
        """

    def update(self, run: Run) -> None:
        """Store a run's new state and figures (plan closed, held, released, writing, ended)."""

    def chunks(self, run: str, *, unfinished: bool = False) -> list[ChunkRecord]:
        """Give a run's chunks in order; with `unfinished`, those not yet collected."""

    def remember(self, run: str, chunk: int, ticket: Ticket | None, state: ChunkState) -> None:
        """Store a chunk's ticket and state; durable when it returns."""

    def record(
        self,
        run: str,
        chunk: int,
        *,
        ok: int,
        failed: int,
        state: ChunkState = ChunkState.COLLECTED,
    ) -> None:
        """Store that a chunk's outcomes are in the run folder: it is collected, or waiting."""

    def find(self, run: str | None = None) -> Run:
        """Give one run: by id, by an unambiguous beginning of it, or the latest.

        Raises:
            NoSuchRun: There is none, or the beginning fits several.
        """

    def history(self, mapping: str | None = None, *, limit: int | None = None) -> list[Run]:
        """Give runs, newest first, of one mapping or of all."""

    def baseline(self, mapping: str) -> dict[str, Any] | None:
        """Give what the last finished run's batch looked like (`Run.details["profile"]`)."""

    def written(self, mapping: str) -> list[Run]:
        """Give the runs of a mapping that wrote something, oldest first."""
