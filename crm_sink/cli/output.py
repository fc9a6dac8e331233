"""Print data on stdout as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def emit_json(data: object, *, indented: bool = False) -> None:
    """Print a JSON document: indented on a terminal, one line elsewhere (JSON lines for logs).

    Args:
        data: What to print.
        indented: Also where it is no terminal: a file that people keep and compare.
    """
    indent = 2 if indented or sys.stdout.isatty() else None
    print(json.dumps(data, indent=indent, ensure_ascii=False, default=str))


def emit_csv(rows: Sequence[dict[str, Any]], columns: Iterable[str] = ()) -> None:
    """Print rows with one header line; lists and objects as JSON in their cell.

    Args:
        rows: What to print.
        columns: The header, for when there may be no row; else that of the first row.
    """
    header = list(columns) or list(rows[0])
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=header, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    sys.stdout.write(buffer.getvalue())


def _cell(value: object) -> object:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
