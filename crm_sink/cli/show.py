"""`crm-sink show`: one run, its figures, changes and rejects."""

from __future__ import annotations

import click

from crm_sink.cli.options import format_option, ledger_of
from crm_sink.cli.showing import print_changes, print_run


@click.command()
@click.argument("run", required=False)
@click.option("--changes", default=0, metavar="N", help="Show N records, old → new, instead.")
@format_option
def command(run: str | None, changes: int, output: str) -> int:
    """Show one run, by default the latest.

    RUN is a run's id or the beginning of one. The names in the JSON and CSV output are an
    interface: `crm-sink help output`.

    Exit codes: 0 shown · 10 no such run.
    """
    with ledger_of() as ledger:
        found = ledger.find(run)
    if changes and output == "text":
        print_changes(found, limit=changes)
    else:
        print_run(found, output)
    return 0
