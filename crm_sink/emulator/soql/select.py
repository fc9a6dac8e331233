"""The field list of a query: its columns, and the SQL that makes each record's JSON text.

DuckDB builds the JSON, so that a page of 2,000 records costs no Python work for each cell.

Not imitated: child results of more than one page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sink.emulator.schema import NUMBER_TYPES
from crm_sink.emulator.soql.names import KIND, NAME
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field, ObjectType

ADDRESS_PARTS = (
    ("city", "City"),
    ("country", "Country"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("postalCode", "PostalCode"),
    ("state", "State"),
    ("street", "Street"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result: the header in CSV, the field it shows, and the SQL of its value.

    `shown` is how an aggregate is called by people: `count(Id)`. `children` are the columns of a
    child sub-query, or of a TYPEOF.
    """

    header: str
    field: Field
    sql: str
    is_aggregate: bool = False
    shown: str = ""
    children: tuple[Column, ...] = ()
    is_type_of: bool = False


@dataclass(slots=True)
class Node:
    """A record in the making: its own values and its parents, in the order of the field list."""

    alias: str
    owner: ObjectType
    values: dict[str, str | Node] = field(default_factory=dict)

    def sql(self, version: str) -> str:
        """Give the SQL of the record's JSON, with `attributes` first."""
        root = f"/services/data/v{version}/sobjects/"
        kind = literal(f"{root}{self.owner.name}/")
        if self.owner.name == NAME:
            kind = f"{literal(root)} || {self.alias}.{name(KIND)} || '/'"
        address = f'{kind} || {self.alias}."Id"'
        attributes = f"json_object('type', {literal(self.owner.name)}, 'url', {address})"
        pairs = [f"'attributes', {attributes}"]
        for key, value in self.values.items():
            text = value if isinstance(value, str) else value.sql_or_null(version)
            pairs.append(f"{literal(key)}, {text}")
        return f"json_object({', '.join(pairs)})"

    def sql_or_null(self, version: str) -> str:
        """Give the SQL of a parent, which is null where the lookup is empty."""
        return f'case when {self.alias}."Id" is null then null else {self.sql(version)} end'


def json_value(owner: ObjectType, shown: Field, alias: str) -> str:
    """Give the SQL of a field's value in JSON."""
    if shown.type == "address":
        return address_json(owner, shown, alias)
    return json_text(value_sql(owner, shown, alias), shown)


def json_text(sql: str, shown: Field) -> str:
    """Give the SQL that writes a value as REST does: dates as text, datetimes with `+0000`."""
    if shown.type == "datetime":
        return f"strftime({sql}, '%Y-%m-%dT%H:%M:%S.%g+0000')"
    if shown.type == "date":
        return f"({sql})::varchar"
    return f"({sql})::json" if shown.type == "anyType" else sql


def csv_text(column: str, shown: Field) -> str:
    """Give the SQL that writes a column as a Bulk 2.0 result does: null as an empty text."""
    if shown.type == "datetime":
        return f"coalesce(strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ'), '')"
    if shown.type in NUMBER_TYPES:
        return f"coalesce({java_double(column)}, '')"
    if shown.type == "anyType":
        return f"coalesce(json_extract_string({column}, '$'), '')"
    return f"coalesce({column}::varchar, '')"


def java_double(column: str) -> str:
    """Give the SQL that writes a number as Java does: `250.0`, but `9.12260031E8` from 10^7 on.

    Bulk results show numbers that way (facts 4.6); digits are never lost. The column is named
    several times: hand in a name, not a long expression.
    """
    # DuckDB writes 912260031.0: its digits, the first of them before the point.
    text = f"abs({column})::varchar"
    digits = f"rtrim(replace({text}, '.', ''), '0')"
    rest = f"coalesce(nullif(substr({digits}, 2), ''), '0')"
    scientific = (
        f"if({column} < 0, '-', '') || {digits}[1] || '.' || {rest} || "
        f"'E' || (strpos({text}, '.') - 2)"
    )
    # From 10^16 on DuckDB writes 1e+16 or 1.5e+16 itself.
    plain = f"{column}::varchar"
    huge = f"replace({plain}, 'e+', if(contains({plain}, '.'), 'E', '.0E'))"
    return (
        f"case when abs({column}) < 1e7 then {plain} "
        f"when abs({column}) < 1e16 then {scientific} else {huge} end"
    )


def address_parts(owner: ObjectType, shown: Field) -> list[tuple[str, Field]]:
    """Give the parts of a compound address: their JSON key and their field."""
    prefix = shown.name.removesuffix("Address")
    found = [(key, owner.find(prefix + part)) for key, part in ADDRESS_PARTS]
    return [(key, part) for key, part in found if part is not None]


def address_json(owner: ObjectType, shown: Field, alias: str) -> str:
    """Give the SQL of a compound address: an object of its parts, or null when all are empty."""
    parts = address_parts(owner, shown)
    pairs = ", ".join(f"{literal(key)}, {alias}.{name(part.name)}" for key, part in parts)
    given = ", ".join(f"{alias}.{name(part.name)}::varchar" for _, part in parts)
    return f"case when coalesce({given}) is null then null else json_object({pairs}) end"
