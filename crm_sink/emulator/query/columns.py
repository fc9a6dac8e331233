"""What `query?columns=true` tells of a query's columns; the `sf` CLI builds its tables from it.

The shape is what the CLI's data plugin reads: parents and children as `joinColumns`.

Not imitated: translated display names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.schema import NUMBER_TYPES

if TYPE_CHECKING:
    from crm_sink.emulator.soql.select import Column
    from crm_sink.emulator.soql.translate import Translation

APEX_TYPES = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Decimal",
    "percent": "Decimal",
    "date": "Date",
    "datetime": "Datetime",
    "address": "Address",
}


def column_metadata(found: Translation) -> dict[str, object]:
    """Give the body of `columns=true`."""
    columns = found.columns
    return {
        "columnMetadata": _nested([(column.header.split("."), column) for column in columns]),
        "entityName": found.target.name,
        "groupBy": found.kind == "aggregate",
        "idSelected": any(column.header == "Id" for column in columns),
        "keyPrefix": found.target.key_prefix,
    }


def _nested(columns: list[tuple[list[str], Column]]) -> list[dict[str, object]]:
    """Put columns that share a parent under it, in the order of the first of them."""
    made: dict[str, list[tuple[list[str], Column]]] = {}
    for path, column in columns:
        made.setdefault(path[0], []).append((path[1:], column))
    return [_one(name, group) for name, group in made.items()]


def _one(name: str, group: list[tuple[list[str], Column]]) -> dict[str, object]:
    path, column = group[0]
    if path:
        return _entry(name, None, joined=_nested(group))
    if column.children:
        joined = _nested([(child.header.split("."), child) for child in column.children])
        return {**_entry(name, None, joined=joined), "aggregate": not column.is_type_of}
    return _entry(name, column, joined=[])


def _entry(
    name: str, column: Column | None, *, joined: list[dict[str, object]]
) -> dict[str, object]:
    field = column.field if column else None
    apex = APEX_TYPES.get(field.type, "String") if field else "Object"
    return {
        "aggregate": column.is_aggregate if column else False,
        "apexType": apex,
        "booleanType": apex == "Boolean",
        "columnName": name,
        "custom": field.custom if field else False,
        "displayName": (column.shown if column else "") or name,
        "foreignKeyName": None,
        "insertable": field.createable if field else False,
        "joinColumns": joined,
        "numberType": field is not None and field.type in (*NUMBER_TYPES, "int"),
        "textType": apex == "String",
        "updatable": field.updateable if field else False,
    }
