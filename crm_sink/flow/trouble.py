"""Why a run could not be computed or written down, in words that tell a person what to do.

What cannot be read of the predictions is said by `source.trouble`; what a row holds, by rejects.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.engine import Relation
from crm_sink.errors import CrmSinkError, Unforeseen

if TYPE_CHECKING:
    from collections.abc import Iterator

FREE_SPACE = "free some space, or move the folder of CRM_SINK_HOME to a larger disk"
# What the engine's or the system's message holds, what that means, and the cure.
MEANINGS = (
    ("Out of Memory", "the run does not fit in its memory", "raise CRM_SINK_MEMORY_LIMIT"),
    ("No space left", "the disk is full", FREE_SPACE),
    ("Disk quota exceeded", "the disk quota is used up", FREE_SPACE),
    ("File too large", "a file reached the size that the system allows", "ulimit -f unlimited"),
    ("Permission denied", "a file of the run may not be read or written", "ls -l the folder"),
    (
        "Read-only file system",
        "the disk may not be written to",
        "make it writable, or move the folder of CRM_SINK_HOME to another",
    ),
)
TRACEBACK = "CRM_SINK_TRACEBACK"
RESTORE = "restore it from a copy"
FORGOTTEN = "what it wrote is then forgotten"
OTHER = ("the run could not be computed", "crm-sink doctor")


@contextmanager
def computing(folder: Path, *, runs: Path | None = None) -> Iterator[None]:
    """Turn a failure of the engine or of the disk into what, where and what to do next.

    Args:
        folder: The run's folder, where it computes.
        runs: The folder of all runs; the one that the run's is in when None.

    Raises:
        CrmSinkError: The engine or the disk failed; or something that nobody foresaw.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise _explained(str(error), folder, runs or folder.parent) from error
    except OSError as error:
        raise _explained(str(error), folder) from error
    except CrmSinkError:
        raise
    except Exception as error:  # so that the ledger is told, and a person what to run
        raise unforeseen(error) from error


def _explained(reason: str, folder: Path, runs: Path | None = None) -> CrmSinkError:
    for sign, meaning, hint in MEANINGS:
        if sign in reason:
            return CrmSinkError(meaning, where=str(folder), hint=hint)
    file = None if runs is None else _damaged(runs, folder)
    if file is not None:
        is_own = file.is_relative_to(folder)
        return CrmSinkError(
            "a file of this run is damaged" if is_own else "a file of an earlier run is damaged",
            where=str(file),
            hint=RESTORE if is_own else f"{RESTORE}, or move the run's folder away: {FORGOTTEN}",
        )
    meaning, hint = OTHER
    # Only the kind of error: the rest of the message may quote a value of a record.
    kind = reason.partition(":")[0]
    return CrmSinkError(f"{meaning}: {kind}", where=str(folder), hint=hint)


def _damaged(runs: Path, folder: Path) -> Path | None:
    """Find the first file of a run's rows that cannot be read to its end."""
    import duckdb

    # What a run has only begun to write is no damage.
    has_written = any((folder / "outcomes").glob("*.parquet"))
    with duckdb.connect() as connection:
        for file in sorted([*runs.glob("*/changes/**/*.parquet"), *runs.glob("*/outcomes/*")]):
            if file.is_relative_to(folder) and not has_written:
                continue
            try:
                connection.execute(f"select max(hash(r)) from {Relation(file, 0).scan()} r")
            except duckdb.Error:
                return file
    return None


def unforeseen(error: Exception) -> Unforeseen:
    """Say where an error came up that nobody foresaw; its text may quote a record's value."""
    package = Path(__file__).parents[1]
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(package)
    ]
    last = frames[-1]
    place = f"{Path(last.filename).relative_to(package.parent)}:{last.lineno}"
    return Unforeseen(
        f"an error that nobody foresaw: {type(error).__name__}",
        where=place,
        hint=f"{TRACEBACK}=1 and the same command shows more; please report it",
    )
