"""`crm-sink undo`: take a run back."""

from __future__ import annotations

import click

from crm_sink.cli.delivering import deliver_and_print, telling
from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.options import (
    api_of,
    api_option,
    context_of,
    examples_option,
    format_option,
    log_option,
    target_option,
)
from crm_sink.cli.showing import print_plan


@click.command()
@click.argument("run")
@click.option(
    "--delete-created", is_flag=True, help="Delete the records that the run created, if untouched."
)
@click.option("--apply", "--yes", "apply_now", is_flag=True, help="Plan and write in one.")
@click.option("--dry-run", is_flag=True, help="Plan only, which is the default.")
@examples_option
@api_option
@target_option
@format_option
@log_option
def command(
    run: str,
    delete_created: bool,
    apply_now: bool,
    dry_run: bool,
    examples: int,
    api: str,
    target: str | None,
    output: str,
    log: str,
) -> int:
    """Take a run back: make a plan that restores the values from before it, and show it.

    RUN is a run's id or the beginning of one. A field is restored only where the record still holds
    what the run wrote; the others are listed as conflicts, with who changed them and when. Without
    --apply nothing is written: `crm-sink apply` does that. An undo can be undone.

    Exit codes: 0 planned, or done · 1 failed · 2 the run wrote nothing, or must be resumed first ·
    3 with rejected rows · 10 no such run · 11 already running · 12 login refused.
    """
    from crm_sink.flow.past import find_run
    from crm_sink.flow.undo import UndoRequest, undo

    with context_of(target, log) as context:
        old = find_run(run, context.ledger, context.home)
        with telling(context, output) as told:
            planned = undo(UndoRequest(old, delete_created, api_of(api)), told)
        if dry_run or not apply_now:
            print_plan(planned, output, limit=examples)
            return exit_code(planned)
        if output == "text":
            print_plan(planned, output, limit=examples)
            click.echo("")
        return deliver_and_print(planned, context, output)
