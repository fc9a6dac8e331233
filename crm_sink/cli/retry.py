"""`crm-sink retry`: plan anew for the rejects of a run."""

from __future__ import annotations

from pathlib import Path

import click

from crm_sink.cli.delivering import deliver_and_print, telling
from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.options import (
    api_of,
    api_option,
    context_of,
    examples_option,
    format_option,
    load,
    log_option,
    target_option,
)
from crm_sink.cli.showing import print_plan


@click.command()
@click.argument("run", required=False)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="An edited reject file: its lines, with the values and keys that stand there.",
)
@click.option("--mapping", help="The mapping's file, when it is no longer where it was.")
@click.option("--apply", "--yes", "apply_now", is_flag=True, help="Plan and write in one.")
@click.option("--dry-run", is_flag=True, help="Plan only, which is the default.")
@examples_option
@api_option
@target_option
@format_option
@log_option
def command(
    run: str | None,
    file: Path | None,
    mapping: str | None,
    apply_now: bool,
    dry_run: bool,
    examples: int,
    api: str,
    target: str | None,
    output: str,
    log: str,
) -> int:
    """Plan anew for the rejects of a run, after the data or the org was mended.

    RUN is a run's id or the beginning of one; by default the latest with rejects that were not
    tried again. The mapping's source is read again for those keys. Rows that were written are never
    touched. Nothing is written before `crm-sink apply`, unless --apply is given.

    Exit codes: 0 planned, or done · 1 failed · 2 the file or the mapping has problems · 3 with
    rejected rows · 10 no such run · 11 already running · 12 login refused.
    """
    from crm_sink.flow.past import find_run
    from crm_sink.flow.retry import RetryRequest, latest_rejected, retry

    with context_of(target, log) as context:
        ledger = context.ledger
        old = find_run(run, ledger, context.home) if run else latest_rejected(ledger)
        loaded = load(mapping or str(old.details.get("mapping_file", old.mapping)))
        with telling(context, output) as told:
            planned = retry(RetryRequest(old, loaded, file, api=api_of(api)), told)
        if dry_run or not apply_now:
            print_plan(planned, output, limit=examples)
            return exit_code(planned)
        return deliver_and_print(planned, context, output)
