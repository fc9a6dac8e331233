"""Writes a few known records, all of whose values are beyond doubt, by a short way.

Judging rows by set costs some fifteen statements, which is little for a million rows and too much
for two hundred. Most small writes change records that are there, and set values that nobody would
object to (`certain`): those are read, logged and updated by five statements. As soon as anything
is not plain, nothing has been written and the long way is taken (`writing.write_staged`), which
alone refuses and says why.

Makes the temp table `few` (n, place, id, created, and for each changed field s (was it given), v
(its new value) and o (its old one, as text)).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from crm_sink.emulator import ids
from crm_sink.emulator.access import grants
from crm_sink.emulator.describe.objects import READ_ONLY
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.applying import ASSIGNED, modified, moment_of
from crm_sink.emulator.dml.certain import cast_sql, certain
from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.dml.whereabouts import among, compared
from crm_sink.emulator.duplicates import check as duplicates
from crm_sink.emulator.history import keeping as history
from crm_sink.emulator.log import keeping
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal, name, varying

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

    Cells: TypeAlias = Mapping[int, Mapping[int, str]]


def update(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, cells: Cells, source: Source
) -> dict[int, str] | None:
    """Write rows, if all of them are plain.

    Args:
        cursor: A handle inside `Store.writing()`.
        org: The org.
        write: What the rows mean.
        cells: The staged texts of JSON by row and column.
        source: Who writes, for the log.

    Returns:
        The id of each row's record; None when nothing was written.
    """
    key = _key(write)
    if key is None or not is_usual(org, write) or not is_certain(write, key, cells):
        return None
    keys = _keys(write, key, cells)
    if not keys:
        return None
    places = org.store.whereabouts.find(cursor, write.target, key.field, keys)
    if places is None:
        return None
    standing = _read(cursor, write, key.field, places)
    for wanted, place, number in zip(keys, places, cells, strict=True):
        if not _stands(standing.get(place), wanted, write, cells[number]):
            org.store.whereabouts.forget(write.target, key.field)
            return None
    columns = write.changes()
    rows = [
        [number, row[0], row[1], *(cells[number].get(one.place) for one in columns), *row[5:]]
        for number, row in zip(cells, (standing[place] for place in places), strict=True)
    ]
    with hastily(cursor):
        fill(cursor, write, rows, created=False)
    keeping.keep_few(cursor, org, write, source, len(cells))
    moment = moment_of(org)
    history.keep_few(cursor, org, write, moment)
    _update(cursor, org, write, cells, moment)
    return {number: standing[place][1] for number, place in zip(cells, places, strict=True)}


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
    """Say whether nothing but values can stand against the write, and nothing follows from it."""
    target = write.target.name
    if org.store.is_joined or org.settings.batch_seconds or not org.locks.is_empty:
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
        may_clear = not staging.is_required(field) and column is not key
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
    cursor: duckdb.DuckDBPyConnection, write: Write, key: Field, places: list[int]
) -> dict[int, tuple[Any, ...]]:
    """Read what stands: by row number the row, its id, key, whether it may be written, values."""
    known = write.target.find
    free = [f"not coalesce(o.{one}, false)" for one in ("IsDeleted", "IsConverted") if known(one)]
    required = [field for field in write.target.stored() if staging.is_required(field)]
    selected = [
        "o.rowid",
        "o.Id",
        compared(key, f"o.{name(key.name)}"),
        " and ".join(free) or "true",
        f"[{', '.join(f'o.{name(field.name)} is not null' for field in required)}]::boolean[]",
        *(f"o.{name(column.field.name)}::varchar" for column in write.changes()),
    ]
    rows = cursor.execute(
        f"select {', '.join(selected)} from {staging.name_of(write)} o where {among(places)}"
    ).fetchall()
    return {row[0]: row for row in rows}


def _stands(row: tuple[Any, ...] | None, key: str, write: Write, cells: Mapping[int, str]) -> bool:
    """Say whether a row is the record that is meant, and can be written as it would then be."""
    if row is None or row[2] != key or not row[3]:
        return False
    if all(row[4]):
        return True
    required = [field for field in write.target.stored() if staging.is_required(field)]
    given = {column.field.name for column in write.columns if column.place in cells}
    return all(
        is_filled or field.name in given for field, is_filled in zip(required, row[4], strict=True)
    )


def fill(
    cursor: duckdb.DuckDBPyConnection, write: Write, rows: list[list[Any]], *, created: bool
) -> None:
    """Make `few` of rows: number, place, id, the texts of all changed fields, their old texts."""
    columns = write.changes()
    selected = [
        "r[1]::bigint as n", "r[2]::bigint as place", "r[3] as id", f"{created} as created"
    ]  # fmt: skip
    for at, column in enumerate(columns):
        raw, old = f"r[{4 + at}]", f"r[{4 + at + len(columns)}]"
        # The key that a record was found by is not a change of it.
        given = "false" if column.field is write.external else f"{raw} is not null"
        selected.append(f"{given} as s{at}, {cast_sql(column.field, raw)} as v{at}, {old} as o{at}")
    # JSON may write a slash as it likes: so nothing in it looks like an SQL comment.
    body = varying(literal(json.dumps(rows).replace("/", "\\/")), "varchar")
    cursor.execute(
        f"create or replace temp table few as select {', '.join(selected)} "
        f"from (select unnest(from_json({body}, '[[\"VARCHAR\"]]')) as r)"
    )


def _update(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, cells: Cells, moment: str
) -> None:
    changes = []
    for at, column in enumerate(write.changes()):
        to = f"few.v{at}"
        if not all(column.place in row for row in cells.values()):
            to = f"case when few.s{at} then {to} else o.{name(column.field.name)} end"
        changes.append(f"{name(column.field.name)} = {to}")
    changes += modified(org, write, moment)
    cursor.execute(
        f"update {staging.name_of(write)} as o set {', '.join(changes)} from few "
        "where o.rowid = few.place"
    )
