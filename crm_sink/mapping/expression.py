r"""A field's `value` or a mapping's `when`: one scalar SQL expression, and what it uses.

It is read twice. sqlglot says whether the text is one expression, and of what kind it is; DuckDB,
which will run it, says the same of its own reading (see `reading`), and must find nothing else.
What is run is the text as it was written, in brackets: `Expression.sql`. A text that sqlglot had
written anew would sometimes mean something else (`E'\n'`).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.mapping.functions import (
    ENVIRONMENT,
    KEYWORD_CALLS,
    VOLATILE,
    Catalogue,
    catalogue,
)
from crm_sink.mapping.names import did_you_mean
from crm_sink.mapping.reading import Reader, Reading, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

TIME_HINT = "A plan must be repeatable: let the scoring job write the time into the predictions."
LONGEST = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an expression uses, and where (1-based line and column of the file)."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: the SQL to run, in brackets, and the columns that it needs."""

    text: str  # as the file has it
    columns: tuple[Column, ...]

    @property
    def sql(self) -> str:
        """The text in brackets; the line break ends a `--` comment."""
        return in_brackets(self.text)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in an expression, at which character of it."""

    offset: int
    message: str
    hint: str = ""


def in_brackets(text: str) -> str:
    """Give the text as it is parsed and as it is run."""
    return f"(\n{text}\n)"


class Judge:
    """Parses expressions; holds the DuckDB connection that gives the second reading."""

    def __init__(self, reader: Reader, known: Catalogue) -> None:
        self._reader = reader
        self._known = known

    def judge(self, text: str) -> tuple[list[Use], list[Fault]]:
        """Give the columns that an expression uses, and everything that is wrong with it."""
        if len(text) > LONGEST:
            return [], [Fault(0, f"the expression is longer than {LONGEST:,} characters")]
        if not text.strip():
            return [], [Fault(0, "the expression is empty")]
        faults = first_reading(text)
        if faults:
            return [], faults
        reading = self._reader.read(in_brackets(text))
        shift = len("(\n")
        if reading.error is not None:
            message = f"this is not an expression: {reading.error.name}"
            return [], [Fault(max(reading.error.offset - shift, 0), message)]
        faults = [*self._faults(reading, in_brackets(text))]
        columns = [Use(use.name, max(use.offset - shift, 0)) for use in reading.columns]
        moved = [Fault(max(f.offset - shift, 0), f.message, f.hint) for f in faults]
        return columns, moved

    def _faults(self, reading: Reading, sql: str) -> Iterator[Fault]:
        for use in reading.refused:
            yield Fault(use.offset, f"an expression may not use {use.name}", ONE_SCALAR)
        for use in reading.calls:
            if use.name not in self._known.allowed:
                yield _call_fault(use, self._known)
        for use in reading.columns:
            # In quotes it is a column, whose presence `check` makes sure of.
            if use.name.lower() in KEYWORD_CALLS and not sql[use.offset :].startswith('"'):
                yield _call_fault(use, self._known)


@contextmanager
def open_judge() -> Iterator[Judge]:
    """Open a judge of expressions, for the time of reading one mapping."""
    import duckdb

    connection = duckdb.connect()
    try:
        yield Judge(Reader(connection), catalogue())
    finally:
        connection.close()


ONE_SCALAR = "Write one expression over the columns of one prediction."


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
        return [Fault(0, "these are several expressions with commas between them", ONE_SCALAR)]
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


def _call_fault(use: Use, known: Catalogue) -> Fault:
    name = use.name.lower()
    if name in VOLATILE:
        return Fault(use.offset, f"{name} gives another answer each time", TIME_HINT)
    if name in ENVIRONMENT:
        return Fault(use.offset, f"{name} looks at the machine or the session", ONE_SCALAR)
    if name in known.tables:
        return Fault(use.offset, f"{name} reads a table or a file", ONE_SCALAR)
    if name in known.aggregates or name == "count_star":
        plain = name.removesuffix("_star")
        hint = {"max": "For several columns: greatest(a, b).", "min": "... least(a, b)."}
        text = f"{plain} is an aggregate: an expression sees one prediction at a time"
        return Fault(use.offset, text, hint.get(name, "For a list: list_sum(l), list_max(l), ..."))
    return Fault(
        use.offset,
        f"there is no function {name} that an expression may call",
        did_you_mean(name, sorted(known.allowed), say="See crm-sink help functions; some")
        if len(name) > 2
        else "See crm-sink help functions.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0]
