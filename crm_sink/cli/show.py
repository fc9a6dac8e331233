"""`crm-sink show`: one run, its figures, changes and rejects."""

from __future__ import annotations

import click

from crm_sink.cli.options import format_option, ledger_of
from crm_sink.cli.showing import print_changes, print_conflicts, print_rejects, print_run
from crm_sink.errors import UsageError


@click.command()
@click.argument("run", required=False)
@click.option(
    "--changes",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Show N records, old → new, instead.",
)
@click.option("--rejects", is_flag=True, help="Show the rejects, with reason and cure.")
@click.option("--conflicts", is_flag=True, help="Show the fields left alone, with who and when.")
@click.option("--mask", is_flag=True, help="Put … in place of keys and values of records.")
@format_option
def command(
    run: str | None, changes: int, rejects: bool, conflicts: bool, mask: bool, output: str
) -> int:
    """Show one run, by default the latest.

    RUN is a run's id or the beginning of one. The names in the JSON and CSV output are an
    interface: `crm-sink help output`. --changes, --rejects and --conflicts print rows instead of
    figures, as JSON and CSV too.

    Exit codes: 0 shown · 2 usage · 10 no such run.
    """
    if (changes > 0) + rejects + conflicts > 1:
        raise UsageError(
            "--changes, --rejects and --conflicts are three lists", hint="crm-sink show --rejects"
        )
    with ledger_of() as ledger:
        found = ledger.find(run)
    if rejects:
        print_rejects(found, output, mask=mask)
    elif conflicts:
        print_conflicts(found, output, mask=mask)
    elif changes:
        print_changes(found, output, limit=changes, mask=mask)
    else:
        print_run(found, output)
    return 0
