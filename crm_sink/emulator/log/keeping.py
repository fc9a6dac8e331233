"""Keeps the write log: one line for each write, one row for each record that it changes.

Set by set, in the write's own transaction: what was rolled back is in no log. Who was written when
stands in `_log_rows`. The values of a small write stand there too, as text, in two lists beside
each other in the order of the write's fields; those of a large one in a Parquet file of their own,
as they are, which costs a third. Of a field that a row left alone there is no new value; `CLEARED`
says that it was set to null. The few rows of a write that took the short way (`dml.few`) stand
beside the write itself, as JSON: another statement would cost as much again. `rows_sql` reads both.

Not imitated: what rules fill in by themselves (an assigned owner, a stage's probability).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import json_literal, literal, varying

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.ahead.entry import Entry
    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org

TABLES = (
    "_log_writes (number bigint, moment timestamp, call varchar, request varchar, job varchar, "
    "object varchar, operation varchar, fields varchar[], written bigint, refused bigint, "
    "in_file boolean, few varchar)",
    "_log_rows (number bigint, place bigint, id varchar, created boolean, "
    "old varchar[], new varchar[])",
)
# The log of an org that an earlier version made knows no `few`.
MENDED = "alter table _log_writes add column if not exists few varchar"
FEW = {"place": ["BIGINT"], "id": ["VARCHAR"], "old": [["VARCHAR"]], "new": [["VARCHAR"]]}
CLEARED = JSON.clear
# From here on the values of a write go to a file: casting a million of them to text is slow.
LARGE = 10_000


@dataclass(frozen=True, slots=True)
class Few:
    """A few rows, column by column.

    Attributes:
        numbers: Their places in the call.
        ids: Of their records.
        new: The staged texts of each field, in the order of the write's changes; null is a field
            that a row leaves alone, and `CLEARED` one that it sets to null.
        old: What stood, the same way; nothing of new records.
    """

    numbers: list[int]
    ids: list[str]
    new: list[list[str | None]]
    old: list[list[str | None]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One write: its number, how many rows it wrote and refused, where its values are."""

    number: int
    moment: datetime
    written: int
    refused: int = 0
    in_file: bool = False


def keep(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source) -> None:
    """Log the rows of `good`, before they are applied: old values are still in their place."""
    with hastily(cursor):
        row = cursor.execute(
            "select (select count(*) from good), (select count(*) from refused)"
        ).fetchone()
    written, refused = row or (0, 0)
    number = next_number(cursor, org)
    columns = write.changes()
    has_values = org.settings.log_values and bool(columns)
    in_file = has_values and written >= LARGE
    entry = _Entry(number, org.stamp(), written, refused, in_file)
    with hastily(cursor):
        _insert(cursor, [[*_written(write, source, entry), None]])
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


def keep_few(cursor: duckdb.DuckDBPyConnection, org: Org, entries: Sequence[Entry]) -> None:
    """Log writes that took the short way; see `ahead`."""
    values = []
    for entry in entries:
        said = _Entry(entry.number, entry.moment, len(entry.rows.ids))
        values.append([*_written(entry.write, entry.source, said), _rows_of(org, entry)])
    with hastily(cursor):
        _insert(cursor, values)


def _rows_of(org: Org, entry: Entry) -> str:
    """Give the JSON of a small write's rows."""
    has_values, write, rows = org.settings.log_values, entry.write, entry.rows
    new = [
        _other(texts, rows.old[at]) if column.field is write.external else texts
        for at, (column, texts) in enumerate(zip(write.changes(), rows.new, strict=True))
    ]
    told = {
        "place": rows.numbers,
        "id": rows.ids,
        "old": rows.old if has_values else [],
        "new": new if has_values else [],
    }
    return json.dumps(told, separators=(",", ":"))


def _other(texts: list[str | None], stood: list[str | None]) -> list[str | None]:
    """Give keys that are written in other letters; a key that stood so is no change."""
    return [text if text != was else None for text, was in zip(texts, stood, strict=True)]


def rows_sql(which: str) -> str:
    """Give a query of logged rows: number, place, id, created, old, new.

    Args:
        which: A condition on their write `w`; of those that stand apart, all are given.
    """
    # Of a field that has no texts, and beyond the end of a list, there is null.
    old, new = (
        f"[told.{side}[field][row] for field in range(1, len(told.new) + 1)]"
        for side in ("old", "new")
    )
    return (
        "(select number, place, id, created, old, new from _log_rows union all "
        f"select number, told.place[row], told.id[row], created, {old}, {new} from (select *, "
        "unnest(range(1, len(told.id) + 1)) as row from (select number, operation = 'insert' as "
        f"created, from_json(few, {json_literal(FEW)}) as told from _log_writes w "
        f"where few is not null and {which})))"
    )


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


def next_number(cursor: duckdb.DuckDBPyConnection, org: Org) -> int:
    """Give the number of a new write, under the write lock; what is rolled back leaves a gap."""
    if org.store.last_write is None:
        org.store.last_write = last_number(cursor)
    org.store.last_write += 1
    return org.store.last_write


def last_number(cursor: duckdb.DuckDBPyConnection) -> int:
    """Give the number of the last write that the database has; 0 when it has none."""
    ((number,),) = cursor.execute("select coalesce(max(number), 0) from _log_writes").fetchall()
    return int(number)


def _written(write: Write, source: Source, entry: _Entry) -> list[object]:
    """Give a row of `_log_writes`, but for its last column."""
    fields = [column.field.name for column in write.changes()]
    said = [source.call, source.request, source.job, write.target.name, write.operation, fields]
    return [entry.number, entry.moment, *said, entry.written, entry.refused, entry.in_file]


def _insert(cursor: duckdb.DuckDBPyConnection, rows: Sequence[list[object]]) -> None:
    marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    values = [value for row in rows for value in row]
    cursor.execute(f"insert into _log_writes values {marks}", values)


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
        # The key that a record was found by is not a change of it, but in other letters.
        if write.external is not None and column.field is write.external:
            says += f" and (g.created or g.{column.old} is distinct from t.{column.typed})"
        selected.append(f"g.{column.old} as o{at}, t.{column.typed} as v{at}, {says} as s{at}")
    return f"select n, g.id, g.created, {', '.join(selected)} from good g join typed t using (n)"
