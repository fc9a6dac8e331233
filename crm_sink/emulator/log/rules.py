"""Remembers which writes ran an assignment rule, beside the write log.

Knows nothing of what a rule does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

TABLES = ("_log_rules (number bigint, rule varchar)",)
DEFAULT = "default"


def keep(cursor: duckdb.DuckDBPyConnection, rule: str) -> None:
    """Remember that the write that was logged last ran a rule: its id, or `default`."""
    cursor.execute("insert into _log_rules select max(number), ? from _log_writes", [rule])


def of_writes(cursor: duckdb.DuckDBPyConnection, numbers: Iterable[int]) -> dict[int, str]:
    """Give the rules that some writes ran, by the number of the write."""
    rows = cursor.execute(
        "select number, rule from _log_rules where number in (select unnest(?::bigint[]))",
        [sorted(set(numbers))],
    ).fetchall()
    return dict(rows)


def clear(cursor: duckdb.DuckDBPyConnection) -> None:
    """Forget all of it."""
    cursor.execute("delete from _log_rules")
