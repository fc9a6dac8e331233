from __future__ import annotations

from collections.abc import Callable

from crm_sink.ledger.contract import Run, RunState, Totals
from crm_sink.report.table import runs_table


def test_runs_are_a_table_with_numbers_to_the_right(make_run: Callable[..., Run]) -> None:
    done = make_run(
        totals=Totals(source_rows=10_004, created=1, updated=9_000, cleared=2, rejected=4),
        verdict="pass",
    )
    held = make_run(run="20261121-060000-0a1b2c", state=RunState.HELD, verdict="hold")
    assert runs_table([held, done]).splitlines() == [
        "run                     mapping     kind  state  started (UTC)          read  written"
        "  unchanged  rejected  conflicts  gates",
        "20261121-060000-0a1b2c  lead_score  sync  held   2026-11-20 06:04:12       0        0"
        "          0         0          0  hold",
        "20261120-060412-7f3a9c  lead_score  sync  done   2026-11-20 06:04:12  10,004    9,003"
        "          0         4          0  pass",
    ]


def test_a_narrow_terminal_gets_fewer_columns_and_whole_lines(
    make_run: Callable[..., Run],
) -> None:
    lines = runs_table([make_run(totals=Totals(updated=9_000, rejected=4))], 80).splitlines()
    assert lines == [
        "run                     mapping     kind  state  written  rejected  conflicts",
        "20261120-060412-7f3a9c  lead_score  sync  done     9,000         4          0",
    ]
    assert "rejected" in runs_table([make_run()], 10)  # what is left then wraps


def test_a_run_without_gates_has_a_dash(make_run: Callable[..., Run]) -> None:
    assert runs_table([make_run()]).endswith("  -")
