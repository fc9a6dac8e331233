"""Whether the files that are read where they are stayed the same for the time of a plan.

Parquet is read several times: for the fields, the rejects and, last, the gates. A scoring job that
writes its file anew meanwhile would have other predictions judged than those that are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import SourceError
from crm_sink.source.locate import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crm_sink.source.locate import Located


def steady(located: Located) -> Callable[[], None]:
    """Give a check that raises a `SourceError` once a file is not what it is now."""
    files = located.files if located.kind is Kind.PARQUET else ()
    before = [_state(file) for file in files]

    def require() -> None:
        if [_state(file) for file in files] != before:
            raise SourceError(
                "the predictions changed while they were read",
                where=located.shown,
                hint="run again when the scoring job is done",
            )

    return require


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
