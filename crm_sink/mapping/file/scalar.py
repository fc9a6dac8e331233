"""One scalar of a YAML text: what it means under YAML 1.2, and where it stands.

Dates stay text: which zone they are in is not for YAML to decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# The numbers of YAML 1.2's core schema. Longer ones stay text.
NUMBERS: dict[str, Callable[[str], int | float]] = {
    r"[-+]?[0-9]{1,40}": int,
    r"0o[0-7]{1,40}": lambda text: int(text[2:], 8),
    r"0x[0-9a-fA-F]{1,40}": lambda text: int(text[2:], 16),
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,6})?": float,
    r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)": lambda text: float(text.replace(".", "", 1)),
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar as it stands in the text: its value, and where it begins and ends."""

    text: str
    plain: bool  # without quotes, so that `5` is a number and `"5"` is not
    start: int  # offset of its first character
    end: int
    line: int
    column: int


def scalar_at(event: object, text: str) -> Scalar:
    """Give the scalar of a parser's event, with its text in whole characters."""
    start, end = getattr(event, "start_mark"), getattr(event, "end_mark")  # noqa: B009 - untyped
    return Scalar(
        text=text,
        plain=getattr(event, "style", None) is None,
        start=int(start.index),
        end=int(end.index),
        line=int(start.line) + 1,
        column=int(start.column) + 1,
    )


def plain_value(scalar: Scalar) -> str | int | float | bool | None:
    """Give what a scalar means under YAML 1.2's core schema; dates stay text."""
    text = scalar.text
    if not scalar.plain:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    for pattern, number in NUMBERS.items():
        if re.fullmatch(pattern, text):
            return number(text)
    return text


def joined(text: str) -> str | None:
    r"""Join the halves of a character that JSON writes as `\ud83d\ude00`; None for one alone."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
