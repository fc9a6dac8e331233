"""`crm-sink prune`: delete what is kept of old runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from crm_sink.cli.options import format_option, ledger_of
from crm_sink.cli.output import emit_csv, emit_json
from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta


@click.command()
@click.option(
    "--older-than", required=True, metavar="SPAN", help="Runs that ended longer ago go: 90d, 12w."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@format_option
def command(older_than: str, dry_run: bool, output: str) -> int:
    """Delete run folders and ledger rows of old runs.

    What they wrote is folded into a snapshot first, so that edits of people stay protected and
    leavers are still known. Runs that can be resumed, plans that can be applied, and the last batch
    that the gates compare with stay. A run that was pruned can no longer be undone, verified or
    retried.

    Exit codes: 0 done · 1 failed · 2 no such span.
    """
    from crm_sink.flow.prune import prune

    span = span_of(older_than)
    with ledger_of() as ledger:
        before = ledger.clock.now() - span
        pruned = prune(ledger, ledger.home, before=before, dry_run=dry_run)
    facts = {
        "runs": list(pruned.runs),
        "freed_bytes": pruned.freed_bytes,
        "kept": [{"run": run, "why": why} for run, why in pruned.kept],
        "dry_run": dry_run,
    }
    if output == "json":
        emit_json(facts)
    elif output == "csv":
        emit_csv([facts])
    else:
        noun = "run" if len(pruned.runs) == 1 else "runs"
        verb = "would go" if dry_run else "pruned"
        click.echo(f"{len(pruned.runs):,} {noun} {verb}, {pruned.freed_bytes / 1e6:,.1f} MB")
        for run, why in pruned.kept:
            click.echo(f"  kept {run}: {why}")
    return 0


def span_of(text: str) -> timedelta:
    """Give the time span of a text such as `90d`.

    Raises:
        UsageError: It is none.
    """
    from crm_sink.gates.measure import span

    if not re.fullmatch(r"\d{1,5}[hdw]", text):
        raise UsageError(f"{text!r} is no time span", hint="crm-sink prune --older-than 90d")
    return span(text)
