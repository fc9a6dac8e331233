"""What a history row says of a field: its name, the kind of its values, and the values as JSON.

The kinds are those that the object reference lists for `DataType`; which of them a field type has
is from history rows that people quote.

Not imitated: values in the words of the reader's language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.soql.select import json_text

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field

TEXT, RECORD = "Text", "EntityId"
DATA_TYPES = {
    "string": TEXT,
    "textarea": "MultiLineText",
    "email": "Email",
    "phone": "Phone",
    "url": "Url",
    "picklist": "DynamicEnum",
    "multipicklist": "MultiEnum",
    "reference": RECORD,
    "double": "Double",
    "int": "Double",
    "currency": "Currency",
    "percent": "Percent",
    "boolean": "Boolean",
    "date": "DateOnly",
    "datetime": "DateTime",
}
LONG = {"richtextarea": "HtmlStringPlusClob"}


def data_type(field: Field) -> str:
    """Give the word for the kind of a field's values."""
    if field.is_long_text:
        return LONG.get(field.extra_type_info or "", "StringPlusClob")
    return DATA_TYPES[field.type]


def said_of(field: Field) -> str:
    """Give what a row calls the field: a standard lookup by its relationship, as `Owner`."""
    if field.type == "reference" and not field.custom and field.relationship:
        return field.relationship
    return field.name


def has_values(field: Field) -> bool:
    """Say whether rows hold the values; of long texts they say only that they changed.

    "Changes to long text area fields and multi-select picklist fields are tracked as edited; their
    old and new field values are not recorded" (Field History Tracking).
    """
    return not field.is_long_text and field.type != "multipicklist"


def value_sql(field: Field, sql: str) -> str:
    """Give the SQL of a value as JSON text; null for no value."""
    return f"case when {sql} is not null then to_json({json_text(sql, field)})::varchar end"
