"""The form of an expression, as sqlglot reads it: one scalar expression, or what else it is.

The first of two readings (see `expression`). What the expression calls is not looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

ONE_SCALAR = "Write one expression over the columns of one prediction."
TOO_DEEP = "it is nested too deep, or has too many terms"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in an expression, at which character of it."""

    offset: int
    message: str
    hint: str = ""


def in_brackets(text: str) -> str:
    """Give the text as it is parsed and as it is run."""
    return f"(\n{text}\n)"


def first_reading(text: str) -> list[Fault]:
    """Give what sqlglot finds wrong with the form of an expression."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError

    try:
        trees = sqlglot.parse(in_brackets(text), dialect="duckdb")
    except ParseError as error:
        return [_syntax_fault(error, text)]
    except (SqlglotError, RecursionError) as error:
        return [Fault(0, f"this is not an expression: {_first_line(error)}", _quote_hint(text))]
    if len(trees) != 1 or trees[0] is None:
        return [Fault(0, "this is more than one statement", ONE_SCALAR)]
    body = trees[0].this if isinstance(trees[0], exp.Paren) else trees[0]
    if isinstance(body, exp.Tuple):
        several = "these are several expressions with commas between them"
        return [Fault(0, several if body.expressions else "the expression is empty", ONE_SCALAR)]
    if isinstance(body, exp.Alias | exp.PropertyEQ):
        return [Fault(0, "an expression needs no name: the field has one", "Leave out `as ...`.")]
    return [_structure_fault(node, text) for node in trees[0].walk() if _is_foreign(node)][:1]


def _is_foreign(node: object) -> bool:
    from sqlglot import exp

    return isinstance(
        node,
        exp.Query
        | exp.Subquery
        | exp.Values
        | exp.Exists
        | exp.Window
        | exp.Star
        | exp.Placeholder
        | exp.Parameter
        | exp.Columns
        | exp.PositionalColumn
        | exp.Command
        | exp.DDL
        | exp.DML,
    )


def _structure_fault(node: exp.Expr, text: str) -> Fault:
    from sqlglot import exp

    if isinstance(node, exp.Window):
        what = "a window function"
    elif isinstance(node, exp.Star | exp.Columns):
        what = "a star"
    elif isinstance(node, exp.Placeholder | exp.Parameter):
        what = "a parameter"
    elif isinstance(node, exp.PositionalColumn):
        what = "a column by its position"
    else:
        what = "a sub-query"
    return Fault(_find(text, node), f"an expression may not use {what}", ONE_SCALAR)


def _find(text: str, node: exp.Expr) -> int:
    """Give the offset of the first word of a node that sqlglot knows the place of."""
    starts = [int(part.meta["start"]) for part in node.walk() if "start" in part.meta]
    return max(min(starts, default=0) - len("(\n"), 0) if starts else len(text) - len(text.lstrip())


def _syntax_fault(error: object, text: str) -> Fault:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    word = text.split(None, 1)[0].lower() if text.split() else ""
    semicolon = _semicolon(text)
    if semicolon is not None:
        return Fault(semicolon, "a semicolon ends a statement", ONE_SCALAR)
    if word in STATEMENTS:
        return Fault(0, f"{word} begins a statement, not an expression", ONE_SCALAR)
    lines = text.split("\n")
    line = min(max(int(first.get("line") or 2) - 2, 0), len(lines) - 1)
    highlight = str(first.get("highlight") or "")
    column = max(int(first.get("col") or 1) - max(len(highlight), 1), 0)
    offset = min(sum(len(one) + 1 for one in lines[:line]) + column, max(len(text) - 1, 0))
    near = f" near {highlight.strip()}" if highlight.strip() not in ("", ")") else ""
    described = str(first.get("description", "")).split(" for <class")[0].rstrip(".")
    return Fault(offset, f"this is not an expression{near}: {described}", _quote_hint(text))


def _semicolon(text: str) -> int | None:
    """Give the place of a semicolon that is neither in a text nor in a comment."""
    from sqlglot.dialects import DuckDB

    tokens = DuckDB().tokenize(text)
    return next((int(token.start) for token in tokens if token.text == ";"), None)


STATEMENTS = frozenset(
    [
        "alter",
        "analyze",
        "attach",
        "begin",
        "call",
        "checkpoint",
        "comment",
        "commit",
        "copy",
        "create",
        "delete",
        "describe",
        "detach",
        "drop",
        "execute",
        "explain",
        "export",
        "from",
        "import",
        "insert",
        "install",
        "load",
        "merge",
        "pivot",
        "pragma",
        "prepare",
        "reset",
        "rollback",
        "select",
        "set",
        "show",
        "summarize",
        "truncate",
        "update",
        "use",
        "vacuum",
        "values",
        "with",
    ]
)


def _quote_hint(text: str) -> str:
    if text.count("'") % 2:
        return "A quote is not closed; a quote inside a text is written twice: 'it''s'."
    return ""


def _first_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return TOO_DEEP
    return (str(error) or type(error).__name__).split("\n")[0]
