"""Keeps the write log: one line for each write, one row for each record that it changes.

Set by set, in the write's own transaction: what was rolled back is in no log. Who was written when
stands in `_log_rows`. The values of a small write stand there too, as text, in two lists beside
each other in the order of the write's fields; those of a large one in a Parquet file of their own,
as they are, which costs a third. Of a field that a row left alone there is no new value; `CLEARED`
says that it was set to null.

Not imitated: what rules fill in by themselves (an assigned owner, a stage's probability).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal, varying

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org

TABLES = (
    "_log_writes (number bigint, moment timestamp, call varchar, request varchar, job varchar, "
    "object varchar, operation varchar, fields varchar[], written bigint, refused bigint, "
    "in_file boolean)",
    "_log_rows (number bigint, place bigint, id varchar, created boolean, "
    "old varchar[], new varchar[])",
)
CLEARED = JSON.clear
# From here on the values of a write go to a file: casting a million of them to text is slow.
LARGE = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """One write: its number, how many rows it wrote and refused, where its values are."""

    number: int
    written: int
    refused: int
    in_file: bool


def keep(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source) -> None:
    """Log the rows of `good`, before they are applied: old values are still in their place."""
    with hastily(cursor):
        row = cursor.execute(
            "select (select count(*) from good), (select count(*) from refused)"
        ).fetchone()
    written, refused = row or (0, 0)
    number = _next(cursor, org)
    columns = write.changes()
    has_values = org.settings.log_values and bool(columns)
    in_file = has_values and written >= LARGE
    entry = _Entry(number, written, refused, in_file)
    with hastily(cursor):
        _keep_write(cursor, org, write, source, entry)
        if has_values and not in_file:
            _keep_rows(cursor, number, f"({_values(write, columns)})", len(columns))
            return
        _keep_rows(cursor, number, "good", 0)
    if in_file:
        path = file_of(org.store.folder, number)
        path.parent.mkdir(exist_ok=True)
        cursor.execute(
            f"copy ({_values(write, columns)}) to {literal(str(path))} "
            "(format parquet, compression lz4_raw)"
        )


def keep_few(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source, written: int
) -> None:
    """Log all rows of the table `few`; see `dml.few`."""
    number = _next(cursor, org)
    with hastily(cursor):
        _keep_write(cursor, org, write, source, _Entry(number, written, 0, False))
        _keep_rows(cursor, number, "few", len(write.changes()) if org.settings.log_values else 0)


def file_of(folder: Path, number: int) -> Path:
    """Give where the values of a large write are."""
    return folder / "log" / f"{number}.parquet"


def old_sql(places: Iterable[int]) -> str:
    """Give SQL for the list of old values as text."""
    return f"[{', '.join(f'case when s{at} then o{at}::varchar end' for at in places)}]"


def new_sql(places: Iterable[int]) -> str:
    """Give SQL for the list of new values as text; null for a field that was left alone."""
    cleared = literal(CLEARED)
    cells = (f"case when s{at} then coalesce(v{at}::varchar, {cleared}) end" for at in places)
    return f"[{', '.join(cells)}]"


def _next(cursor: duckdb.DuckDBPyConnection, org: Org) -> int:
    """Give the number of a new write; one that is rolled back leaves a gap."""
    if org.store.last_write is None:
        row = cursor.execute("select coalesce(max(number), 0) from _log_writes").fetchone()
        org.store.last_write = row[0] if row else 0
    org.store.last_write += 1
    return org.store.last_write


def _keep_write(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source, entry: _Entry
) -> None:
    fields = ", ".join(literal(column.field.name) for column in write.changes())
    numbers = (varying(str(one), "bigint") for one in (entry.written, entry.refused))
    cursor.execute(
        f"insert into _log_writes select {varying(str(entry.number), 'bigint')}, {_moment(org)}, "
        f"{_text(source.call)}, {_text(source.request)}, {_text(source.job)}, "
        f"{literal(write.target.name)}, {literal(write.operation)}, [{fields}]::varchar[], "
        f"{', '.join(numbers)}, {entry.in_file}"
    )


def _keep_rows(cursor: duckdb.DuckDBPyConnection, number: int, source: str, fields: int) -> None:
    """Keep the rows of a query or table of n, id, created, and of o, v and s of each field."""
    values = f"{old_sql(range(fields))}, {new_sql(range(fields))}" if fields else "[], []"
    cursor.execute(
        f"insert into _log_rows select {varying(str(number), 'bigint')}, n, id, created, {values} "
        f"from {source}"
    )


def _values(write: Write, columns: list[Column]) -> str:
    """Give a query of n, id, created, and of each field o (old), v (new) and s (was it set)."""
    selected = []
    for at, column in enumerate(columns):
        says = f"t.{column.given}"
        # The key that a record was found by is not a change of it.
        if write.external is not None and column.field is write.external:
            says += " and g.created"
        selected.append(f"g.{column.old} as o{at}, t.{column.typed} as v{at}, {says} as s{at}")
    return f"select n, g.id, g.created, {', '.join(selected)} from good g join typed t using (n)"


def _moment(org: Org) -> str:
    return varying(f"{literal(f'{org.stamp():%Y-%m-%d %H:%M:%S}')}::timestamp", "timestamp")


def _text(given: str | None) -> str:
    return varying("null" if given is None else literal(given), "varchar")
