"""The `given` of an example as a one-row table, with the types that the source's columns have.

YAML knows texts, numbers and truth; a date is a text there. Where the source's types are known a
value is cast to its column's; where not, an ISO date or timestamp is taken for one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_sink.engine import literal, moment, name
from crm_sink.tables import own_text

if TYPE_CHECKING:
    from crm_sink.mapping.file.document import Data

_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
ZONED = re.compile(rf"{_DATE}[T ]{_CLOCK} ?(Z|z|UTC|[+-]\d{{2}}(:?\d{{2}})?)")
NAIVE = re.compile(rf"{_DATE}[T ]{_CLOCK}")
DAY = re.compile(_DATE)
READ_BACK = re.compile("VARCHAR|BIGINT|NULL")  # types whose values are the file's own text


def given_table(
    given: dict[str, Data], columns: dict[str, str] | None, *, is_csv: bool = False
) -> str:
    """Give the SQL table of one prediction; columns that are not given are null.

    Of a CSV file's typed columns the text that the file would have stands beside them.
    """
    values = {column.lower(): value for column, value in given.items()}
    if columns is None:
        cells = [f"{_guessed(value)} as {name(column)}" for column, value in given.items()]
    else:
        cells = [
            f"{typed(values.get(column.lower()), kind)} as {name(column)}"
            for column, kind in columns.items()
        ]
        for column, kind in columns.items() if is_csv else ():
            value = values.get(column.lower())
            if isinstance(value, str | int | float) and not READ_BACK.search(kind):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                cells.append(f"{literal(text)} as {own_text(column)}")
    return f"(select cast(1 as bigint) as __row, {', '.join(cells)})"


def empty_table(columns: dict[str, str]) -> str:
    """Give the SQL of a table with the source's columns and no rows."""
    cells = [f"{typed(None, kind)} as {name(column)}" for column, kind in columns.items()]
    return f"(select cast(1 as bigint) as __row, {', '.join(cells)} limit 0)"


def typed(value: Data, kind: str) -> str:
    """Give a value as SQL of a column's type; running it fails when the column cannot hold it."""
    if "NULL" in kind:
        return "null" if value is None else _guessed(value)
    if isinstance(value, list) and kind.endswith("[]"):
        # One by one: factors of an example need not all have the same parts.
        return f"cast([{', '.join(typed(item, kind[:-2]) for item in value)}] as {kind})"
    if isinstance(value, dict) and kind.startswith("MAP("):
        keys = ", ".join(literal(key) for key in value)
        values = ", ".join(_guessed(item) for item in value.values())
        return f"cast(map([{keys}], [{values}]) as {kind})"
    if isinstance(value, dict | list) and kind in ("VARCHAR", "JSON"):
        return f"cast(to_json({_guessed(value)}) as {kind})"
    return f"cast({_guessed(value, is_text=kind == 'VARCHAR')} as {kind})"


def _guessed(value: Data, *, is_text: bool = False) -> str:
    """Give a value as a SQL literal of the type that it looks like."""
    if value is None or isinstance(value, bool | int):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"cast({literal(repr(value))} as double)"
    if isinstance(value, list):
        return f"[{', '.join(_guessed(item) for item in _alike(value))}]"
    if isinstance(value, dict):
        parts = ", ".join(f"{literal(key)}: {_guessed(item)}" for key, item in value.items())
        return f"{{{parts}}}" if parts else "null"
    return literal(value) if is_text else _text(value)


def _text(value: str) -> str:
    if ZONED.fullmatch(value):
        return f"coalesce({moment(literal(value))})"
    for pattern, kind in ((NAIVE, "timestamp"), (DAY, "date")):
        if pattern.fullmatch(value):
            return f"coalesce(try_cast({literal(value)} as {kind}))"
    return literal(value)


def _alike(items: list[Data]) -> list[Data]:
    """Give every struct of a list the parts that any of them has: SQL lists hold one type."""
    parts = list(dict.fromkeys(key for item in items if isinstance(item, dict) for key in item))
    if not parts:
        return items
    return [
        {part: item.get(part) for part in parts} if isinstance(item, dict) else item
        for item in items
    ]
