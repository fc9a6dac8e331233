"""Which prediction column belongs to which field, as far as names and types tell it. Pure guesses.

A wrong pair is worse than none: where two fields are as likely, there is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_sink.mapping.names import nearest
from crm_sink.schema import NUMBER_TYPES, FieldSchema, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.schema import ObjectSchema


def key_of(schema: ObjectSchema, columns: dict[str, str]) -> tuple[str, FieldSchema | None]:
    """Guess the key: an external id with a column of its name, else the likeliest column.

    Returns:
        The column, and the external id that it holds; None when it holds record ids.
    """
    writable = [field for field in schema.fields.values() if field.external_id]
    for field in writable:
        column = _column_for(field, columns)
        if column is not None:
            return column, field
    for column in columns:
        if _plain(column) in ("id", f"{schema.name.lower()}id", "salesforceid", "sfid", "recordid"):
            return column, writable[0] if writable and _plain(column) == "id" else None
    named = [column for column in columns if _plain(column).endswith("id")]
    return (named or list(columns))[0], writable[0] if writable else None


def pair(
    schema: ObjectSchema, columns: dict[str, str], key: str, key_field: FieldSchema | None
) -> dict[str, FieldSchema]:
    """Give the field of each column that has one: of its name or label, of its words, or near it.

    Args:
        schema: The destination.
        columns: Name and DuckDB type of each prediction column.
        key: The column that holds the key.
        key_field: The field that is matched on, or None for the record's Id.
    """
    pairs: dict[str, FieldSchema] = {}
    taken = {key_field.name if key_field is not None else "Id"}
    # The surest way goes first over all columns, so that no field goes to a lesser claim.
    for find in (_same, _of_its_words, _near):
        for column, kind in columns.items():
            if column == key or column in pairs:
                continue
            free = [field for field in _writable(schema) if field.name not in taken]
            found = find(column, [field for field in free if fits(kind, field)])
            if found is not None:
                pairs[column] = found
                taken.add(found.name)
    return {column: pairs[column] for column in columns if column in pairs}


def _same(column: str, fields: list[FieldSchema]) -> FieldSchema | None:
    named = [(field.name, field) for field in fields] + [(field.label, field) for field in fields]
    own = _plain(column)
    return next((field for name, field in named if own and _plain(name) == own), None)


def _near(column: str, fields: list[FieldSchema]) -> FieldSchema | None:
    fields = [field for field in fields if field not in _sharing(column, fields)]
    labels = {_plain(field.label): field for field in fields if field.label}
    names = {_plain(field.name): field for field in fields}
    near = nearest(_plain(column), [*names, *labels])
    return names.get(near or "") or labels.get(near or "")


def _of_its_words(column: str, fields: list[FieldSchema]) -> FieldSchema | None:
    """Give the one custom field whose name has all the column's words, or no others."""
    sharing = _sharing(column, fields)
    return sharing[0] if len(sharing) == 1 else None


def _sharing(column: str, fields: list[FieldSchema]) -> list[FieldSchema]:
    own = _words(column)
    return [
        field
        for field in fields
        if field.name.endswith("__c") and own and (own <= (has := _words(field.name)) or has <= own)
    ]


def _words(name: str) -> frozenset[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"__c$", "", name))
    return frozenset(re.findall(r"[a-z0-9]+", parted.lower()))


def placeholder(
    schema: ObjectSchema, columns: dict[str, str], key: str, key_field: FieldSchema | None
) -> Iterator[tuple[str, FieldSchema]]:
    """Give one pair that at least fits by type: a mapping has a field or is none."""
    taken = key_field.name if key_field is not None else "Id"
    fields = [field for field in _writable(schema) if field.name != taken]
    fields.sort(key=lambda field: not field.name.endswith("__c"))
    for column in [*(column for column in columns if column != key), key]:
        for field in fields:
            if fits(columns[column], field):
                yield column, field
                return


def _writable(schema: ObjectSchema) -> list[FieldSchema]:
    return [
        field
        for field in schema.fields.values()
        if field.updateable and field.type not in (FieldType.OTHER, FieldType.REFERENCE)
    ]


def _column_for(field: FieldSchema, columns: dict[str, str]) -> str | None:
    return next((column for column in columns if _plain(column) == _plain(field.name)), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"__c$", "", name.lower()))


def fits(kind: str, field: FieldSchema) -> bool:
    """Tell whether values of a DuckDB type can become the field's without a thought."""
    number = kind.split("(")[0].removeprefix("U") in (
        ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"]
    ) and not kind.endswith("]")
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        return number
    takes = {
        FieldType.BOOLEAN: kind == "BOOLEAN",
        FieldType.DATETIME: kind.startswith("TIMESTAMP"),
        FieldType.DATE: kind == "DATE" or kind.startswith("TIMESTAMP"),
        FieldType.TIME: kind == "TIME",
        FieldType.TEXTAREA: kind == "VARCHAR" or is_factors(kind),
    }
    return takes.get(field.type, kind == "VARCHAR")


def is_factors(kind: str) -> bool:
    """Tell whether a DuckDB type may be a list of reasons, as `reasons()` takes it."""
    return kind == "VARCHAR[]" or (kind.endswith("[]") and kind.startswith("STRUCT("))
