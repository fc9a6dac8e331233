"""Writes a few known records, all of whose values are beyond doubt, by a short way.

Judging rows by set costs some fifteen statements, which is little for a million rows and too much
for two hundred. Most small writes change records that are there, and set values that nobody would
object to (`certain`): those are read, logged and updated by five statements. As soon as anything
is not plain, nothing has been written and the long way is taken (`writing.write_staged`), which
alone refuses and says why.

"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from crm_sink.emulator import ids
from crm_sink.emulator.access import grants
from crm_sink.emulator.describe.objects import READ_ONLY
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.applying import ASSIGNED, modified
from crm_sink.emulator.dml.certain import cast_sql, certain
from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.dml.whereabouts import among, compared
from crm_sink.emulator.duplicates import check as duplicates
from crm_sink.emulator.log.keeping import Few
from crm_sink.emulator.sql import json_literal, name, varying

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

    Cells: TypeAlias = Mapping[int, Mapping[int, str]]
    Columns: TypeAlias = list[list[str | None]]

# What stands where in a row that was read.
ID, KEY, OPEN, OLD = 1, 2, 3, 4


def plan(
    reader: duckdb.DuckDBPyConnection, org: Org, write: Write, cells: Cells
) -> tuple[Few, list[int]] | None:
    """Find the records of an update or upsert, if all rows are plain.

    Args:
        reader: A handle that sees what is committed, under the write lock.
        org: The org.
        write: What the rows mean; it is usual.
        cells: The staged texts of JSON by row and column.

    Returns:
        The rows, and where their records stand; None when anything is not plain.
    """
    key = _key(write)
    if key is None or not is_certain(write, key, cells):
        return None
    keys = _keys(write, key, cells)
    places = _places(reader, org, write, key.field, keys) if keys else None
    if not keys or places is None:
        return None
    given = texts_of(write, cells)
    standing = _read(reader, write, key.field, places, given)
    for wanted, place in zip(keys, places, strict=True):
        if not _stands(standing.get(place), wanted):
            org.store.whereabouts.forget(write.target, key.field)
            return None
    stood = [standing[place] for place in places]
    old = [[row[OLD + at] for row in stood] for at in range(len(given))]
    return Few(list(cells), [row[ID] for row in stood], given, old), places


def _places(
    reader: duckdb.DuckDBPyConnection, org: Org, write: Write, key: Field, keys: list[str]
) -> list[int] | None:
    """Find where records stand; those that are about to be made or changed are waited for."""
    found = org.store.whereabouts.find(reader, write.target, key, keys)
    if found is None and not org.waiting.is_empty:
        org.waiting.settle()
        found = org.store.whereabouts.find(reader, write.target, key, keys)
    if found is not None and org.waiting.touches(write.target.name, found):
        org.waiting.settle()
    return found


def _key(write: Write) -> Column | None:
    """Give the column that names the records: their Id, or an external id that is unique."""
    if write.operation not in ("update", "upsert"):
        return None
    field = write.external or write.target.fields["id"]
    named = [column for column in write.columns if column.field.type == "id"]
    if field.type == "id":
        return named[0] if named else None
    return None if named or not (field.unique and field.is_text) else write.column_of(field)


def is_usual(org: Org, write: Write) -> bool:
    """Say whether nothing but values can stand against the write, and nothing follows from it.

    Nothing that is found out here changes while the write lock is held.
    """
    target = write.target.name
    if org.settings.batch_seconds or not org.locks.is_empty:
        return False
    if org.faults.for_rows(target, write.operation, "rest") or target in grants.OBJECTS:
        return False
    if target in READ_ONLY or (write.assign and target.lower() in ASSIGNED):
        return False
    follows = target == "Opportunity" and write.column_of(write.target.fields["stagename"])
    return not follows and duplicates.rule_of(org, target) is None


def is_certain(write: Write, key: Column | None, cells: Cells) -> bool:
    """Say whether every value is beyond doubt, and every field one that may be changed."""
    for column in write.columns:
        if column is key and column.field.type == "id":
            continue
        field = column.field
        is_open = field.updateable and (column is key or not field.unique)
        sure = certain(field) if is_open and column.lookup is None else None
        if sure is None:
            return False
        given = {row[column.place] for row in cells.values() if column.place in row}
        may_clear = field.nillable and column is not key
        if not all(sure(text) and (may_clear or text != JSON.clear) for text in given):
            return False
    return True


def _keys(write: Write, key: Column, cells: Cells) -> list[str] | None:
    """Give the key of each row as it is compared; None when one is not plain, or comes twice."""
    texts = [row.get(key.place, "") for row in cells.values()]
    if key.field.type == "id":
        texts = [ids.with_checksum(text) if len(text) == 15 else text for text in texts]
    elif not key.field.case_sensitive:
        texts = [text.lower() for text in texts]
    is_plain = len(set(texts)) == len(texts) and "" not in texts and "".join(texts).isascii()
    return texts if is_plain else None


def _read(
    cursor: duckdb.DuckDBPyConnection,
    write: Write,
    key: Field,
    places: list[int],
    given: list[list[str | None]],
) -> dict[int, tuple[Any, ...]]:
    """Read what stands: by row number the row, its id, key, whether it may be written, values."""
    target = write.target
    free = [
        f"not coalesce({one}, false)" for one in ("IsDeleted", "IsConverted") if target.find(one)
    ]
    always = {
        column.field.name
        for column, texts in zip(write.changes(), given, strict=True)
        if None not in texts
    }
    # A record that lacks a required value, and is not given one, is judged the long way.
    required = [field for field in write.required() if field.name not in always]
    selected = [
        "rowid",
        "Id",
        compared(key, name(key.name)),
        " and ".join([*free, *(f"{name(field.name)} is not null" for field in required)]) or "true",
        *(f"{name(column.field.name)}::varchar" for column in write.changes()),
    ]
    rows = cursor.execute(
        f"select {', '.join(selected)} from {staging.name_of(write)} where {among(places)}"
    ).fetchall()
    return {row[0]: row for row in rows}


def texts_of(write: Write, cells: Cells) -> Columns:
    """Give the staged texts of each changed field, in the order of the rows; null where none is."""
    rows = cells.values()
    return [[row.get(column.place) for row in rows] for column in write.changes()]


def _stands(row: tuple[Any, ...] | None, key: str) -> bool:
    """Say whether a row is the record that is meant, and may be written."""
    return row is not None and row[KEY] == key and bool(row[OPEN])


def rows_sql(write: Write, given: Columns, others: Mapping[str, list[Any]]) -> str:
    """Give the SQL table of the staged texts of each changed field, and of other columns.

    Returns:
        The other columns, as they are named, and for each changed field s (was it given) and v (its
        new value).
    """
    told = {**others, **{f"r{at}": texts for at, texts in enumerate(given)}}
    kinds = {column: ["BIGINT" if column in ("n", "place") else "VARCHAR"] for column in told}
    selected = list(others)
    for at, column in enumerate(write.changes()):
        raw = f"r{at}"
        selected += [f"{raw} is not null as s{at}", f"{cast_sql(column.field, raw)} as v{at}"]
    unpacked = ", ".join(f"unnest(told.{column}) as {column}" for column in told)
    # As a row of values it is read when the statement is worked. As a constant DuckDB would unfold
    # it value by value when it plans.
    body = f"(values ({varying(json_literal(told), 'varchar')})) given(body)"
    return (
        f"(select {', '.join(selected)} from (select {unpacked} from "
        f"(select from_json(body, {json_literal(kinds)}) as told from {body})))"
    )


def update(
    cursor: duckdb.DuckDBPyConnection,
    org: Org,
    write: Write,
    rows: tuple[list[str], list[int] | None, Columns],
    moment: str,
) -> int:
    """Update records by the staged texts of each changed field.

    Args:
        cursor: A handle in the transaction.
        org: Whose user writes.
        write: What the rows mean.
        rows: The ids, where the records stand (None when nobody knows), and the texts.
        moment: SQL of the time that the write is stamped with.

    Returns:
        How many records were changed: those whose id stands at its place.
    """
    ids_of, places, given = rows
    changes = []
    for at, column in enumerate(write.changes()):
        to = f"few.v{at}"
        if None in given[at]:
            to = f"case when few.s{at} then {to} else o.{name(column.field.name)} end"
        changes.append(f"{name(column.field.name)} = {to}")
    changes += modified(org, write, moment)
    others: dict[str, list[Any]] = {"id": ids_of}
    where = "o.Id = few.id"
    if places is not None:
        others["place"] = places
        where += " and o.rowid = few.place"
    row = cursor.execute(
        f"update {staging.name_of(write)} as o set {', '.join(changes)} "
        f"from {rows_sql(write, given, others)} few where {where}"
    ).fetchone()
    return row[0] if row else 0
