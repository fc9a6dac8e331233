"""SOQL literals as DuckDB values, judged against the field that they are compared with.

Not imitated: currency literals such as `USD5000`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.ids import normal
from crm_sink.emulator.schema import NUMBER_TYPES, Field
from crm_sink.emulator.soql.complaints import refuse, unexpected
from crm_sink.emulator.soql.tree import Value

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)

SOAP_NAMES = {"datetime": "dateTime", "id": "id", "reference": "id"}


def kinds_for(field: Field) -> tuple[str, ...]:
    """Give the kinds of literal that a field may be compared with, null apart."""
    if field.is_text:
        return ("string",)
    if field.type in NUMBER_TYPES or field.type == "int":
        return ("number",)
    if field.type == "boolean":
        return ("boolean",)
    return (field.type, "date_literal")


def check(soql: str, value: Value, field: Field, name: str) -> None:
    """Refuse a literal of the wrong kind for a field, in Salesforce's words."""
    if value.kind == "null" or value.kind in kinds_for(field):
        return
    if value.kind == "date_literal" and kinds_for(field)[-1] != "date_literal":
        raise unexpected(soql, value.at, value.text)
    quoted = "should" if field.is_text else "should not"
    kind = "string" if field.is_text else SOAP_NAMES.get(field.type, field.type)
    text = (
        f"value of filter criterion for field '{name}' must be of type {kind} "
        f"and {quoted} be enclosed in quotes"
    )
    raise refuse(soql, value.at, "INVALID_FIELD", text)


def read(soql: str, value: Value, field: Field) -> str | float | int | bool | date | None:
    """Give a literal as Python's value for the field's column, a text in its own case.

    Raises:
        ApiError: 400 for a malformed id or a date that does not exist.
    """
    match value.kind:
        case "null":
            return None
        case "boolean":
            return value.text.lower() == "true"
        case "number":
            return float(value.text)
        case "string":
            return _text(soql, value, field)
    try:
        return _moment(value.text) if field.type == "datetime" else date.fromisoformat(value.text)
    except (ValueError, OverflowError):  # no such day, or none in UTC
        raise unexpected(soql, value.at, value.text) from None


def _text(soql: str, value: Value, field: Field) -> str | None:
    text = unescape(value.text)
    if field.type in ("id", "reference") and text:
        found = normal(text)
        if found is None:
            message = f"invalid ID field: {text}"
            raise refuse(soql, value.at, "INVALID_QUERY_FILTER_OPERATOR", message)
        return found
    # A text field never holds an empty string: '' is null.
    return text or None


def unescape(text: str) -> str:
    """Take the quotes off a string literal and read its escapes."""
    return ESCAPE.sub(_escape, text[1:-1])


def _escape(found: re.Match[str]) -> str:
    if len(found[1]) > 1:
        return chr(int(found[1][1:], 16))
    return ESCAPES.get(found[1], found[1])


def like_pattern(text: str) -> str:
    r"""Read a LIKE literal into a SQL pattern that escapes with `\`; `\_` and `\%` stay literal."""

    def escape(found: re.Match[str]) -> str:
        return f"\\{found[1]}" if found[1] in "_%\\" else _escape(found)

    return ESCAPE.sub(escape, text[1:-1])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.upper()).astimezone(UTC).replace(tzinfo=None)


def not_filterable(soql: str, at: int, name: str, verb: str) -> ApiError:
    """Make the refusal of a long text in WHERE, ORDER BY or GROUP BY."""
    text = f"field '{name}' can not be {verb} in a query call"
    return refuse(soql, at, "INVALID_FIELD", text)
