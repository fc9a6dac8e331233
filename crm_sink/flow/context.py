"""What every flow is handed: the parts that `assemble` wired, and nothing global."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crm_sink.clock import Clock
    from crm_sink.crm.contract import Api, Crm
    from crm_sink.crm.gauge import Gauge
    from crm_sink.crm.open_jobs import OpenJobs
    from crm_sink.crm.policy import Rulebook
    from crm_sink.events import Listener
    from crm_sink.flow.narrowing import Narrowing
    from crm_sink.ledger.contract import Ledger
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.stopping import Stop


class Lease(Protocol):
    """The right to work on a mapping, held while in it."""

    def ensure(self) -> None:
        """Make sure, before a write, that it is still ours.

        Raises:
            AlreadyRunning: Another run took it over while this process stood still.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a working product."""

    crm: Crm
    ledger: Ledger
    lease: Callable[[str, str], AbstractContextManager[Lease]]  # mapping, run
    home: Path
    org: str  # instance URL, for the record
    clock: Clock
    listener: Listener
    judge: Rulebook  # what the CRM's error codes mean
    environ: Mapping[str, str]
    parallel_jobs: int
    memory_limit: str
    calls_made: Callable[[], int]
    calls_at_once: Gauge
    open_jobs: OpenJobs
    stop: Stop
    target: str | None = None  # what `--target` said

    @property
    def named(self) -> dict[str, str]:
        """Give what a run keeps of it, so that the next command goes to the same org."""
        return {"target": self.target} if self.target else {}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of `decide`: a mapping, perhaps a table in memory, perhaps an API."""

    loaded: LoadedMapping
    frame: object | None = None
    api: Api | None = None
    kind: str = "sync"
    narrow: Narrowing | None = None  # a retry takes only some of the predictions
    details: Mapping[str, Any] = field(default_factory=dict)  # kept with the run
