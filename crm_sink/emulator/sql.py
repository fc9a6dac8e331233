"""Quoting for SQL text that the local org builds. Knows no table and no rule."""

from __future__ import annotations


def name(text: str) -> str:
    """Quote a text as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
