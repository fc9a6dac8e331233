"""Makes a few records, all of whose values are beyond doubt, by the short way of `few`.

Also here nothing has been written when anything is not plain. A value that no other record may have
is not: whether one has it is looked up the long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.applying import defaults
from crm_sink.emulator.dml.few import is_certain, rows_sql, texts_of
from crm_sink.emulator.log.keeping import Few
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.few import Cells, Columns
    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.org import Org


def plan(
    reader: duckdb.DuckDBPyConnection, org: Org, write: Write, cells: Cells
) -> tuple[Few, list[int]] | None:
    """Give new records their ids, if all of them are plain; see `few.plan`. They have no places."""
    if not _is_whole(write, cells) or not is_certain(write, None, cells):
        return None
    span = max(cells) - min(cells) + 1
    first = org.store.reserve_now(write.target.name, span) - min(cells)
    prefix = write.target.key_prefix
    made = [ids.record_id(prefix, first + number) for number in cells]
    return Few(list(cells), made, texts_of(write, cells), []), []


def insert(
    cursor: duckdb.DuckDBPyConnection,
    org: Org,
    write: Write,
    rows: tuple[list[str], Columns],
    moment: str,
) -> None:
    """Make records of ids and the staged texts of each field.

    Args:
        cursor: A handle in the transaction.
        org: Whose user writes.
        write: What the rows mean.
        rows: The ids, and the texts.
        moment: SQL of the time that the write is stamped with.
    """
    made, given = rows
    with hastily(cursor):
        cursor.execute(_insert_sql(org, write, rows_sql(write, given, {"id": made}), moment))


def _is_whole(write: Write, cells: Cells) -> bool:
    """Say whether every field may be set on create, and each required one is in every row.

    A record of which a history is kept begins one: that is the long way.
    """
    if any(field.tracked for field in write.target.stored()):
        return False
    if not all(column.field.createable and not column.field.unique for column in write.columns):
        return False
    places = {column.field.name: column.place for column in write.columns}
    needed = [places.get(field.name, -1) for field in write.required()]
    return all(place in row for row in cells.values() for place in needed)


def _insert_sql(org: Org, write: Write, source: str, moment: str) -> str:
    given = {column.field.name: at for at, column in enumerate(write.changes())}
    columns, values = [], []
    for field, start in defaults(org, write, moment).items():
        at = given.get(field)
        value = start if at is None else f"case when s{at} then v{at} else {start or 'null'} end"
        if value is not None:
            columns.append(name(field))
            values.append(value)
    table = staging.name_of(write)
    return f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {source}"
