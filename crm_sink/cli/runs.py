"""`crm-sink runs`: list runs, newest first."""

from __future__ import annotations

import shutil
import sys

import click

from crm_sink.cli.options import format_option, ledger_of
from crm_sink.cli.output import emit_csv, emit_json


@click.command()
@click.option("--mapping", help="Only runs of this mapping.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(0), help="How many; 0 for all."
)
@format_option
def command(mapping: str | None, limit: int, output: str) -> int:
    """List runs, newest first.

    The names in the JSON and CSV output are an interface: `crm-sink help output`.

    Exit codes: 0 listed · 1 the ledger cannot be read.
    """
    from crm_sink.report.run_json import names, run_json
    from crm_sink.report.table import runs_table

    with ledger_of() as ledger:
        runs = ledger.history(mapping, limit=limit or None)
    if output == "json":
        emit_json([run_json(run) for run in runs])
    elif output == "csv":
        emit_csv([run_json(run) for run in runs], names())
    elif runs:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(runs_table(runs, width))
    else:
        what = "no runs yet" if mapping is None else f"no run of mapping {mapping} yet"
        click.echo(f"{what} (try: crm-sink plan {mapping or 'MAPPING'})")
    return 0
