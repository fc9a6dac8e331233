"""Arrow types for the values that database drivers hand out, column by column, batch by batch.

Drivers tell types badly or not at all, so the values decide: each batch may widen what is known
(null to anything, int to double or decimal), and anything else is an error.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

MAX_DIGITS = 38  # of a decimal, in Arrow and in DuckDB
INT_DIGITS = 19  # of a 64-bit integer


class MixedTypes(Exception):
    """A column holds values that do not go together; the text names their types, no value."""


def plain(values: Sequence[object]) -> Sequence[Any]:
    """Give a column's values as Arrow takes them: UUIDs as text, JSON objects as JSON text."""
    if not set(map(type, values)) & {UUID, dict, list, memoryview, bytearray}:
        return values
    return [_plain_value(value) for value in values]


def widened(known: pa.DataType, values: Sequence[Any]) -> pa.DataType:
    """Give the type that holds both what was known of a column and a batch of its plain values.

    Raises:
        MixedTypes: There is none.
    """
    for kind in sorted(set(map(type, values)) - {type(None)}, key=lambda one: one.__name__):
        for found in _arrow_types(kind, values):
            known = _wider(known, found)
    return known


def array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Give a column's plain values as an Arrow array of the type that `widened` gave.

    Raises:
        MixedTypes: A whole number has more than 64 bits, or more digits than a double keeps.
    """
    import pyarrow as pa

    if pa.types.is_floating(kind):
        if any(type(value) is int and int(float(value)) != value for value in values):
            raise MixedTypes("whole numbers of more than 15 digits beside fractions")
        values = [None if value is None else float(value) for value in values]
    try:
        return pa.array(values, kind)
    except (OverflowError, pa.ArrowInvalid):
        raise MixedTypes(f"a value that is no {kind}") from None


def _plain_value(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    ):
        return json.dumps(value, default=str)
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def _arrow_types(kind: type, values: Sequence[Any]) -> list[pa.DataType]:
    """Give the Arrow types of those values that have a Python type."""
    import pyarrow as pa

    if kind is datetime:
        zones = {value.tzinfo is not None for value in values if type(value) is datetime}
        return [pa.timestamp("us", "UTC" if zone else None) for zone in sorted(zones)]
    if kind is time and any(value.tzinfo for value in values if type(value) is time):
        raise MixedTypes("times of day with a zone")  # Arrow has no place for it
    if kind is Decimal:
        return [_decimal([value for value in values if type(value) is Decimal])]
    if kind is list:
        return [pa.array([value for value in values if type(value) is list]).type]
    types: dict[type, pa.DataType] = {
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        str: pa.string(),
        bytes: pa.binary(),
        date: pa.date32(),
        time: pa.time64("us"),
    }
    if kind not in types:
        raise MixedTypes(kind.__name__)
    return [types[kind]]


def _decimal(values: Sequence[Decimal]) -> pa.DataType:
    """Give the decimal that holds all the values, or double when none does."""
    import pyarrow as pa

    if not all(value.is_finite() for value in values):
        return pa.float64()
    scale = max(max(-int(value.as_tuple().exponent), 0) for value in values)
    return _decimal_of(max(max(value.adjusted() + 1, 0) for value in values), scale)


def _decimal_of(digits: int, scale: int) -> pa.DataType:
    """Give the decimal with so many digits before and behind the point; double if too many."""
    import pyarrow as pa

    if digits + scale > MAX_DIGITS:
        return pa.float64()
    return pa.decimal128(max(digits + scale, 1), scale)


def _wider(known: pa.DataType, found: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if known == found or pa.types.is_null(found):
        return known
    if pa.types.is_null(known):
        return found
    if pa.types.is_list(known) and pa.types.is_list(found):  # an empty one tells no type
        return pa.list_(_wider(known.value_type, found.value_type))
    numbers = [kind for kind in (known, found) if _is_number(kind)]
    if len(numbers) < 2:
        raise MixedTypes(f"{known} and {found}")
    if any(pa.types.is_floating(kind) for kind in numbers):
        return pa.float64()
    sizes = [
        (kind.precision - kind.scale, kind.scale) if pa.types.is_decimal(kind) else (INT_DIGITS, 0)
        for kind in numbers
    ]
    return _decimal_of(max(digits for digits, _ in sizes), max(scale for _, scale in sizes))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
