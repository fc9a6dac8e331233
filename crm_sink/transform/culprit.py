"""Which expression the engine gives up on for all rows at once, where `try` is of no help.

`try` makes a reject of what fails for a row. A few errors are not of a row to DuckDB, such as a
time zone that does not exist: they end the query, and do not say which expression it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.problem import Problem
from crm_sink.transform.condition import condition_problems
from crm_sink.transform.trouble import describe_failure

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.mapping.model import LoadedMapping


def culprits(loaded: LoadedMapping, *, table: str, engine: Engine) -> list[Problem]:
    """Give the expressions that end a query, each evaluated alone, over the rows that meet `when`.

    Those that cannot be bound to the columns are not among them (see `columns`), and what is wrong
    with the file, the disk or the memory is no expression's fault.
    """
    import duckdb

    found: list[Problem] = []
    met = _met(loaded, table, engine)
    for path, expression in loaded.expressions.items():
        rows = table if path == ("when",) else f"(select * from {table} where {met})"
        value = f"select try({{'v': {expression.sql}}}) as __alone from {rows}"
        try:
            engine.value(f"select count(hash(__alone)) from ({value})")
        except (
            duckdb.NotImplementedException,
            duckdb.ConversionException,
            duckdb.OutOfRangeException,
        ) as error:
            words = describe_failure(error)
            found.append(Problem(loaded.file, *loaded.place(*path), words.message, words.hint))
        except duckdb.Error:
            continue
    return found


def _met(loaded: LoadedMapping, table: str, engine: Engine) -> str:
    """Give the condition that rows meet; every row does when `when` is itself at fault."""
    condition = loaded.expressions.get(("when",))
    if condition is None or condition_problems(loaded, table=table, engine=engine):
        return "true"
    return f"try(cast({condition.sql} as boolean))"
