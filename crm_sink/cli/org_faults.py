"""`crm-sink org faults`: have the local org fail, by rule, and see what failed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import click

from crm_sink.cli import local_org
from crm_sink.cli.options import format_option
from crm_sink.cli.output import emit_csv, emit_json
from crm_sink.emulator.faults.kinds import KINDS, options_of
from crm_sink.errors import CrmSinkError, UsageError

SECONDS = 60
SHOWN = 10
CONDITIONS = ("method", "path", "object", "operation")
OFTEN = ("after", "every", "count", "probability", "seed")


@click.group()
def faults() -> None:
    """Have the running local org fail, by rule.

    A rule says what goes wrong, where, and how often; the same ones go wrong again under the same
    seed. Rules hold until they are cleared or the org stops.

    Exit codes: 0 done · 1 the local org did not answer · 2 usage, or no local org is running.
    """


@faults.command()
@click.argument("kind", metavar="KIND", type=click.Choice(KINDS))
@click.option("--name", help="What to call the rule; by default f1, f2, ...")
@click.option("--method", multiple=True, help="Only calls of this method. Repeatable.")
@click.option("--path", help="Only calls to such a path, as jobs/ingest/*/batches.")
@click.option("--object", help="Only what is about this object.")
@click.option("--operation", help="Only jobs or rows of this operation, as update.")
@click.option("--after", type=int, help="Skip the first N matches.")
@click.option("--every", type=int, help="Fire on each Nth match.")
@click.option("--count", type=int, help="Fire at most N times.")
@click.option("--probability", type=float, help="Fire on this share of the matches, 0 to 1.")
@click.option("--seed", type=int, help="Another number, other matches.")
@click.option(
    "--set",
    "options",
    multiple=True,
    metavar="OPTION=VALUE",
    help='An option of the kind, as seconds=5 or keys=\'{"Ext__c": ["a"]}\'. Repeatable.',
)
@format_option
def add(kind: str, options: tuple[str, ...], output: str, **given: Any) -> int:
    """Add a rule of a KIND.

    KIND strikes a call (drop-before, drop-after, slow, truncated, status, html, content-type,
    expired, quota, concurrency, vanished-job, flaky-results, altered), a job (stuck-job,
    failed-job) or single rows (row-error).

    \b
    crm-sink org faults add drop-after --method PATCH --every 5
    crm-sink org faults add status --path 'jobs/*' --probability 0.2 --set status=503
    crm-sink org faults add slow --count 3 --set seconds=5
    crm-sink org faults add stuck-job --object Lead --set after_rows=1000
    crm-sink org faults add row-error --object Contact --set preset=lock --set attempts=2

    Exit codes: 0 added · 1 the org does not answer · 2 no org runs, or the rule cannot be.
    """  # noqa: D301 - click reads the escape itself, as "do not wrap these lines"
    rule = {"kind": kind, **{key: value for key, value in given.items() if value not in (None, ())}}
    rule |= dict(_option(kind, text) for text in options)
    (added,) = _call("POST", "", rule)["rules"]
    if output == "text":
        click.echo(f"added {added['name']}: {_in_words(added)}")
        click.echo(f"  clear it with: crm-sink org faults clear {added['name']}")
    else:
        _emit([added], output)
    return 0


@faults.command(name="list")
@format_option
def list_faults(output: str) -> int:
    """List the rules, how often each was met and has fired, and what fired last."""
    told = _call("GET", "")
    if output == "json":
        emit_json(told)
    elif output == "csv":
        _emit(told["rules"], output)
    else:
        click.echo("\n".join(_lines(told)))
    return 0


@faults.command()
@click.argument("name", required=False)
def clear(name: str | None) -> int:
    """Clear the rule of a NAME, or all rules; jobs that they held go on."""
    _call("DELETE", "" if name is None else f"/{quote(name, safe='')}")
    click.echo(f"cleared {name}" if name else "cleared: the local org fails no more on its own")
    return 0


def _option(kind: str, text: str) -> tuple[str, Any]:
    """Read OPTION=VALUE; a value that is no JSON is text."""
    key, equals, value = text.partition("=")
    if not equals or key not in options_of(kind):
        takes = ", ".join(sorted(options_of(kind) - {"kind", "name", *CONDITIONS, *OFTEN}))
        raise UsageError(
            f"--set {text}: {kind} takes {takes or 'no further options'}",
            hint="crm-sink org faults add --help",
        )
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    found = local_org.find(local_org.folder_of_home())
    if found is None:
        raise UsageError("no local org is running", hint="crm-sink org start")
    request = urllib.request.Request(
        f"{found.url}/__faults__{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    try:
        with found.open(request, seconds=SECONDS) as answer:
            said: dict[str, Any] = json.loads(answer.read() or b"{}")
            return said
    except urllib.error.HTTPError as error:
        if error.code not in (400, 404):
            raise CrmSinkError(f"the local org answered {error}", where=found.url) from None
        reason = json.load(error)["error"]
        raise UsageError(reason, hint="crm-sink org faults list") from None
    except OSError as error:
        raise CrmSinkError(
            f"the local org does not answer: {error}", where=found.url, hint="crm-sink org start"
        ) from None


def _emit(rules: list[dict[str, Any]], output: str) -> None:
    if output == "json":
        emit_json(rules)
        return
    emit_csv(
        [
            {
                "name": rule["name"],
                "kind": rule["kind"],
                "matched": rule.get("matched", 0),
                "fired": rule.get("fired", 0),
                "rule": _asked(rule),
            }
            for rule in rules
        ],
        ("name", "kind", "matched", "fired", "rule"),
    )


def _lines(told: dict[str, Any]) -> list[str]:
    if not told["rules"]:
        return ["no faults (try: crm-sink org faults add --help)"]
    lines = [
        f"{rule['name']}: {_in_words(rule)}\n"
        f"    fired {rule['fired']:,} of {rule['matched']:,} times that it was met"
        for rule in told["rules"]
    ]
    lines += [f"held in progress: job {job}" for job in told["stuck"]]
    lines += [f"not to be found: job {job}" for job in told["vanished"]]
    if told["fired"]:
        lines.append(f"last {min(SHOWN, len(told['fired']))} fired:")
    lines += [f"  {_event(one)}" for one in told["fired"][-SHOWN:]]
    return lines


def _event(event: dict[str, Any]) -> str:
    if "rows" in event:
        what = f"{event['rows']:,} rows of {event['source']}"
    elif "path" in event:
        what = f"{event['method']} {event['path']}"
    else:
        what = f"job {event['job']}"
    return f"{event['at']}  {event['rule']}  {event['kind']}  {what}"


def _in_words(rule: dict[str, Any]) -> str:
    asked = [f"{key}={json.dumps(value)}" for key, value in _asked(rule).items()]
    return " ".join([rule["kind"], *asked])


def _asked(rule: dict[str, Any]) -> dict[str, Any]:
    aside = {"kind", "name", "matched", "fired"}
    return {key: value for key, value in rule.items() if key not in aside}
