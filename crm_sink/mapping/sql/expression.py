r"""A field's `value` or a mapping's `when`: one scalar SQL expression, and what it uses.

It is read twice. sqlglot says whether the text is one expression, and of what kind it is; DuckDB,
which will run it, says the same of its own reading (see `reading`), and must find nothing else.
What is run is the text as it was written, in brackets: `Expression.sql`. A text that sqlglot had
written anew would sometimes mean something else (`E'\n'`).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.mapping.names import nearest
from crm_sink.mapping.sql.form import ONE_SCALAR, STATEMENTS, Fault, first_reading, in_brackets
from crm_sink.mapping.sql.functions import (
    ENVIRONMENT,
    KEYWORD_CALLS,
    VOLATILE,
    Catalogue,
    catalogue,
)
from crm_sink.mapping.sql.reading import Reader, Reading, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

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
            return [], _as_word(text) or faults
        reading = self._reader.read(in_brackets(text))
        shift = len("(\n")
        if reading.error is not None:
            message = f"this is not an expression: {reading.error.name}"
            found = Fault(max(reading.error.offset - shift, 0), message)
            return [], _as_word(text) or [found]
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


def _as_word(text: str) -> list[Fault]:
    """Give the fault of a lone word that cannot be read: a column named as SQL names something."""
    word = text.strip()
    if not re.fullmatch(r"[^\W\d]\w*", word) or word.lower() in STATEMENTS:
        return []
    hint = f"A column of that name stands in two kinds of quotes: '\"{word}\"'."
    return [Fault(text.index(word), f"{word} is a word of SQL, and no expression", hint)]


@contextmanager
def open_judge() -> Iterator[Judge]:
    """Open a judge of expressions, for the time of reading one mapping."""
    import duckdb

    connection = duckdb.connect()
    try:
        yield Judge(Reader(connection), catalogue())
    finally:
        connection.close()


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
    near = nearest(name, known.allowed) if len(name) > 2 else None
    return Fault(
        use.offset,
        f"there is no function {name} that an expression may call",
        f"Did you mean {near}?" if near else "See crm-sink help functions.",
    )
