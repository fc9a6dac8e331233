"""Reads single records as JSON: attributes first, then fields in describe's order (facts 2.4).

Knows nothing of requests.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.dml.whereabouts import among
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.rest.rows import no_such_column
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType

CHANGED = "LastModifiedDate"
# The parts of a compound address, by the end of their fields' names.
ADDRESS_PARTS = (
    "city", "country", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "street",
)  # fmt: skip


def fields_of(target: ObjectType, asked: str | None) -> list[Field]:
    """Give the fields that a reader asks for, or all; Id is always among them.

    Raises:
        ApiError: One of them is no field of the object.
    """
    if not asked:
        return list(target.fields.values())
    found = []
    for text in asked.split(","):
        field = target.find(text.strip())
        if field is None:
            raise ApiError(400, "INVALID_FIELD", no_such_column(text.strip(), target))
        if field not in found:
            found.append(field)
    record_id = target.fields["id"]
    return found if record_id in found else [*found, record_id]


def read_records(
    org: Org, target: ObjectType, record_ids: Sequence[str], version: str, fields: list[Field]
) -> dict[str, dict[str, Any]]:
    """Read records by their 18-character ids; deleted and unknown ones are left out."""
    found = read_versions(org, target, record_ids, version, fields)
    return {record: shown for record, (shown, _) in found.items()}


def read_versions(
    org: Org, target: ObjectType, record_ids: Sequence[str], version: str, fields: list[Field]
) -> dict[str, tuple[dict[str, Any], datetime | None]]:
    """Read the same, each with when it was changed last: in UTC, None where nobody tells."""
    # A compound field is put together from others: then all are read.
    is_plain = not any(target.is_compound(field) for field in fields)
    stored = [field.name for field in (fields if is_plain else target.stored())]
    if CHANGED not in stored and target.find(CHANGED):
        stored.append(CHANGED)
    rows = rows_of(org, target, record_ids, stored)
    read = [dict(zip(stored, row, strict=True)) for row in rows]
    return {
        values["Id"]: (shown(target, values, version, fields), values.get(CHANGED))
        for values in read
    }


def rows_of(
    org: Org, target: ObjectType, record_ids: Sequence[str], fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Read stored fields of live records by their 18-character ids, in no order.

    First where the records are remembered to stand, and in the whole table if one is not there.
    """
    wanted = list(dict.fromkeys(record_ids))
    if not wanted:
        return []
    live = "not IsDeleted" if target.find("IsDeleted") else "true"
    is_one = len(wanted) == 1
    query = (
        f"select {', '.join(map(name, fields))} from {name(target.name)} "
        f"where Id {'= ?' if is_one else 'in (select unnest(?))'} and {live} and "
    )
    given = wanted if is_one else [wanted]
    store = org.store
    with store.cursor() as cursor:
        key, near = target.fields["id"], []
        places = None if store.is_joined else store.whereabouts.find(cursor, target, key, wanted)
        if places and is_one and len(fields) == len(target.stored()):
            near = _whole_row(cursor, target, wanted[0], places[0], fields)
        elif places:
            near = cursor.execute(query + among(places), given).fetchall()
        if places and len(near) == len(wanted):
            return near
        rows = cursor.execute(f"{query} true", given).fetchall()
        if places and len(rows) > len(near):
            store.whereabouts.forget(target, key)
        return rows


def _whole_row(
    cursor: duckdb.DuckDBPyConnection,
    target: ObjectType,
    record_id: str,
    place: int,
    fields: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Read all fields of the live record at some place, if it is the one that is meant.

    Without names and conditions, which cost half of the time that it takes to plan the statement.
    """
    table = name(target.name)
    row = cursor.execute(f"select * from {table} where rowid = {place}").fetchone()
    columns = [column[0] for column in cursor.description or ()]
    values = {} if row is None else dict(zip(columns, row, strict=True))
    if values.get("Id") != record_id or values.get("IsDeleted"):
        return []
    return [tuple(values[field] for field in fields)]


def shown(
    target: ObjectType, values: dict[str, Any], version: str, fields: list[Field]
) -> dict[str, Any]:
    """Give one record's JSON."""
    url = f"/services/data/v{version}/sobjects/{target.name}/{values['Id']}"
    record: dict[str, Any] = {"attributes": {"type": target.name, "url": url}}
    for field in fields:
        record[field.name] = (
            _compound(target, field, values)
            if target.is_compound(field)
            else plain(values[field.name], field)
        )
    return record


def plain(value: Any, field: Field) -> Any:
    """Give a stored value as JSON has it."""
    if field.type == "anyType" and value is not None:
        return json.loads(value)
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def _compound(target: ObjectType, field: Field, values: dict[str, Any]) -> Any:
    if field.type != "address":
        parts = (values.get(one) for one in ("FirstName", "LastName"))
        return " ".join(part for part in parts if part) or None
    prefix = field.name.removesuffix("Address")
    found = {part: values.get(prefix + part[0].upper() + part[1:]) for part in ADDRESS_PARTS}
    return found if any(part is not None for part in found.values()) else None
