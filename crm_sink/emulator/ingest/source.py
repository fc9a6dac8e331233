"""Reads an uploaded CSV file into staged text columns at rest: a Parquet file beside the body.

Each row gets its number there, once, so that a job that was cut short goes on where it stopped.
An empty cell is null, quoted or not (facts 4.4). Memory does not grow with the file.

Not imitated: the number of the first of several broken rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from crm_sink.emulator.bulk2 import DELIMITERS, LINE_ENDS
from crm_sink.emulator.ingest.header import (
    MORE_TEXT,
    UNCLOSED,
    UNESCAPED,
    BadFile,
    wrong_end,
)
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.emulator.ingest.header import Header
    from crm_sink.emulator.jobs import Job

# Up to here a file is also checked for quotes inside unquoted values, which DuckDB lets pass.
STRICT_BYTES = 4 * 1024 * 1024
# "131,072 characters for a field, 400,000 for a record" (facts 4.4); of bytes there may be more.
LONGEST_FIELD, LONGEST_RECORD = 131_072, 400_000
LONGEST_ROW = 4 * 1024 * 1024


def stage_file(
    cursor: duckdb.DuckDBPyConnection, body: Path, staged: Path, job: Job, header: Header
) -> int:
    """Write `staged` (n, c0, c1, …) from the body, unless an earlier start has done so.

    Returns:
        How many rows it holds.

    Raises:
        BadFile: The file holds no rows, or breaks the CSV rules.
    """
    if not staged.exists():
        is_checked = _check_quotes(body, job)
        part = staged.with_suffix(".part")
        try:
            _copy(cursor, _reader(body, job, header, padded=False), header, part)
        except duckdb.Error as error:
            # With every quote in its place, DuckDB's reader stumbles over ends of lines alone.
            if is_checked and "invalid state" in str(error):
                raise wrong_end(job) from None
            if "Expected Number of Columns" not in str(error):
                raise BadFile(_told(error)) from None
            _copy_padded(cursor, body, job, header, part)
        _check_lengths(cursor, part, header)
        part.replace(staged)
    row = cursor.execute(f"select count(*) from {parquet(staged)}").fetchone()
    if row is None or row[0] == 0:
        raise BadFile("InvalidBatch : Records not found")
    return int(row[0])


def parquet(path: Path) -> str:
    """Give the SQL table expression that reads a Parquet file."""
    return f"read_parquet({literal(str(path))})"


def _copy(cursor: duckdb.DuckDBPyConnection, reader: str, header: Header, part: Path) -> None:
    # A blank line of a one-column file is a row of null; blank lines are skipped (facts 4.4).
    rows = f"select * from {reader}"
    if len(header.columns) == 1:
        rows += " where c0 is not null"
    cursor.execute(
        f"copy (select row_number() over () - 1 as n, * from ({rows})) "
        f"to {literal(str(part))} (format parquet, row_group_size 100000)"
    )


def _copy_padded(
    cursor: duckdb.DuckDBPyConnection, body: Path, job: Job, header: Header, part: Path
) -> None:
    """Read a file with short rows: what is missing at their end is empty."""
    try:
        _copy(cursor, _reader(body, job, header, padded=True), header, part)
    except duckdb.Error as error:
        raise BadFile(_told(error)) from None


def _reader(body: Path, job: Job, header: Header, *, padded: bool) -> str:
    columns = ", ".join(f"'c{column.place}': 'VARCHAR'" for column in header.columns)
    delimiter = literal(DELIMITERS[job.column_delimiter])
    end = {"\n": r"\n", "\r\n": r"\r\n"}[LINE_ENDS[job.line_ending]]
    return (
        f"read_csv({literal(str(body))}, auto_detect = false, header = false, skip = 1, "
        f"columns = {{{columns}}}, delim = {delimiter}, quote = '\"', escape = '\"', "
        f"nullstr = '', allow_quoted_nulls = true, new_line = '{end}', "
        f"max_line_size = {LONGEST_ROW}, null_padding = {str(padded).lower()}, "
        f"parallel = {str(not padded).lower()})"
    )


def _check_lengths(cursor: duckdb.DuckDBPyConnection, part: Path, header: Header) -> None:
    """Refuse a value, or a record, that is longer than Salesforce's reader takes."""
    if part.stat().st_size == 0:
        return
    columns = [f"c{column.place}" for column in header.columns]

    def longest(measure: str) -> tuple[int, int]:
        sizes = ", ".join(f"coalesce({measure}({one}), 0)" for one in columns)
        query = f"select max(list_max([{sizes}])), max(list_sum([{sizes}])) from {parquet(part)}"
        field, record = cursor.execute(query).fetchone() or (0, 0)
        return field or 0, record or 0

    field, record = longest("strlen")
    if field > LONGEST_FIELD or record > LONGEST_RECORD:  # in bytes, which costs less to ask
        field, record = longest("length")
    if field > LONGEST_FIELD:
        raise BadFile("InvalidBatch : Exceeded max field size")
    if record > LONGEST_RECORD:
        raise BadFile("InvalidBatch : Exceeded max length for one record")


def _check_quotes(body: Path, job: Job) -> bool:
    """Refuse a quote inside an unquoted value, as Salesforce's reader does; say if it was looked.

    Raises:
        BadFile: There is one.
    """
    if body.stat().st_size > STRICT_BYTES:
        return False
    delimiter = DELIMITERS[job.column_delimiter].encode()
    edge = re.escape(delimiter)
    content = body.read_bytes()
    cell = re.compile(rb'(?:"(?:[^"]|"")*"|[^"' + edge + rb"\r\n]*)")
    ends = (delimiter, b"\r", b"\n", b"")
    start = 0
    while start < len(content):
        found = cell.match(content, start)
        text = found.group() if found else b""
        start += len(text)
        if content[start : start + 1] in ends:
            start += 1
        elif text.startswith(b'"'):
            raise BadFile(f"InvalidBatch : {MORE_TEXT}")
        else:
            raise BadFile(f"InvalidBatch : {UNESCAPED if text else UNCLOSED}")
    return True


def _told(error: duckdb.Error) -> str:
    """Say a broken file in the words of Salesforce's reader (facts 4.8)."""
    text = str(error)
    if "unterminated quote" in text or "Value with unterminated quote" in text:
        return f"InvalidBatch : {UNCLOSED}"
    if "Maximum line size" in text:
        return "InvalidBatch : Exceeded max length for one record"
    if "unicode" in text.lower() or "utf-8" in text.lower():
        return "ClientInputError : The file is not encoded in UTF-8"
    if "Expected Number of Columns" in text:
        return "InvalidBatch : Number of values in a record exceeds the number of columns"
    return f"InvalidBatch : {MORE_TEXT}"
