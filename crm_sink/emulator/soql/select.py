"""The field list of a query: its columns, and the SQL that makes each record's JSON text.

DuckDB builds the JSON, so that a page of 2,000 records costs no Python work for each cell.

Not imitated: TYPEOF; child results of more than one page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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

    `shown` is how an aggregate is called by people: `count(Id)`.
    """

    header: str
    field: Field
    sql: str
    is_aggregate: bool = False
    shown: str = ""
    children: tuple[Column, ...] = ()


@dataclass(slots=True)
class Node:
    """A record in the making: its own values and its parents, in the order of the field list."""

    alias: str
    owner: ObjectType
    values: dict[str, str | Node] = field(default_factory=dict)

    def sql(self, version: str) -> str:
        """Give the SQL of the record's JSON, with `attributes` first."""
        path = f"/services/data/v{version}/sobjects/{self.owner.name}/"
        address = f'{literal(path)} || {self.alias}."Id"'
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
    return sql


def csv_text(sql: str, shown: Field) -> str:
    """Give the SQL that writes a value as a Bulk 2.0 result does: null as an empty text."""
    if shown.type == "datetime":
        return f"coalesce(strftime({sql}, '%Y-%m-%dT%H:%M:%S.%gZ'), '')"
    if shown.type in ("double", "currency", "percent"):
        return f"coalesce({java_double(sql)}, '')"
    return f"coalesce(({sql})::varchar, '')"


def java_double(sql: str) -> str:
    """Give the SQL that writes a number as Java does: `250.0`, but `9.12260031E8` from 10^7 on.

    Bulk results show numbers that way (facts 4.6); digits are never lost.
    """
    digits = f"({sql})::varchar"
    whole = f"split_part(ltrim({digits}, '-'), '.', 1)"
    part = f"nullif(rtrim(substr({whole}, 2) || split_part({digits}, '.', 2), '0'), '')"
    sign = f"case when {sql} < 0 then '-' else '' end"
    scientific = (
        f"{sign} || substr({whole}, 1, 1) || '.' || coalesce({part}, '0') || "
        f"'E' || (length({whole}) - 1)"
    )
    plain = f"abs({sql}) < 1e7 or abs({sql}) >= 1e16"
    return f"case when {sql} is null then null when {plain} then {digits} else {scientific} end"


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
