"""An engine that only reads a run's folder: to show a run changes nothing in it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from crm_sink.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.engine import Engine


@contextmanager
def reading(folder: Path) -> Iterator[Engine]:
    """Open an engine over a run's folder that spills elsewhere, into a folder that is deleted."""
    with (
        TemporaryDirectory(prefix="crm-sink-") as spill,
        open_engine(Path(spill), sources=[folder]) as engine,
    ):
        yield engine
