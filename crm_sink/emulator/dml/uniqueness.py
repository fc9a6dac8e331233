"""Refuses rows that would repeat a value that must be unique: against the table and in the batch.

Rules: facts 3.1, 7.3. The same key twice in one upsert fails every row with that key; of two rows
that would take the same unique value, the first gets it.

Knows nothing of duplicate rules: those are `emulator.duplicates`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql, key_sql
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write


DUPLICATE = "DUPLICATE_VALUE"
SAME_ID = "'duplicate id specified: ' || id"
GONE = "'entity is deleted'"


def twins(cursor: duckdb.DuckDBPyConnection, write: Write) -> list[str]:
    """Give queries of the faults of rows that mean the same record."""
    if write.operation == "insert":
        return []
    if write.external is None or write.external.type == "id":
        return [_same_record_twice(fault_sql(DUPLICATE, SAME_ID))]
    return _same_key_twice(cursor, write) if write.operation == "upsert" else []


def deleted_twice() -> list[str]:
    """Give a query of the faults of rows whose record an earlier row deletes."""
    return [_same_record_twice(fault_sql("ENTITY_IS_DELETED", GONE))]


def check_taken(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    """Add the faults of unique values that another record has; knows all other faults."""
    for column in write.values():
        if column.field.unique and column.field is not write.external:
            _taken(cursor, write, column)


def _same_record_twice(fault: str) -> str:
    """Let the first of several rows for one Id through, and refuse the others."""
    return (
        f"select n, {staging.TWIN}, {fault} "
        "from matched join (select id, min(n) as first from matched "
        "where id is not null group by id having count(*) > 1) using (id) where n > first"
    )


def _same_key_twice(cursor: duckdb.DuckDBPyConnection, write: Write) -> list[str]:
    field = write.external
    column = write.column_of(field) if field is not None else None
    if field is None or column is None:
        return []
    key = key_sql(field, column.typed)
    said = f"'Duplicate external id specified: ' || {column.typed}"
    listed = write.twins
    if listed is None:
        listed = "twin_keys"
        cursor.execute(
            f"create or replace temp table twin_keys as select {key} as k from typed "
            f"where {column.typed} is not null group by all having count(*) > 1"
        )
    return [
        f"select n, {staging.TWIN}, {fault_sql(DUPLICATE, said, field.name)} from typed "
        f"where {key} in (select k from {listed})"
    ]


def _taken(cursor: duckdb.DuckDBPyConnection, write: Write, column: Column) -> None:
    field = column.field
    live = "where not IsDeleted" if write.target.find("IsDeleted") else ""
    said = literal(f"duplicate value found: {field.name} duplicates value on record with id: ")
    key, stored = key_sql(field, column.typed), key_sql(field, name(field.name))
    with hastily(cursor):
        cursor.execute(
            "create or replace temp table wanted as "
            f"select n, m.id, {key} as k from typed join matched m using (n) "
            f"where {column.typed} is not null and n not in (select n from faults)"
        )
    cursor.execute(
        f"insert into faults select w.n, {staging.UNIQUE}, "
        f"{fault_sql(DUPLICATE, f'{said} || o.Id')} from wanted w "
        f"join (select Id, {stored} as k from {staging.name_of(write)} {live}) o on o.k = w.k "
        "where o.Id is distinct from w.id"
    )
    with hastily(cursor):
        cursor.execute(
            f"insert into faults select w.n, {staging.UNIQUE}, "
            f"{fault_sql(DUPLICATE, f'{said} || f.id')} from wanted w "
            "join (select k, min(n) as n, arg_min(id, n) as id from wanted group by k "
            "having count(*) > 1) f on f.k = w.k where w.n > f.n"
        )
