"""`crm-sink apply`: write a plan to the org."""

from __future__ import annotations

import click

from crm_sink.cli.delivering import deliver_and_print
from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.options import context_of, format_option, log_option, target_option
from crm_sink.cli.showing import print_plan


@click.command()
@click.argument("run", required=False)
@click.option("--release", metavar="NAME", help="Let a held plan through, in this person's name.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@target_option
@format_option
@log_option
def command(
    run: str | None, release: str | None, dry_run: bool, target: str | None, output: str, log: str
) -> int:
    """Write a plan to the org: exactly that plan, by default the latest.

    RUN is a run's id or the beginning of one.

    Exit codes: 0 done · 1 failed · 3 done, with rejected rows · 4 held by a gate · 5 the plan is
    out of date · 10 no such run · 11 already running · 12 login refused.
    """
    with context_of(target, log) as context:
        planned = context.ledger.find(run)
        if dry_run:
            print_plan(planned, output, limit=5)
            return exit_code(planned)
        return deliver_and_print(planned, context, output, released_by=release)
