"""`crm-sink resume`: go on with a run that was stopped."""

from __future__ import annotations

import click

from crm_sink.cli.delivering import deliver_and_print
from crm_sink.cli.options import context_of, format_option, log_option, target_option


@click.command()
@click.argument("run", required=False)
@target_option
@format_option
@log_option
def command(run: str | None, target: str | None, output: str, log: str) -> int:
    """Go on with a run that was stopped: by a signal, a crash, the network or the day's quota.

    RUN is a run's id or the beginning of one; by default the latest that is unfinished. What was
    sent before is settled first, and no row is sent twice.

    Exit codes: 0 done · 1 failed · 3 done, with rejected rows · 10 no such run · 11 already running
    · 12 login refused.
    """
    from crm_sink.flow.resume import latest_unfinished

    with context_of(target, log) as context:
        found = context.ledger.find(run) if run else latest_unfinished(context.ledger)
        return deliver_and_print(found, context, output)
