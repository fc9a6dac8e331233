"""Why predictions could not be read, in words that tell a person what to do.

Values of the predictions are not repeated: only the first line of an engine's message is quoted,
and no line of the data.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = "write it again: the scoring job may have been stopped half-way"
ICONV = "convert it, say with: iconv -f {} -t utf-8 OLD.csv > NEW.csv"
UTF8 = ICONV.format("windows-1252")  # refuses what it cannot tell; latin1 would take anything

# What DuckDB's message holds, what that means, and the cure.
MEANINGS = (
    ("No magic bytes", "this is not a whole Parquet file", AGAIN),
    ("too small to be a Parquet", "this is not a whole Parquet file", AGAIN),
    ("Failed to read file", "a page of the file is damaged", AGAIN),
    ("encoding", "the text is not UTF-8", UTF8),
    ("unicode", "the text is not UTF-8", UTF8),
    ("utf-8", "the text is not UTF-8", UTF8),
    ("unterminated quote", "a quoted value does not end", 'double a quote inside a value: ""'),
    ("state machine", "its lines end in different ways (CR, LF, CR LF)", "dos2unix FILE"),
    ("Maximum line size", "a line is longer than 16 MB", "shorten the text column"),
    ("No space left", "the disk of CRM_SINK_HOME is full", "free some space"),
    ("Out of Memory", "a row group does not fit in memory", "raise CRM_SINK_MEMORY_LIMIT"),
)
LINE = re.compile(r"CSV Error on Line: (\d+)")
COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@contextmanager
def reading(shown: str) -> Iterator[None]:
    """Turn an engine's failure to read the predictions into a `SourceError`.

    For `stage`, and for whoever reads its view: a damaged page shows itself only then.

    Args:
        shown: The source as a person knows it (`Located.shown`).

    Raises:
        SourceError: What the engine could not read.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise explained(str(error), shown) from None


def other_encoding(start: bytes) -> str | None:
    """Tell by the first bytes of a CSV file that it is UTF-16 or UTF-32, and which; else None.

    Excel's "Unicode text" and PowerShell write it. Without a byte order mark the NULs tell it: a
    header begins with a letter that every encoding has.
    """
    marks = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32"}
    marks |= {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\0\0\0": "utf-32be"}
    for mark, encoding in marks.items():
        if start.startswith(mark):
            return encoding
    nuls = [at for at in range(4) if start[at : at + 1] == b"\0"]
    return {(1, 2, 3): "utf-32le", (1, 3): "utf-16le", (0, 2): "utf-16be"}.get(tuple(nuls))


def explained(reason: str, where: str) -> SourceError:
    """Turn an engine's message about a file into what, where and what to do next."""
    line = LINE.search(reason)
    if line is not None:
        where = f"{where}:{line[1]}"
    counts = COUNTS.search(reason)
    if counts is not None:
        message = f"the line has {counts[2]} values, and the header has {counts[1]}"
        return SourceError(message, where=where, hint="quote values that hold the delimiter")
    for sign, meaning, hint in MEANINGS:
        if sign in reason:
            return SourceError(meaning, where=where, hint=hint)
    first = reason.splitlines()[0] if reason else "no reason given"
    return SourceError(f"the predictions cannot be read: {first}", where=where, hint=AGAIN)
