"""Predictions in CSV files: copied to Parquet as text, row by row in order, then typed."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.errors import SourceError
from crm_sink.source.columns import ROW, check_names
from crm_sink.source.infer import infer_types
from crm_sink.source.parquet import scan
from crm_sink.source.trouble import ICONV, UTF8, other_encoding, reading
from crm_sink.tables import own_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.source.locate import Located

DELIMITERS = ",;\t|"
HEADER_LIMIT = 1_000_000  # characters within which the header must end
SAME_TEXT = {"VARCHAR", "BIGINT", '"NULL"'}  # types whose values read as they are written
LINE_LIMIT = 16 << 20  # bytes of one record; DuckDB buffers twice that


def csv_query(located: Located, engine: Engine, folder: Path) -> tuple[str, int]:
    """Give the query that reads the copies of the files, and how many rows they hold.

    The delimiter is the one the header has most of; quotes are doubled inside a value. A type is
    given to a column only when every one of its values, in all files, has it. The text that such a
    column has in the file stays beside it (`tables.own_text`).

    Raises:
        SourceError: A file has no header, a ragged line, or is not UTF-8.
    """
    copies: list[Relation] = []
    for number, file in enumerate(located.files):
        shown = located.shown if len(located.files) == 1 else str(file)
        target = folder / f"csv-{number:05d}.parquet"
        with reading(shown):
            before = sum(copy.rows for copy in copies)
            copies.append(engine.save(_select(file, shown, before), target))
    rows = sum(copy.rows for copy in copies)
    text = scan([copy.path for copy in copies])
    columns = [column for column in engine.columns(text) if column != ROW]
    typed = infer_types(columns, text, engine) if rows else {}
    chosen = "".join(f"{expression} as {name(column)}, " for column, expression in typed.items())
    query = f"select {chosen}{name(ROW)} from {text}"
    kinds = engine.columns(f"({query})")
    kept = [column for column in columns if kinds.get(column, '"NULL"') not in SAME_TEXT]
    own = "".join(f"{name(column)} as {own_text(column)}, " for column in kept)
    return f"select {own}{chosen}{name(ROW)} from {text}", rows


def _select(file: Path, shown: str, before: int) -> str:
    """Give the query that reads one file, every column as text, and numbers its rows.

    `row_number() over ()` makes DuckDB scan with one thread, and so in the order of the file.
    `parallel = false` would too, but DuckDB 2.0 then leaves out, without a word, everything
    behind a quote that does not end.
    """
    delimiter, names = _header(file, shown)
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in names)
    options = (
        f"auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"strict_mode = true, max_line_size = {LINE_LIMIT}, buffer_size = {2 * LINE_LIMIT}"
    )
    numbered = f"{before} + row_number() over () as {name(ROW)}"
    return f"select *, {numbered} from read_csv({literal(str(file))}, {options})"


def _header(file: Path, shown: str) -> tuple[str, list[str]]:
    """Read the delimiter and the column names from the first record."""
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rb") as raw:
            encoding = other_encoding(raw.read(4))
        if encoding is not None:
            kind = encoding[:6].upper()
            hint = ICONV.format(encoding)
            raise SourceError(f"the text is {kind}, not UTF-8", where=shown, hint=hint)
        with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
            start = lines.read(HEADER_LIMIT)
    except UnicodeDecodeError:
        raise SourceError("the text is not UTF-8", where=shown, hint=UTF8) from None
    except (OSError, EOFError) as error:
        raise SourceError(
            f"the file cannot be read: {error}", where=shown, hint=f"file {file}"
        ) from error
    delimiter = _delimiter(start)
    names = [column.strip() for column in next(_records(start, delimiter, shown), [])]
    if not names and start.strip():
        raise SourceError(
            "the first line is empty: a header with the column names is missing",
            where=f"{shown}:1",
            hint="begin the file with its header",
        )
    if not names:
        raise SourceError(
            "the file is empty", where=shown, hint="look whether the scoring job ran to its end"
        )
    check_names(names, f"{shown}:1")
    if any(_is_number(column) for column in names):
        raise SourceError(
            "the first line holds values: a header with the column names is missing",
            where=f"{shown}:1",
            hint="write the file with a header",
        )
    return delimiter, names


def _records(start: str, delimiter: str, shown: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise SourceError(
            f"the header cannot be read: {error}",
            where=f"{shown}:1",
            hint='end each quoted name, and double a quote inside it: ""',
        ) from None


def _delimiter(start: str) -> str:
    """Choose the delimiter that the first line has most of, outside quotes."""
    first = start.lstrip().partition("\n")[0]
    bare = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
