"""Quoting for SQL text that the local org builds. Knows no table and no rule."""

from __future__ import annotations

import re

# What `varying` marks: the type, and the SQL of the value.
VARYING = re.compile(r"/\*=(\w+)\*/(.*?)/\*=\*/")


def name(text: str) -> str:
    """Quote a text as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def varying(value: str, kind: str) -> str:
    """Mark the SQL of a constant that differs from call to call, so that plans outlive it.

    Args:
        value: SQL without comments, of a value that nobody outside has a hand in.
        kind: Its SQL type.
    """
    return f"/*={kind}*/{value}/*=*/"
