"""`crm-sink plan`: show what would change, and keep it as a plan."""

from __future__ import annotations

import click

from crm_sink.cli.delivering import telling
from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.options import (
    api_of,
    api_option,
    context_of,
    examples_option,
    format_option,
    load,
    log_option,
    overwrite_option,
    target_option,
)
from crm_sink.cli.showing import print_plan


@click.command()
@click.argument("mapping")
@examples_option
@overwrite_option
@api_option
@target_option
@format_option
@log_option
def command(
    mapping: str,
    examples: int,
    overwrite_conflicts: bool,
    api: str,
    target: str | None,
    output: str,
    log: str,
) -> int:
    """Show what would change, and keep it as a plan.

    MAPPING is a mapping file, or the name of one in mappings/. Nothing is written to the org. The
    plan holds the old and new value of each field that really differs; `crm-sink apply` writes it.

    Exit codes: 0 planned · 2 the mapping has problems · 3 planned, with rejected rows · 4 held by a
    gate · 11 already running · 12 login refused.
    """
    from crm_sink.flow.context import Request
    from crm_sink.flow.decide import decide
    from crm_sink.flow.overwrite import overwriting

    loaded = load(mapping)
    if overwrite_conflicts:
        loaded = overwriting(loaded)
    with context_of(target, log) as opened, telling(opened, output) as context:
        run = decide(Request(loaded, api=api_of(api)), context)
    print_plan(run, output, limit=examples)
    return exit_code(run)
