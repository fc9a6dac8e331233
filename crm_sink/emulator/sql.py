"""Quoting for SQL text that the local org builds. Knows no table and no rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# The quote is a single one: inside a literal each is doubled, so that no text of a user is a mark.
MARK = "/*'$"


def name(text: str) -> str:
    """Quote a text as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def json_literal(told: object) -> str:
    """Write a value as the SQL literal of its JSON."""
    return literal(json.dumps(told, separators=(",", ":")))


def moment(at: datetime) -> str:
    """Write a time, in UTC and to the second, as SQL that differs from call to call."""
    return varying(f"{literal(f'{at:%Y-%m-%d %H:%M:%S}')}::timestamp", "timestamp")


def varying(value: str, kind: str) -> str:
    """Mark the SQL of a constant that differs from call to call, so that plans outlive it.

    Args:
        value: Its SQL.
        kind: Its SQL type.
    """
    return f"{MARK}{kind}*/{value}{MARK}*/"


def constants(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Take a text apart at what `varying` has marked.

    Returns:
        What stands before, between and behind the constants, and the kind and SQL of each.
    """
    first, *rest = text.split(MARK)
    marked = [one.partition("*/") for one in rest[::2]]
    behind = [one.removeprefix("*/") for one in rest[1::2]]
    return [first, *behind], [(kind, value) for kind, _, value in marked]
