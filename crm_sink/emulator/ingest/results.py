"""Writes and streams the results of an ingest job: successful, failed and unprocessed rows.

Each batch of a job leaves one part without a header for each kind; a reader gets the header line
and then the parts (facts 4.6). All values are quoted; a written value is shown as it was stored, a
refused one as it was sent. `sf__Error` is `CODE:message:Field1 Field2 --`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.bulk2 import DELIMITERS, WHOLE_LINES, crlf_line
from crm_sink.emulator.soql.select import csv_text
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.ingest.header import Header
    from crm_sink.emulator.jobs import Job

SUCCESSFUL, REFUSED, LEFT = "successful", "failed", "unprocessed"
PIECE = 256 * 1024

# Fields without a name end in `--`, others in ` --` after the last one.
ERROR = (
    "fault.code || ':' || fault.message || ':' || "
    "case when len(fault.fields) > 0 then array_to_string(fault.fields, ' ') || ' ' else '' end "
    "|| '--'"
)


def write_parts(
    cursor: duckdb.DuckDBPyConnection, folder: Path, job: Job, write: Write, start: int
) -> tuple[int, int]:
    """Write one batch's parts from `outcome`, inside its transaction.

    Returns:
        How many rows were processed, and how many of them failed.
    """
    rows = "from outcome o join typed t using (n) where rank is"
    stored = [_stored(column, write) for column in write.columns]
    columns = {"id": "o.id", "created": "created::varchar", **_listed(stored)}
    _copy(cursor, job, folder / f"{SUCCESSFUL}.{start:09d}.csv", columns, f"{rows} null")
    failed = cursor.execute("select count(*) from outcome where rank is not null").fetchone()
    if failed is not None and failed[0]:
        sent = [f"coalesce(t.{column.raw}, '')" for column in write.columns]
        columns = {"id": "coalesce(o.id, '')", "error": ERROR, **_listed(sent)}
        _copy(cursor, job, folder / f"{REFUSED}.{start:09d}.csv", columns, f"{rows} not null")
    done = cursor.execute("select count(*) from stage").fetchone()
    return (0 if done is None else done[0]), (0 if failed is None else failed[0])


def write_left(
    cursor: duckdb.DuckDBPyConnection, folder: Path, job: Job, header: Header, source: str
) -> None:
    """Write the rows that no batch has taken up."""
    sent = [f"coalesce({column.raw}, '')" for column in header.columns]
    _copy(cursor, job, folder / f"{LEFT}.000000000.csv", _listed(sent), f"from {source}")


def stream(folder: Path, kind: str, first_line: str, end: str) -> Iterator[bytes]:
    """Give a result file piece by piece."""
    yield (first_line + end).encode()
    for part in sorted(folder.glob(f"{kind}.*.csv")):
        with part.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def whole(body: Path) -> Iterator[bytes]:
    """Give an upload as it came in, if there was one."""
    if body.exists():
        with body.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def first_line(kind: str, line: str, delimiter: str) -> str:
    """Give a result's header: our own columns quoted, the uploaded line as it was written."""
    own = {SUCCESSFUL: ('"sf__Id"', '"sf__Created"'), REFUSED: ('"sf__Id"', '"sf__Error"')}
    return delimiter.join((*own.get(kind, ()), line))


def _stored(column: Column, write: Write) -> str:
    """Give SQL for a written value as its field now holds it (facts 4.6: re-serialised)."""
    if column.lookup is not None or column.field.type == "id" or write.deletes:
        return f"coalesce(nullif(t.{column.raw}, {literal(write.dialect.clear)}), '')"
    return csv_text(f"t.{column.typed}", column.field)


def _listed(values: list[str]) -> dict[str, str]:
    return {f"v{place}": value for place, value in enumerate(values)}


def _copy(
    cursor: duckdb.DuckDBPyConnection, job: Job, path: Path, columns: Mapping[str, str], source: str
) -> None:
    """Write a part from SQL of its columns by their names, all of them texts."""
    delimiter = DELIMITERS[job.column_delimiter]
    selected = ", ".join(f"{value} as {column}" for column, value in columns.items())
    query = f"select {selected} {source}"
    options = f"format csv, force_quote *, delimiter {literal(delimiter)}"
    if job.line_ending != "LF":
        query = f"select {crlf_line(list(columns), delimiter)} from ({query})"
        options = WHOLE_LINES
    cursor.execute(f"copy ({query}) to {literal(str(path))} ({options}, header false)")
