"""What a run tells the world: frozen facts. Console, logs, metrics and pages only listen.

An event never holds a value of a record: predictions about people are personal data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run exists in the ledger."""

    run: str
    mapping: str
    object: str
    kind: str


@dataclass(frozen=True, slots=True)
class StageBegan:
    """A stop of the trip began: source, gates, transform, match, plan or write."""

    run: str
    stage: str


@dataclass(frozen=True, slots=True)
class StageEnded:
    """A stop of the trip is done; `rows` went on, `rejects` did not."""

    run: str
    stage: str
    rows: int
    rejects: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class CallMade:
    """One HTTP call was answered. `path` has no query and no key value in it."""

    method: str
    path: str
    status: int
    seconds: float
    sent_bytes: int
    received_bytes: int


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """A call failed and will be sent again."""

    method: str
    path: str
    code: str
    attempt: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class AnswerMissed:
    """A write was sent and its answer was lost: what became of it is looked up, then settled."""

    method: str
    path: str
    code: str


@dataclass(frozen=True, slots=True)
class LedgerMissed:
    """The ledger's database, which answered before, does not answer; it is waited for."""

    attempt: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class BudgetSeen:
    """The org told how many calls were used of the day's allowance (`Sforce-Limit-Info`)."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class ChunkMoved:
    """A chunk of a plan changed its state (see `ledger.contract.ChunkState`).

    `rows` are all of the chunk's; once it is collected or waiting, those that have an outcome.
    """

    run: str
    chunk: int
    state: str
    rows: int
    failed: int
    job: str | None


@dataclass(frozen=True, slots=True)
class RowsWaiting:
    """Rows of a chunk were refused for a passing reason, and will be sent again in another."""

    run: str
    chunk: int
    rows: int
    code: str  # the most frequent reason
    attempt: int  # how often they were sent so far


@dataclass(frozen=True, slots=True)
class RoundBegan:
    """Rows that waited are about to be sent again, in chunks of their own."""

    run: str
    attempt: int
    rows: int
    chunks: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class OrphanEnded:
    """A job that a crash had left Open at the CRM, unknown to the ledger, was aborted."""

    job: str
    object: str
    chunk: int  # the chunk that it was made for


@dataclass(frozen=True, slots=True)
class OrphansNotSought:
    """The CRM would not list its jobs. An orphan has written nothing, so the run goes on."""

    run: str
    code: str


@dataclass(frozen=True, slots=True)
class ParallelismChanged:
    """The bound on what is in flight at once fell, or climbed back."""

    what: str  # calls or chunks
    most: int
    reason: str  # the error code that made it fall; empty when it climbed


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run reached a state in which nothing more happens by itself."""

    run: str
    state: str
    written: int
    rejected: int
    conflicts: int


Event = (
    RunBegan
    | StageBegan
    | StageEnded
    | CallMade
    | RetryScheduled
    | AnswerMissed
    | LedgerMissed
    | BudgetSeen
    | ChunkMoved
    | RowsWaiting
    | RoundBegan
    | OrphanEnded
    | OrphansNotSought
    | ParallelismChanged
    | RunEnded
)
Listener = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
