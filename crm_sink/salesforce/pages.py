"""Turns pages of CSV, as Salesforce writes them, into the typed Parquet of table `present`.

Both ways of reading end here: the text of a value becomes its DuckDB type in one place.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import literal, name
from crm_sink.errors import CrmError, Fate
from crm_sink.schema import NUMBER_TYPES, FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.crm.contract import Read
    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema

ID = "Id"
MODIFIED = "SystemModstamp"
# A row holds at most 400,000 characters on the way in (Bulk API 2.0 guide); one that is read can
# be longer. The buffer, one for each file that is read, is what the scan costs in memory.
MAX_LINE = 4_000_000
BUFFER = 8_000_000


def selected(query: Read) -> list[str]:
    """Give the fields to select, each once whatever its case: Id, SystemModstamp, key, fields."""
    names = [ID, MODIFIED, query.key.name, *(field.name for field in query.fields)]
    unique: dict[str, str] = {}
    for field_name in names:
        unique.setdefault(field_name.lower(), field_name)
    return list(unique.values())


def header(path: Path) -> list[str]:
    """Read the column names of a CSV file; of what is none, names that fit nothing."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:  # a first line without end
            return []


def scan(paths: Sequence[Path], columns: Sequence[str]) -> str:
    """Give the SQL table expression that reads CSV files of Salesforce as text.

    Nothing is guessed: columns, quotes and line ends are given. A null is an empty cell, quoted
    or not. One file is not read by several threads: they would have to guess, at the places where
    it is cut, which line ends stand inside quotes, and that guess has failed.
    """
    files = ", ".join(literal(str(path)) for path in paths)
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv([{files}], columns = {{{types}}}, header = true, auto_detect = false, "
        "delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = true, "
        f"strict_mode = true, parallel = false, max_line_size = {MAX_LINE}, buffer_size = {BUFFER})"
    )


def save(query: Read, pages: Sequence[Path], engine: Engine, into: Path) -> Relation:
    """Write pages of one read into one Parquet file of table `present`.

    With keys, only their records: a Bulk query cannot be narrowed to many keys.

    Raises:
        CrmError: A page lacks a column, or holds a value that is not of its field's type.
    """
    import duckdb

    columns = header(pages[0])
    here = {column.lower(): column for column in columns}
    missing = [wanted for wanted in selected(query) if wanted.lower() not in here]
    if missing:
        raise _odd(query, f"it lacks the column {missing[0]}")

    def typed(field: FieldSchema) -> str:
        return value_of(field, name(here[field.name.lower()]))

    key = tables.match_key(query.key, name(here[query.key.name.lower()]))
    modified = f"cast({name(here[MODIFIED.lower()])} as timestamp)"
    parts = [
        f"{name(here['id'])} as id",
        f"{key} as match_key",
        f"date_trunc('second', {modified}) as modified",
        *(f"{typed(field)} as {name(field.name)}" for field in query.fields),
    ]
    rows = f"select {', '.join(parts)} from {scan(pages, columns)}"
    if query.keys is not None:
        wanted_keys = f"select {tables.match_key(query.key, 'key')} from {query.keys.scan()}"
        rows += f" where {key} in ({wanted_keys})"
    try:
        return engine.save(rows, into)
    except duckdb.Error as error:
        # The engine's own words hold values of records; only their kind is shown.
        raise _odd(query, f"it cannot be read as its fields' types ({type(error).__name__})") from (
            None
        )


def value_of(field: FieldSchema, text: str) -> str:
    """Give the SQL that turns the text of a value into the DuckDB type of its field.

    Numbers come with an exponent (`9.12260031E8`), datetimes as `2026-05-01T07:25:37.000Z` or
    with `+0000`, always UTC.
    """
    if field.type in NUMBER_TYPES:
        return f"cast({text} as double)"
    if field.type is FieldType.INT:
        return f"cast(cast({text} as double) as integer)"
    if field.type is FieldType.DATETIME:
        return f"date_trunc('second', cast({text} as timestamp))"
    if field.type is FieldType.DATE:
        return f"cast(left({text}, 10) as date)"
    kind = tables.sql_type(field)
    return text if kind == "VARCHAR" else f"cast({text} as {kind.lower()})"


def _odd(query: Read, what: str) -> CrmError:
    return CrmError(
        f"the answer to the query on {query.object} is not as asked for: {what}",
        code="UNEXPECTED_ANSWER",
        fate=Fate.STOP,
        where=f"query on {query.object}",
        hint="crm-sink doctor",
    )
