"""Texts of a CSV file as values of a field, and what is wrong with them, as SQL.

Not imitated: locales other than a given date format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.schema import NUMBER_TYPES
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field

TRUE, FALSE = ("true", "1", "yes", "y"), ("false", "0", "no", "n")


def typed(field: Field, text: str, date_format: str | None) -> str:
    """Give the SQL of a value; null where the text does not fit the type."""
    if field.type in NUMBER_TYPES:
        return f"try_cast({text} as double)"
    if field.type == "int":
        return f"try_cast({text} as integer)"
    if field.type == "boolean":
        yes = ", ".join(literal(word) for word in TRUE)
        no = ", ".join(literal(word) for word in FALSE)
        word = f"lower({text})"
        return f"case when {word} in ({yes}) then true when {word} in ({no}) then false end"
    if field.type in ("date", "datetime"):
        kind = "date" if field.type == "date" else "timestamp"
        if date_format is None:
            return f"try_cast({text} as {kind})"
        return f"try_cast(try_strptime({text}, {literal(date_format)}) as {kind})"
    return text


def fault(field: Field, text: str, date_format: str | None) -> str:
    """Give the SQL of the reason why a text cannot be taken, or null. Empty texts are fine here."""
    cases = []
    if not field.is_text:
        cases.append(
            (f"{typed(field, text, date_format)} is null", f"not a value of type {field.type}")
        )
    elif field.length and field.type not in ("id", "reference"):
        cases.append((f"length({text}) > {field.length}", f"longer than {field.length} characters"))
    if field.restricted and field.values and field.type == "picklist":
        allowed = ", ".join(literal(one.value.lower()) for one in field.values)
        cases.append(
            (f"lower({text}) not in ({allowed})", "not a value of the restricted picklist")
        )
    if not cases:
        return "null"
    whens = " ".join(f"when {test} then {literal(reason)}" for test, reason in cases)
    return f"case when {text} is null then null {whens} end"


def replaced(text: str, values: dict[str, str]) -> str:
    """Give the SQL that puts other values in place of some."""
    if not values:
        return text
    cases = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in values.items())
    return f"case {text} {cases} else {text} end"
