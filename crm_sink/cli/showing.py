"""How a plan and a run are shown: text for people, JSON and CSV for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crm_sink.cli.output import emit_csv, emit_json

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Run


def print_run(run: Run, output: str) -> None:
    """Print a run's figures."""
    from crm_sink.report.run_json import run_json
    from crm_sink.report.summary import summary

    if output == "json":
        emit_json(run_json(run))
    elif output == "csv":
        emit_csv([run_json(run)])
    else:
        click.echo(summary(run))


def print_plan(run: Run, output: str, *, limit: int) -> None:
    """Print a plan: a few records with their old and new values, and the counts."""
    totals = run.totals
    if output == "text" and limit and totals.to_create + totals.to_update + totals.to_clear:
        print_changes(run, output, limit=limit)
        click.echo("")
    if output == "text" and run.details.get("conflict_fields"):
        click.echo("left alone, because somebody changed them:\n")
        print_conflicts(run, output)
        click.echo("")
    print_run(run, output)


def print_changes(run: Run, output: str, *, limit: int, mask: bool = False) -> None:
    """Print a few records of a run with their old and new values; a row for each written field."""
    from crm_sink.report.diff import CHANGE_COLUMNS, change_rows, masked, sample_of, sample_text

    if output == "text":
        text = sample_text(run, limit=limit, mask=mask)
        click.echo(text or f"run {run.run} has no changes to show")
        return
    sampled = sample_of(run, limit=limit)
    rows = change_rows(masked(sampled) if mask else sampled)
    emit_json(rows) if output == "json" else emit_csv(rows, CHANGE_COLUMNS)


def print_conflicts(run: Run, output: str, *, mask: bool = False) -> None:
    """Print the fields that a run left alone."""
    from crm_sink.cli.listing import print_rows
    from crm_sink.report.listing import conflict_line, conflicts_of
    from crm_sink.tables import CONFLICTS

    rows = conflicts_of(run, mask=mask)
    print_rows(rows, output, conflict_line, columns=CONFLICTS, nothing="no conflicts")


def print_rejects(run: Run, output: str, *, mask: bool = False) -> None:
    """Print a run's rejects."""
    from crm_sink.cli.listing import print_rows
    from crm_sink.report.listing import reject_line, rejects_of
    from crm_sink.tables import REJECTS

    rows = rejects_of(run, mask=mask)
    print_rows(rows, output, reject_line, columns=REJECTS, nothing="no rejects")
