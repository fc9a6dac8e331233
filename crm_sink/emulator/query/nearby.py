"""Runs a query that names its records by their keys over those records alone, if they are found.

Where records stand is a guess (`dml.whereabouts`). It is right when each key, which no two live
records have, is that of a record there; else the whole table is read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.dml.whereabouts import among, compared
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.keys import Keys
    from crm_sink.emulator.soql.translate import Translation


def records(org: Org, found: Translation, at_most: int) -> list[str]:
    """Give the JSON texts of a query's first records, in its order."""
    with org.store.cursor() as cursor:
        keys, near = found.keys, None
        if keys is not None and keys.texts and not org.store.is_joined:
            near = org.store.whereabouts.find(cursor, found.target, keys.field, keys.texts)
        if keys is None or near is None:
            return _run(cursor, found, at_most)
        listed, is_whole = _nearby(cursor, found, keys, among(near))
        if not is_whole:
            whole = _run(cursor, replace(found, limit=None, offset=0))
            if len(whole) > len(listed):
                org.store.whereabouts.forget(found.target, keys.field)
            listed = whole
        end = found.offset + min(at_most, at_most if found.limit is None else found.limit)
        return listed[found.offset : end]


def _nearby(
    cursor: duckdb.DuckDBPyConnection, found: Translation, keys: Keys, where: str
) -> tuple[list[str], bool]:
    """Give all records that stand at some places, and say whether there can be no others."""
    # Without a limit: there are few, and DuckDB 2.0 breaks down over a limit and row numbers.
    bare = replace(found.among(where), limit=None, offset=0)
    cursor.execute("begin transaction")  # both statements see the same
    try:
        listed = _run(cursor, bare)
        return listed, len(listed) == len(keys.texts) or _are_there(cursor, found, keys, where)
    finally:
        cursor.execute("rollback")


def _are_there(
    cursor: duckdb.DuckDBPyConnection, found: Translation, keys: Keys, where: str
) -> bool:
    """Say whether each key is that of a record at one of these places; of an id a deleted one."""
    is_open = keys.field.type == "id" or found.target.find("IsDeleted") is None
    row = cursor.execute(
        f"select count(*) from {name(found.target.name)} "
        f"where {where} and {'true' if is_open else 'not IsDeleted'} "
        f"and {compared(keys.field, name(keys.field.name))} in (select unnest($1::varchar[]))",
        [list(keys.texts)],
    ).fetchone()
    return row is not None and row[0] == len(keys.texts)


def _run(
    cursor: duckdb.DuckDBPyConnection, found: Translation, at_most: int | None = None
) -> list[str]:
    text = found.select(f"{found.record}::varchar", at_most)
    return [record for (record,) in cursor.execute(text, found.parameters).fetchall()]
