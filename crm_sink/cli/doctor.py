"""`crm-sink doctor`: check settings, login, org and ledger, and say what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from crm_sink.cli.options import context_of, format_option, ledger_of, settings_of, target_option
from crm_sink.cli.output import emit_csv, emit_json
from crm_sink.errors import CrmSinkError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    check: str
    ok: bool
    message: str
    hint: str = ""


@click.command()
@target_option
@format_option
def command(target: str | None, output: str) -> int:
    """Check settings, login, org and ledger, and say what to do about what is wrong.

    Nothing is written to the org.

    Exit codes: 0 all is well · 1 something failed · 2 a setting is wrong · 12 login refused.
    """
    findings: list[Finding] = []
    codes: list[int] = []

    def check(name: str, look: Callable[[], str]) -> bool:
        try:
            findings.append(Finding(name, True, look()))
        except CrmSinkError as error:
            place = f"{error.where}  " if error.where else ""
            findings.append(Finding(name, False, place + error.message, error.hint or ""))
            codes.append(error.exit_code)
            return False
        return True

    looks: dict[str, Callable[[], str]] = {
        "settings": lambda: _settings(target),
        "ledger": _ledger,
        "org": lambda: _org(target),
        "orphans": lambda: _orphans(target),
    }
    for name, look in looks.items():
        if not check(name, look):
            break  # each needs the one before it: what fails is told once
    _print(findings, output)
    return codes[0] if codes else 0


def _settings(target: str | None) -> str:
    from crm_sink.assemble import login_in_words

    return login_in_words(settings_of(target), None if target == "local" else target)


def _ledger() -> str:
    with ledger_of() as ledger:
        runs = ledger.history(limit=1)
        unfinished = [run for run in ledger.history(limit=50) if run.state == "writing"]
    latest = f"latest run {runs[0].run} is {runs[0].state}" if runs else "no runs yet"
    return latest if not unfinished else f"{latest}; run {unfinished[0].run} was not finished"


def _org(target: str | None) -> str:
    with context_of(target) as context:
        budget = context.crm.budget()
        return f"{context.org}: logged in; {budget.remaining:,} of {budget.limit:,} calls are left"


def _orphans(target: str | None) -> str:
    from crm_sink.flow.orphans import unknown

    with context_of(target) as context:
        found = unknown(context.open_jobs, context.ledger)
    if not found:
        return "no Bulk job of this user is open that the ledger does not know"
    ids = ", ".join(job.id for job in found[:MOST_SHOWN])
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    raise CrmSinkError(
        f"{len(found)} Bulk jobs of this user are open and not in the ledger: {ids}{more}. They "
        "have written nothing, and the org closes them after 24 hours",
        hint="crm-sink resume, if a run was cut off; else look in Setup, Bulk Data Load Jobs",
    )


def _print(findings: list[Finding], output: str) -> None:
    rows = [asdict(finding) for finding in findings]
    if output == "json":
        emit_json(rows)
    elif output == "csv":
        emit_csv(rows)
    else:
        for finding in findings:
            click.echo(
                f"{'ok    ' if finding.ok else 'FAILED'}  {finding.check:<8}  {finding.message}"
            )
            if finding.hint:
                click.echo(f"                  try: {finding.hint}")
