"""Print many rows as text, JSON or CSV, as they come: a run may have a million rejects."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_LINES = 20  # of text; a program gets them all


def print_rows(
    rows: Iterable[dict[str, Any]],
    output: str,
    line: Callable[[dict[str, Any]], str],
    *,
    columns: Iterable[str],
    nothing: str,
) -> None:
    """Print rows.

    Args:
        rows: What to print.
        output: text, json (an array, one row a line) or csv.
        line: Writes a row for people.
        columns: The names of a row's parts, for the CSV's header.
        nothing: What to tell people when there is no row.
    """
    if output == "json":
        _print_json(rows)
    elif output == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_text(rows, line, nothing)


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    start = "["
    for row in rows:
        sys.stdout.write(f"{start}{json.dumps(row, ensure_ascii=False, default=str)}")
        start = ",\n"
    print("[]" if start == "[" else "]")


def _print_text(
    rows: Iterable[dict[str, Any]], line: Callable[[dict[str, Any]], str], nothing: str
) -> None:
    count = 0
    for count, row in enumerate(rows, start=1):
        if count <= MOST_LINES:
            click.echo(line(row))
    if count == 0:
        click.echo(nothing)
    if count > MOST_LINES:
        click.echo(f"and {count - MOST_LINES:,} more (all of them: --format csv)")
