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
NUMBERS = frozenset({"read", "written", "unchanged", "rejected", "conflicts"})


def runs_table(runs: Sequence[Run]) -> str:
    """Write runs as a table: one line each, numbers to the right."""
    return columns([TITLES, *(_cells(run) for run in runs)])


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
