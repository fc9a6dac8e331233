"""The values of list view filters as SOQL literals, by the type of the field.

Not imitated: values in the user's language, amounts with a currency.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_sink.emulator.schema import NUMBER_TYPES

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field

TRUE, FALSE = ("1", "true", "yes"), ("0", "false", "no", "")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class BadValue(Exception):
    """A text that is no value of its field."""


def one_literal(field: Field, text: str) -> str:
    """Give a value as SOQL; an empty one is null.

    Raises:
        BadValue: The field cannot hold it.
    """
    if field.type == "boolean":
        if text.lower() in TRUE:
            return "true"
        if text.lower() in FALSE:
            return "false"
        raise BadValue(text)
    if not text:
        return "null"
    if field.type not in (*NUMBER_TYPES, "int"):
        return text_literal(text)
    plain = text.strip("$%").strip()
    if not NUMBER.fullmatch(plain):
        raise BadValue(text)
    return plain


def text_literal(text: str, pattern: str = "") -> str:
    """Quote a text, as a LIKE pattern when one is given."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    if pattern:
        plain = pattern.format(plain.replace("%", "\\%").replace("_", "\\_"))
    return f"'{plain}'"
