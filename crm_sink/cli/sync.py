"""`crm-sink sync`: plan and apply in one."""

from __future__ import annotations

import click

from crm_sink.cli.delivering import deliver_and_print, telling
from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.options import (
    api_of,
    api_option,
    context_of,
    format_option,
    load,
    log_option,
    overwrite_option,
    target_option,
)
from crm_sink.cli.showing import print_plan, print_run


@click.command()
@click.argument("mapping")
@click.option("--dry-run", is_flag=True, help="Plan only: show what would change.")
@overwrite_option
@api_option
@target_option
@format_option
@log_option
def command(
    mapping: str,
    dry_run: bool,
    overwrite_conflicts: bool,
    api: str,
    target: str | None,
    output: str,
    log: str,
) -> int:
    """Plan and apply in one: read, compare, and write what really differs.

    MAPPING is a mapping file, or the name of one in mappings/. A second sync with nothing changed
    writes nothing and makes no write call.

    Exit codes: 0 done · 1 failed · 2 the mapping has problems · 3 done, with rejected rows · 4 held
    by a gate · 11 already running · 12 login refused.
    """
    from crm_sink.flow.context import Request
    from crm_sink.flow.decide import decide
    from crm_sink.flow.holding import holding
    from crm_sink.flow.overwrite import overwriting
    from crm_sink.ledger.contract import RunState

    loaded = load(mapping)
    if overwrite_conflicts:
        loaded = overwriting(loaded)
    with context_of(target, log) as opened, holding(opened) as context:
        with telling(context, output) as told:
            run = decide(Request(loaded, api=api_of(api)), told)
        if run.state is RunState.READY and not dry_run:
            return deliver_and_print(run, context, output, is_fresh=True)
    if dry_run:
        print_plan(run, output, limit=5)
    else:
        print_run(run, output)  # held: nothing was written, and the summary says what to do
    return exit_code(run)
