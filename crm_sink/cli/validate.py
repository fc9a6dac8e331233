"""`crm-sink validate`: check mapping files and run their examples."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crm_sink.cli.options import context_of, format_option, mapping_file, target_option
from crm_sink.cli.output import emit_csv, emit_json
from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from crm_sink.flow.validate import Validation

USAGE = 2


@click.command()
@click.argument("mappings", nargs=-1)
@click.option("--offline", is_flag=True, help="Ask no org, even when the environment names one.")
@target_option
@format_option
def command(mappings: tuple[str, ...], offline: bool, target: str | None, output: str) -> int:
    """Check mapping files and run their examples; report all problems at once.

    MAPPINGS are files, or names of files in mappings/; by default all of them. With an org (by
    --target or the environment) its fields are checked too.

    Exit codes: 0 no problem · 2 problems · 12 login refused.
    """
    from crm_sink.flow.validate import validate

    files = [mapping_file(text) for text in mappings] or sorted(Path("mappings").glob("*.y*ml"))
    if not files:
        raise UsageError("there are no mapping files in mappings/", hint="crm-sink init --help")
    asks_org = not offline and bool(target or os.environ.get("CRM_SINK_INSTANCE_URL"))
    with ExitStack() as stack:
        crm = stack.enter_context(context_of(target)).crm if asks_org else None
        validations = [validate(file, crm, environ=os.environ) for file in files]
    _print(validations, output)
    return USAGE if any(validation.problems for validation in validations) else 0


def _print(validations: list[Validation], output: str) -> None:
    problems = [problem for validation in validations for problem in validation.problems]
    if output != "text":
        fields = ("file", "line", "column", "message", "hint")
        rows = [{field: getattr(problem, field) for field in fields} for problem in problems]
        emit_json(rows) if output == "json" else emit_csv(rows, fields)
        return
    for validation in validations:
        for problem in validation.problems:
            click.echo(str(problem))
        if not validation.problems:
            click.echo(f"{validation.file}  ok: {', '.join(validation.checked)}")
        for note in validation.notes:
            click.echo(f"{validation.file}  note: {note}")
    if problems:
        plural = "problem" if len(problems) == 1 else "problems"
        click.echo(f"{len(problems)} {plural}", err=True)
