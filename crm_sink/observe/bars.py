"""A moving line for the stage at work, above it a line for each that is done; terminals only."""

from __future__ import annotations

import atexit
import threading
from typing import IO, TYPE_CHECKING, cast

from crm_sink.events import ChunkMoved, Event, RunEnded, StageBegan, StageEnded
from crm_sink.observe.lines import line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from crm_sink.observe.stream import Unbreakable


class Bars:
    """A listener that draws on a terminal. May be called from several threads."""

    def __init__(self, stream: Unbreakable) -> None:
        from rich.console import Console

        self._console = Console(file=cast(IO[str], stream), highlight=False)
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._planned: int | None = None
        # A run that raises ends in the middle of a stage, and the cursor is still hidden.
        atexit.register(self.close)

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            match event:
                case StageBegan(stage=stage):
                    self._start(stage, self._planned if stage == "write" else None)
                case ChunkMoved(state="collected" | "waiting", rows=rows):
                    self._advance(rows)
                case StageEnded(stage=stage, rows=rows):
                    self._planned = rows if stage == "plan" else self._planned
                    self._stop()
                case RunEnded():
                    self._stop()
            text = line(event)
            if text is not None:
                self._console.print(text, markup=False)

    def close(self) -> None:
        """Take the moving line away and show the cursor again."""
        with self._lock:
            self._stop()

    def _start(self, stage: str, total: int | None) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._stop()
        columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
        if total:
            columns[2:2] = [BarColumn(), TextColumn("{task.completed:,} of {task.total:,}")]
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._progress.start()
        self._task = self._progress.add_task(f"{stage:<10}", total=total)

    def _advance(self, rows: int) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, rows)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
        self._progress = None
        self._task = None
