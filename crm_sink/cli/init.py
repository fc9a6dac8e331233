"""`crm-sink init`: start a new mapping from predictions and an object's describe."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import click

from crm_sink.cli.options import context_of, target_option
from crm_sink.errors import UsageError


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--object", "object_name", required=True, help="The destination, such as Lead.")
@click.option("--out", type=click.Path(path_type=Path), help="Default: mappings/<file's name>.yaml")
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@target_option
def command(
    predictions: Path, object_name: str, out: Path | None, force: bool, target: str | None
) -> int:
    """Start a new mapping from a Parquet or CSV file and an object's describe.

    PREDICTIONS is the scoring job's output. The new file names its columns beside the fields that
    fit them, with comments on what is left to decide; `crm-sink validate` checks it.

    Exit codes: 0 written · 1 the file cannot be read · 2 usage · 12 login refused.
    """
    from crm_sink.flow.draft import draft_mapping

    out = out or Path("mappings") / f"{_name(predictions)}.yaml"
    if out.exists() and not force:
        raise UsageError(f"{out} exists", hint=f"--out another.yaml, or --force to overwrite {out}")
    with context_of(target) as context:
        text = draft_mapping(predictions, object_name, context.crm, environ=os.environ)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"the mapping file cannot be written: {reason}"
        raise UsageError(message, where=str(out), hint="--out another.yaml") from error
    click.echo(f"{out} written", err=True)
    there = f" --target {shlex.quote(target)}" if target else ""
    click.echo(f"  next: crm-sink validate {shlex.quote(str(out))}{there}", err=True)
    return 0


def _name(predictions: Path) -> str:
    """Give a mapping's name: of `scores-*.csv.gz`, `scores`."""
    stem = Path(predictions.name.removesuffix(".gz")).stem
    return re.sub(r"[^\w.-]+", "_", stem).strip("_-.") or "mapping"
