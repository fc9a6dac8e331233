"""Runs as a table of text columns, newest first as the ledger gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.ledger.contract import Run

TITLES = (
    "run", "mapping", "kind", "state", "started (UTC)",
    "read", "written", "unchanged", "rejected", "conflicts", "gates",
)  # fmt: skip
# What a narrow terminal goes without, in this order: a run's id begins with the time it started.
SPARE = ("started (UTC)", "unchanged", "gates", "read", "kind", "conflicts")
NUMBERS = frozenset({"read", "written", "unchanged", "rejected", "conflicts"})


def runs_table(runs: Sequence[Run], width: int | None = None) -> str:
    """Write runs as a table: one line each, numbers to the right.

    Args:
        runs: The runs.
        width: How many characters a line may have: columns are left out until it fits.
    """
    rows = [TITLES, *(_cells(run) for run in runs)]
    for left_out in range(len(SPARE) + 1):
        kept = [place for place, title in enumerate(TITLES) if title not in SPARE[:left_out]]
        table = columns([[row[place] for place in kept] for row in rows])
        if width is None or max(map(len, table.splitlines())) <= width:
            break
    return table


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Align rows into columns; the first row holds the titles."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    right = [title in NUMBERS for title in rows[0]]
    lines = (
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, right, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _cells(run: Run) -> tuple[str, ...]:
    totals = run.totals
    written = totals.created + totals.updated + totals.cleared
    numbers = (totals.source_rows, written, totals.unchanged, totals.rejected, totals.conflicts)
    return (
        run.run,
        run.mapping,
        run.kind,
        str(run.state),
        f"{run.started:%Y-%m-%d %H:%M:%S}",
        *(f"{number:,}" for number in numbers),
        run.verdict or "-",
    )
