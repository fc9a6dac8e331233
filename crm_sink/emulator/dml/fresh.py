"""Makes a few records, all of whose values are beyond doubt, by the short way of `few`.

Also here nothing has been written when anything is not plain. A value that no other record may have
is not: whether one has it is looked up the long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.applying import defaults
from crm_sink.emulator.dml.few import is_certain, is_usual, rows_sql, texts_of
from crm_sink.emulator.log import keeping
from crm_sink.emulator.log.keeping import Few
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import moment, name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.few import Cells
    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org


def insert(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, cells: Cells, source: Source
) -> dict[int, str] | None:
    """Make records, if all of them are plain; arguments and answer are those of `few.update`."""
    if write.operation != "insert" or not cells or not is_usual(org, write):
        return None
    if not _is_whole(write, cells) or not is_certain(write, None, cells):
        return None
    first = org.store.reserve(cursor, write.target.name, max(cells) - min(cells) + 1) - min(cells)
    prefix = write.target.key_prefix
    made = {number: ids.record_id(prefix, first + number) for number in cells}
    given = texts_of(write, cells)
    made_ids = list(made.values())
    keeping.keep_few(cursor, org, write, source, Few(list(cells), made_ids, given, []))
    with hastily(cursor):
        cursor.execute(_insert_sql(org, write, rows_sql(write, given, {"id": made_ids})))
    return made


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


def _insert_sql(org: Org, write: Write, source: str) -> str:
    given = {column.field.name: at for at, column in enumerate(write.changes())}
    columns, values = [], []
    for field, start in defaults(org, write, moment(org.stamp())).items():
        at = given.get(field)
        value = start if at is None else f"case when s{at} then v{at} else {start or 'null'} end"
        if value is not None:
            columns.append(name(field))
            values.append(value)
    table = staging.name_of(write)
    return f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {source}"
