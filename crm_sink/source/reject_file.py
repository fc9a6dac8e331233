"""The reject file as a person gives it back: read line by line, each fault told with its line.

A spreadsheet may have been at it, or worse: nothing of it is believed. What an edit means, and
whether its row was a reject at all, is judged by `flow.edits`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

NEEDED = ("row", "key", "field", "value")
LINE_LIMIT = 1 << 20  # bytes of a line: the longest value of a reject has 255 characters
BATCH = 10_000
MOST_ROWS = 2**63 - 1
HINT = "begin again from the rejects.csv of the run, and change only the columns key and value"

Record = tuple[int, int | None, str | None, str | None, str | None]


def save_reject_file(path: Path, into: Path) -> int:
    """Read an edited reject file into Parquet, in memory that does not grow with it.

    Args:
        path: A CSV file with at least the columns row, key, field and value; UTF-8, commas.
        into: The Parquet file: line (1-based, where the record begins), row, key, field, value;
            an empty cell is null.

    Returns:
        How many records it holds; at least one.

    Raises:
        UsageError: It cannot be read, with file:line.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [("line", pa.int64()), ("row", pa.int64())] + [(name, pa.string()) for name in NEEDED[1:]]
    )
    count = 0
    batch: list[Record] = []
    into.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(into, schema) as writer:

        def flush() -> None:
            columns = zip(*batch, strict=True)
            arrays = [
                pa.array(cells, kind.type) for cells, kind in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            batch.clear()

        for record in _records(path):
            count += 1
            batch.append(record)
            if len(batch) == BATCH:
                flush()
        if batch:
            flush()
    if count == 0:
        raise _fault(path, 1, "the file holds no rejects")
    return count


def _records(path: Path) -> Iterator[Record]:
    try:
        with path.open("rb") as file:
            yield from _parsed(path, file)
    except OSError as error:
        message = f"the reject file cannot be read: {error.strerror or error}"
        raise UsageError(message, where=str(path)) from None


def _parsed(path: Path, file: BinaryIO) -> Iterator[Record]:
    reader = csv.reader(_lines(path, file), strict=True)
    places: dict[str, int] = {}
    line = 1
    try:
        for cells in reader:
            if not places:
                places = _header(path, cells)
            elif cells:  # a line with nothing on it is none
                yield _record(path, line, cells, places)
            line = reader.line_num + 1
    except csv.Error as error:
        raise _fault(path, max(line, reader.line_num), f"this is not CSV: {error}") from None


def _lines(path: Path, file: BinaryIO) -> Iterator[str]:
    number = 0
    while raw := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(raw) > LINE_LIMIT:
            raise _fault(path, number, f"the line is longer than {LINE_LIMIT:,} bytes")
        if b"\0" in raw:
            raise _fault(path, number, "the line holds a NUL character")
        try:
            # A spreadsheet begins a UTF-8 file with a byte order mark.
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            raise _fault(path, number, f"the byte 0x{byte:02x} is not UTF-8") from None


def _header(path: Path, cells: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise _fault(path, 1, "the columns are not separated by commas")
    if missing:
        raise _fault(path, 1, f"the column {missing[0]} is missing")
    if len(set(names)) < len(names):
        raise _fault(path, 1, "two columns have the same name")
    return {name: place for place, name in enumerate(names)}


def _record(path: Path, line: int, cells: list[str], places: dict[str, int]) -> Record:
    if len(cells) != len(places):
        raise _fault(path, line, f"{len(cells)} cells where {len(places)} are due")
    row, key, field, value = (cells[places[name]] for name in NEEDED)
    return (
        line,
        _row(path, line, row.strip()),
        key.strip() or None,
        field.strip() or None,
        (value or None),
    )


def _row(path: Path, line: int, text: str) -> int | None:
    if not text:
        return None  # a record that is no longer scored
    # A spreadsheet may have made 7.0 of 7.
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise _fault(path, line, "the column row holds no row number")
    number = int(digits)
    if not 0 < number <= MOST_ROWS:
        raise _fault(path, line, "the column row holds no row number")
    return number


def _fault(path: Path, line: int, message: str) -> UsageError:
    return UsageError(message, where=f"{path}:{line}", hint=HINT)
