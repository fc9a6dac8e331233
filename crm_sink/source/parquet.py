"""Predictions in Parquet files, read where they are."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING
from urllib.parse import unquote

from crm_sink.engine import literal, name
from crm_sink.errors import SourceError
from crm_sink.source.columns import ROW, check_digits, check_names, check_types
from crm_sink.source.trouble import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.source.locate import Located

NOTHING = "__HIVE_DEFAULT_PARTITION__"  # the folder of the rows whose value is null
NUMBERS = ("file_row_number", "file_index")  # what DuckDB calls a row's and a file's number


def parquet_query(located: Located, engine: Engine, folder: Path) -> tuple[str, int]:
    """Give the query that reads the files, and how many rows they hold.

    Files are united by column name: what one lacks is null there. Folders named `key=value` below
    a source folder are text columns, as Spark and Hive lay them out and escape them.

    Raises:
        SourceError: A file is damaged, or the files do not fit together.
    """
    kinds, rows = [], []
    for file in located.files:
        with reading(located.shown if len(located.files) == 1 else str(file)):
            kinds.append((str(file), _columns(engine, file)))
            rows.append(_rows(engine, file))
    check_types(kinds)
    known = engine.columns(scan(located.files))
    check_digits(kinds, known)
    folders = _folder_columns(located, list(known))
    columns = [_plain(column, kind) for column, kind in known.items()]
    columns += [f"{_pick(values)} as {name(column)}" for column, values in folders.items()]
    starts = [str(start + 1) for start in accumulate(rows, initial=0)][:-1]
    columns.append(f"cast(file_row_number + {_pick(starts)} as bigint) as {name(ROW)}")
    return f"select {', '.join(columns)} from {scan(located.files)}", sum(rows)


def _plain(column: str, kind: str) -> str:
    """Give a column with times of microseconds, as our tables have them."""
    if kind in {"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}:
        return f"cast({name(column)} as timestamp) as {name(column)}"
    if kind == "TIMESTAMPTZ_NS":
        return f"cast({name(column)} as timestamptz) as {name(column)}"
    return name(column)


def scan(files: Sequence[Path]) -> str:
    """Give the table expression that reads files, united by column name."""
    paths = ", ".join(literal(str(file)) for file in files)
    return f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"


def _pick(values: Sequence[str]) -> str:
    """Give the SQL for the value that belongs to a row's file."""
    return (
        values[0] if len(values) == 1 else f"[{', '.join(values)}][cast(file_index as bigint) + 1]"
    )


def _rows(engine: Engine, file: Path) -> int:
    counted = f"select num_rows from parquet_file_metadata({literal(str(file))})"
    return int(engine.value(counted))


def _columns(engine: Engine, file: Path) -> dict[str, str]:
    """Give a file's columns and their types; DuckDB alone would rename what is there twice."""
    tree = engine.rows(f"select name, num_children from parquet_schema({literal(str(file))})")
    names = list(_top_level(tree))
    check_names(names, str(file))
    for taken in NUMBERS:
        if taken in (column.lower() for column in names):
            raise SourceError(
                f"a column may not be named {taken}", where=str(file), hint="rename it"
            )
    return engine.columns(scan([file]))


def _top_level(tree: Sequence[tuple[str, int | None]]) -> Iterator[str]:
    """Give the names of the columns in a schema that lists every nested part in depth order."""
    waiting = 0  # nested parts of the present column that are still to come
    for column, children in tree[1:]:
        if waiting == 0:
            yield column
        else:
            waiting -= 1
        waiting += children or 0


def _folder_columns(located: Located, names: Sequence[str]) -> dict[str, list[str]]:
    """Give the columns that folders hold: for each, the SQL of its value in every file."""
    if not located.below:
        return {}
    pairs = [
        {unquote(key): unquote(value) for key, sign, value in parts if sign}
        for parts in ([part.partition("=") for part in folder.parts] for folder in located.below)
    ]
    known = {column.lower() for column in names}
    shared = [key for key in pairs[0] if all(key in pair for pair in pairs)]
    return {
        key: ["null::varchar" if pair[key] == NOTHING else literal(pair[key]) for pair in pairs]
        for key in shared
        if key.lower() not in known
    }
