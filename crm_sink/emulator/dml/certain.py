"""Which texts are beyond doubt: values that the rule book (`values`) is sure to pass as they are.

A shortcut through the rule book, not a second one. A text that is certain has no fault, and its
typed value is a plain cast; what is not certain may be right or wrong, and goes the long way. So
nothing is refused here, and lengths, digits and patterns are those of `values`. A test lets both
judge the same texts.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING

from crm_sink.emulator.dml.values import (
    EMAIL,
    FIRST_YEAR,
    JSON,
    LAST_YEAR,
    NUMBER,
    WHOLE,
    digits_of,
    length_of,
    offered,
)
from crm_sink.emulator.schema import NUMBER_TYPES
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.emulator.schema import Field

TEXTS = frozenset({"string", "textarea", "phone", "url", "email", "picklist", "multipicklist"})
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?(Z|[+-]00:?00)", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
CASTS = {
    **dict.fromkeys(NUMBER_TYPES, "::double"),
    "int": "::integer",
    "boolean": "::boolean",
    "date": "::date",
    "datetime": "::timestamptz::timestamp",
}


def certain(field: Field) -> Callable[[str], bool] | None:
    """Give what says of a staged text of JSON whether it is certain; None when none ever is."""
    sure = _sure(field)
    if sure is None:
        return None
    may_clear = field.nillable and field.type != "boolean"

    def judge(text: str) -> bool:
        return may_clear if text == JSON.clear else sure(text)

    return judge


def cast_sql(field: Field, raw: str) -> str:
    """Give SQL for the typed value of a certain text."""
    return f"nullif({raw}, {literal(JSON.clear)}){CASTS.get(field.type, '')}"


def _sure(field: Field) -> Callable[[str], bool] | None:
    if field.type in TEXTS:
        return _text(field)
    if field.type in NUMBER_TYPES or field.type == "int":
        return _number(field)
    if field.type == "boolean":
        return ("true", "false").__contains__
    return {"date": _is_day, "datetime": _is_moment}.get(field.type)


def _text(field: Field) -> Callable[[str], bool]:
    longest = length_of(field) or float("inf")
    may_be = _listed(field)

    def judge(text: str) -> bool:
        # Blank edges are trimmed, and an empty text is null: not as they are.
        is_bare = text[:1] > " " and text[-1:] > " " and "\0" not in text
        return is_bare and len(text) <= longest and may_be(text)

    return judge


def _listed(field: Field) -> Callable[[str], bool]:
    """Give what says whether a text is one that its field's kind lets in."""
    if field.type == "email":
        # In SQL a quote is written twice.
        pattern = re.compile(EMAIL.replace("''", "'"), re.ASCII)
        return lambda text: pattern.fullmatch(text) is not None
    values = frozenset(offered(field))
    if not field.restricted or field.type not in ("picklist", "multipicklist"):
        return lambda text: True
    if field.type == "picklist":
        return values.__contains__
    return lambda text: values.issuperset(text.split(";"))


def _number(field: Field) -> Callable[[str], bool]:
    pattern = re.compile(WHOLE if field.type == "int" else NUMBER, re.ASCII)
    digits = digits_of(field)
    limit = float(f"1e{digits}") if digits else float("inf")

    def judge(text: str) -> bool:
        if pattern.fullmatch(text) is None or text[0] == "+":
            return False
        value = float(text)
        return isfinite(value) and abs(value) < limit

    return judge


def _is_day(text: str) -> bool:
    return DAY.fullmatch(text) is not None and _is_kept(date.fromisoformat, text)


def _is_moment(text: str) -> bool:
    found = MOMENT.fullmatch(text)
    return found is not None and _is_kept(datetime.fromisoformat, found[1])


def _is_kept(read: Callable[[str], date], text: str) -> bool:
    """Say whether there is such a day, and Salesforce keeps it."""
    try:
        return FIRST_YEAR <= read(text).year <= LAST_YEAR
    except ValueError:
        return False
