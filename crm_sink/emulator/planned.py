"""A database cursor that remembers plans: a statement that comes again is not planned again.

A small write is some fifteen statements over staged rows, the same ones for each call that looks
alike, and planning them costs ten times what working them does. So temp tables are emptied and
filled again where they would be made again, and what comes a second time is prepared. What varies
from call to call within a statement must be marked with `sql.varying`.

Knows nothing of what the statements mean. After an error it is to be thrown away: a roll-back takes
back the making of temp tables.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.sql import constants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

TABLE = re.compile(r"create or replace temp table (\w+) (as )?(.*)", re.DOTALL)
BEGIN = "begin transaction"
PREPARED = ("select", "insert", "update", "delete", "with")
# Afterwards a fresh one: rows that were deleted from a temp table still take up room, and plans
# were made for the sizes that tables had.
LONGEST_LIFE = 200


@dataclass(frozen=True, slots=True)
class Table:
    """A temp table as it was made: by which statement, when, and from which words."""

    form: str
    number: int
    words: frozenset[str]


@contextmanager
def hastily(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Work statements over a few staged rows without DuckDB's optimizer, and by kept plans.

    Not for statements over a table of records, which would be read whole; nothing else for a cursor
    that is not `Planned`: it has many rows, and they are worth a good plan.
    """
    if isinstance(cursor, Planned):
        with cursor.hastily():
            yield
    else:
        yield


class Planned:
    """A cursor; `execute` gives what the cursor's own gives."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._plans: dict[str, str] = {}
        self._tables: dict[str, Table] = {}
        self._optimizes = self._is_optimizing = True
        self._transactions = 0
        self._numbers = count()

    @property
    def is_old(self) -> bool:
        """Whether it should be replaced."""
        return self._transactions >= LONGEST_LIFE

    def close(self) -> None:
        """Forget everything."""
        self._cursor.close()

    def execute(self, text: str, values: Sequence[Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Execute a statement, by the plan of an earlier one where there is one."""
        if text == BEGIN:
            self._transactions += 1
        made = TABLE.fullmatch(text)
        return self._run(text, values) if made is None else self._make(made, values)

    @contextmanager
    def hastily(self) -> Iterator[None]:
        """See the function of that name."""
        self._optimizes = False
        yield
        self._optimizes = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def _make(self, made: re.Match[str], values: Sequence[Any] | None) -> duckdb.DuckDBPyConnection:
        """Make a temp table, or fill the one that an equal statement made."""
        table, query, rest = made.groups()
        form = "$".join(constants(made[0])[0])
        known = self._tables.get(table)
        if known is None or known.form != form or self._is_outdated(known):
            words = frozenset(re.findall(r"\w+", form)) - {table}
            self._tables[table] = Table(form, next(self._numbers), words)
            return self._plain(made[0], values)
        wanted, self._optimizes = self._optimizes, False
        self._run(f"delete from {table}", None)
        self._optimizes = wanted
        return self._run(f"insert into {table} {rest}", values) if query else self._cursor

    def _is_outdated(self, known: Table) -> bool:
        """Say whether a table that it was made from was made anew since: with other columns."""
        return any(
            other.number > known.number
            for name, other in self._tables.items()
            if name in known.words
        )

    def _run(self, text: str, values: Sequence[Any] | None) -> duckdb.DuckDBPyConnection:
        # With the optimizer, DuckDB plans what is prepared again each time.
        if values is not None or self._optimizes or not text.startswith(PREPARED):
            return self._plain(text, values)
        (form, *rest), given = constants(text)
        for number, ((kind, _), more) in enumerate(zip(given, rest, strict=True), start=1):
            form += f"${number}::{kind}{more}"
        plan = self._plans.get(form)
        if plan is None:
            self._plans[form] = ""
            return self._plain(text, None)
        if not plan:
            plan = self._plans[form] = f"plan{next(self._numbers)}"
            self._plain(f"prepare {plan} as {form}", None)
        # Of its very type: for any other the statement would be planned again.
        arguments = ", ".join(f"{value}::{kind}" for kind, value in given)
        return self._cursor.execute(f"execute {plan}{f'({arguments})' if given else ''}")

    def _plain(self, text: str, values: Sequence[Any] | None) -> duckdb.DuckDBPyConnection:
        if self._optimizes != self._is_optimizing:
            self._is_optimizing = self._optimizes
            word = "enable" if self._optimizes else "disable"
            self._cursor.execute(f"pragma {word}_optimizer")
        if values is None:
            return self._cursor.execute(text)
        return self._cursor.execute(text, list(values))
