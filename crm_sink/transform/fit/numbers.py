"""Values made numbers: rounded to the field's scale, refused where they do not fit.

Salesforce stores more decimals than the field's scale, and only the page rounds them: a value that
was not rounded here would differ from what is read back, for ever. Digits before the point beyond
precision minus scale are refused (NUMBER_OUTSIDE_VALID_RANGE). An int field refuses `250.0`.
Percent fields hold 10 for 10 %; a share from 0 to 1 is not guessed to be one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.schema import NUMBER_TYPES, FieldType
from crm_sink.transform.fit.coercion import NOT_FINITE, Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.kinds import Kind

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema

# Sign, digits, point, exponent. DuckDB's own cast also takes `1_000`, `inf` and `nan`.
NUMBER_TEXT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
LARGEST_INT = 2_147_483_647  # xsd:int
# From here on a double (which is what Salesforce keeps) does not hold every decimal of 16 digits.
INEXACT_FROM = 10**15
NOISE = 1e-9  # 0.1 + 0.2 is meant as 0.3
KEY_ROUNDED = Words(
    "the key has more digits behind the point than its field: rounded it were another's",
    "Look where the key comes from; round(x) where its digits mean nothing.",
)


def number(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a number field. Halves are rounded away from zero."""
    if kind is Kind.BOOLEAN:
        return Mismatch(
            "is a number, but the expression gives true or false",
            "Say which numbers they are: case when x then 1 else 0 end.",
        )
    if kind not in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.TEXT, Kind.NULL):
        return Mismatch(f"is a number, but the expression gives {kind}", "")
    scale = 0 if field.type is FieldType.INT else field.scale
    limit = _limit(field, scale)
    c = slot.c
    tests = [f"when {slot.v} is null then null"]
    if kind is Kind.FLOAT:
        tests.append(f"when not isfinite({slot.v}) then 'NOT_FINITE'")
    exact = _exact(kind, slot.v, scale)
    if kind is Kind.TEXT:
        tests.append(f"when trim({slot.v}) = '' then null")
        tests.append(f"when {c} is null and not {_is_number(slot.v)} then 'NOT_A_NUMBER'")
    large = "'NUMBER_TOO_LARGE'"
    if exact is not None:
        # Of 18 digits the nearest double may have 19: what is wrong is told by the digits.
        fits = f"abs(try_cast({exact} as decimal(38, {scale}))) < {limit}"
        large = f"case when {fits} then 'NUMBER_TOO_LONG' else {large} end"
    tests.append(f"when {c} is null or abs(cast({c} as double)) >= {limit} then {large}")
    if exact is not None and field.type is not FieldType.INT:
        many = f"abs({c}) >= {INEXACT_FROM / 10**scale!r}"
        held = f"try_cast(cast({c} as varchar) as decimal(38, {scale}))"
        tests.append(f"when {many} and {held} is distinct from {exact} then 'NUMBER_TOO_LONG'")
    value = _value(kind, slot.v, scale)
    if field.type is FieldType.INT:  # which refuses `250.0`
        value = f"try_cast({value} as integer)"
    return Coercion(
        value=value,
        code=f"case {' '.join(tests)} end",
        words=_words(field, scale),
    )


def as_key(field: FieldSchema, coercion: Coercion, slot: Slot) -> Coercion:
    """Refuse a key that would be rounded: it would be that of another record."""
    if field.type not in NUMBER_TYPES and field.type is not FieldType.INT:
        return coercion
    rounded = coercion.value
    apart = f"abs(try_cast({slot.v} as double) - {rounded})"
    is_other = f"coalesce({apart} > {NOISE!r} * greatest(1, abs({rounded})), false)"
    return replace(
        coercion,
        value=f"case when not {is_other} then {rounded} end",
        code=f"case when {is_other} then 'KEY_ROUNDED' else {coercion.code} end",
        words={**coercion.words, "KEY_ROUNDED": KEY_ROUNDED},
    )


def _value(kind: Kind, v: str, scale: int) -> str:
    """Give the rounded number as DOUBLE.

    A decimal is rounded as a decimal, before it becomes a double: 1.005 is 1.01 to two digits.
    """
    if kind is Kind.FLOAT:
        return f"case when isfinite({v}) then round(cast({v} as double), {scale}) end"
    exact = _exact(kind, v, scale)
    if kind is Kind.TEXT:
        rounded = f"cast({exact} as double)"
        return f"case when {_is_number(v)} then {rounded} end"
    return f"cast({exact if kind is Kind.DECIMAL else v} as double)"


def _is_number(v: str) -> str:
    return f"regexp_full_match(trim({v}), '{NUMBER_TEXT}')"


def _exact(kind: Kind, v: str, scale: int) -> str | None:
    """Give the rounded number as a decimal; None for kinds that are no more exact than a double."""
    if kind is Kind.TEXT:
        return f"try_cast(trim({v}) as decimal(38, {scale}))"
    if kind is Kind.DECIMAL:
        return f"round({v}, {scale})"
    return v if kind is Kind.INTEGER else None


def _limit(field: FieldSchema, scale: int) -> str:
    if field.type is FieldType.INT:
        return str(LARGEST_INT + 1) if not field.precision else str(10**field.precision)
    return str(10 ** max((field.precision or 18) - scale, 0))


def _words(field: FieldSchema, scale: int) -> dict[str, Words]:
    digits = (field.precision or 18) - scale
    holds = f"{digits} digits before the point"
    if field.type is FieldType.INT and not field.precision:
        holds = f"{LARGEST_INT:,}"
    return {
        "NOT_FINITE": NOT_FINITE,
        "NOT_A_NUMBER": Words("the text is not a number", "Write it with digits and a point."),
        "NUMBER_TOO_LARGE": Words(
            f"{field.name} holds at most {holds}",
            "Check the unit of the value, or make the field larger in Setup.",
        ),
        "NUMBER_TOO_LONG": Words(
            "the number has more digits than a number field keeps: its last ones would change",
            "Salesforce keeps 15 digits for sure. An id belongs in a text field; round() a figure.",
        ),
    }
