"""The kinds of DuckDB types, as far as turning them into a CRM's types asks for.

A type is known by the text that DuckDB's `describe` gives. What becomes of a kind is `coerce`.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a column or an expression holds. The value is how people call it."""

    NULL = "nothing but null"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    DECIMAL = "a decimal number"
    FLOAT = "a floating-point number"
    TEXT = "text"
    DATE = "a date"
    NAIVE = "a timestamp without time zone"
    ZONED = "a timestamp with time zone"
    TIME = "a time of day"
    TEXT_LIST = "a list of texts"
    LIST = "a list"
    STRUCT = "a struct"
    MAP = "a map"
    BYTES = "bytes"
    OTHER = "a value that no field can hold"


_PLAIN = {
    '"NULL"': Kind.NULL,
    "NULL": Kind.NULL,
    "BOOLEAN": Kind.BOOLEAN,
    "FLOAT": Kind.FLOAT,
    "DOUBLE": Kind.FLOAT,
    "VARCHAR": Kind.TEXT,
    "UUID": Kind.TEXT,
    "JSON": Kind.TEXT,
    "DATE": Kind.DATE,
    "TIME": Kind.TIME,
    "TIME_NS": Kind.TIME,
    "BLOB": Kind.BYTES,
    "VARCHAR[]": Kind.TEXT_LIST,
}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT})


def kind_of(duckdb_type: str) -> Kind:
    """Give the kind of a DuckDB type, such as `DECIMAL(5,2)` or `STRUCT(a INTEGER)[]`."""
    text = duckdb_type.strip()
    plain = _PLAIN.get(text)
    if plain is not None:
        return plain
    if text.removeprefix("U") in _INTEGERS:
        return Kind.INTEGER
    if text.endswith("]"):
        return Kind.TEXT_LIST if text.startswith(("VARCHAR[", "ENUM(")) else Kind.LIST
    starts = {
        "DECIMAL": Kind.DECIMAL,
        "ENUM(": Kind.TEXT,
        "STRUCT(": Kind.STRUCT,
        "MAP(": Kind.MAP,
    }
    for start, kind in starts.items():
        if text.startswith(start):
            return kind
    if text.startswith("TIMESTAMP"):
        return Kind.ZONED if "TIME ZONE" in text or "TZ" in text else Kind.NAIVE
    return Kind.OTHER
