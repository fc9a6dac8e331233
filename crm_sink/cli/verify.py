"""`crm-sink verify`: read back what a run wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crm_sink.cli.exit_code import DONE, REJECTED
from crm_sink.cli.options import context_of, format_option, log_option, target_option
from crm_sink.cli.output import emit_csv, emit_json

if TYPE_CHECKING:
    from crm_sink.flow.verify import Verified


@click.command()
@click.argument("run", required=False)
@click.option(
    "--sample", default=200, show_default=True, type=click.IntRange(1), help="How many records."
)
@click.option("--all", "everything", is_flag=True, help="Every record that the run wrote.")
@click.option("--values", is_flag=True, help="Show keys and values; they are masked by default.")
@target_option
@format_option
@log_option
def command(
    run: str | None,
    sample: int,
    everything: bool,
    values: bool,
    target: str | None,
    output: str,
    log: str,
) -> int:
    """Read back what a run wrote, a sample or all of it, and compare.

    RUN is a run's id or the beginning of one, by default the latest that wrote something. A record
    can differ because a person, a trigger or a later run has changed it since.

    Exit codes: 0 equal · 2 the run wrote nothing, or must be resumed first · 3 something differs ·
    10 no such run · 12 login refused.
    """
    from crm_sink.flow.past import find_written
    from crm_sink.flow.verify import verify

    with context_of(target, log) as context:
        found = find_written(run, context.ledger, context.home)
        verified = verify(found, context, sample=None if everything else sample)
    _print(verified, output, values=values)
    return DONE if verified.is_equal else REJECTED


def _print(verified: Verified, output: str, *, values: bool) -> None:
    from crm_sink.report.verified import difference_json, difference_lines

    listed = [difference_json(each, values=values) for each in verified.differences]
    if output == "text":
        of = "" if verified.checked == verified.written else f" of {verified.written:,}"
        click.echo(f"{verified.checked:,}{of} records of run {verified.run} read back")
        for word in ("equal", "different", "missing"):
            click.echo(f"  {word:<10}{getattr(verified, word):>9,}")
        if listed:
            click.echo("\nthe first that differ:")
            click.echo("\n".join(difference_lines(verified.differences, values=values)))
        return
    figures: dict[str, Any] = {
        name: getattr(verified, name)
        for name in ("run", "written", "checked", "equal", "different", "missing")
    }
    if output == "json":
        emit_json(figures | {"differences": listed})
    else:
        emit_csv([figures | {"differences": listed}])
