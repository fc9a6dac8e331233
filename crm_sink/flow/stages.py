"""Tell the world that a stop of the trip began and ended, with its rows, wall and CPU seconds."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from crm_sink.errors import Interrupted
from crm_sink.events import StageBegan, StageEnded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.clock import Clock
    from crm_sink.events import Listener
    from crm_sink.stopping import Stop


class Done(Protocol):
    """How a stage says what came out of it."""

    def __call__(self, *, rows: int, rejects: int = 0) -> None:
        """Note the rows that go on and those that do not."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of one run."""

    run: str
    listener: Listener
    clock: Clock
    stop: Stop | None = None  # asked before each stage

    @contextmanager
    def stage(self, name: str) -> Iterator[Done]:
        """Time a stage; it is told as ended only when it did not raise.

        Raises:
            Interrupted: A signal asked to stop before it began.
        """
        counts = {"rows": 0, "rejects": 0}

        def done(*, rows: int, rejects: int = 0) -> None:
            counts.update(rows=rows, rejects=rejects)

        if self.stop is not None and self.stop.is_asked():
            raise Interrupted(f"stopped before {name}", signal=self.stop.signal)
        self.listener(StageBegan(self.run, name))
        start, cpu = self.clock.monotonic(), cpu_seconds()
        yield done
        self.listener(
            StageEnded(
                run=self.run,
                stage=name,
                rows=counts["rows"],
                rejects=counts["rejects"],
                seconds=self.clock.monotonic() - start,
                cpu_seconds=cpu_seconds() - cpu,
            )
        )


def cpu_seconds() -> float:
    """Give the CPU seconds, user and system, that this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
