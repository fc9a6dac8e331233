"""`crm-sink org seed`: fill the local org with records and fields."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import click

from crm_sink.cli import local_org
from crm_sink.cli.options import load
from crm_sink.cli.output import emit_json
from crm_sink.errors import CrmSinkError, UsageError

if TYPE_CHECKING:
    from crm_sink.cli.local_org import LocalOrg
    from crm_sink.mapping.model import LoadedMapping

SEED_SECONDS = 1800
REJECTED = 3
SHOWN = 10  # rows of a CSV file that do not fit
KINDS = ("leads", "accounts", "contacts", "opportunities")
DEFAULTS = {"leads": 10_000, "accounts": 500, "contacts": 1_500, "opportunities": 1_000}


@click.command()
@click.option("--leads", type=int, help="How many leads to make.")
@click.option("--accounts", type=int, help="How many accounts to make.")
@click.option("--contacts", type=int, help="How many contacts to make.")
@click.option("--opportunities", type=int, help="How many opportunities to make.")
@click.option("--seed", default=7, show_default=True, help="Another number, other records.")
@click.option("--mapping", multiple=True, help="Add the fields that this mapping declares.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Take the records of --object from this CSV file instead.",
)
@click.option("--object", "object_name", help="What the rows of --csv become.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="TARGET=HEADER",
    help="Which CSV column fills which field. TARGET is a field, a new one with its type "
    "(Id__c:Text(40):external_id), a lookup (Account.Key__c) or Owner.Name.",
)
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="FIELD:FROM=TO",
    help="A value of the file and what it is in the org.",
)
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="What stands in for an empty cell.",
)
@click.option("--date-format", help="How dates are written in the file, such as %m/%d/%Y.")
@click.option(
    "--history/--no-history",
    "history",
    default=None,
    help="Track how the fields that predictions are written to change. By default it is done where "
    "an object has at most 100,000 records, as it slows large jobs down.",
)
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")
def seed(
    mapping: tuple[str, ...],
    csv_file: str | None,
    object_name: str | None,
    columns: tuple[str, ...],
    values: tuple[str, ...],
    defaults: tuple[str, ...],
    date_format: str | None,
    seed: int,
    history: bool | None,
    output: str,
    **counts: int | None,
) -> int:
    """Fill the local org: made-up records, the fields of a mapping, or the rows of a CSV file.

    Without options: 10,000 leads, 500 accounts, 1,500 contacts and 1,000 opportunities, the same
    each time.

    Exit codes: 0 done · 1 the org refused · 2 usage · 3 done, with rows that do not fit.
    """
    wanted: dict[str, Any] = {"seed": seed, "history": history}
    wanted["fields"] = [field for file in mapping for field in declared_fields(load(file))]
    asked = {kind: count for kind, count in counts.items() if count is not None}
    if csv_file is not None:
        if object_name is None or not columns:
            raise UsageError("--csv needs --object and --column", hint="crm-sink org seed --help")
        wanted["csv"] = {
            "path": csv_file,
            "object": object_name,
            "columns": dict(_pair(text, "--column") for text in columns),
            "values": _translations(values),
            "defaults": dict(_pair(text, "--default") for text in defaults),
            "date_format": date_format,
        }
    elif asked or not mapping:
        wanted["records"] = {**(DEFAULTS if not asked else dict.fromkeys(KINDS, 0)), **asked}
    made = _fill(wanted)
    if output == "json":
        emit_json(made)
    else:
        click.echo(_in_words(made))
        if history and made["tracked"]:
            click.echo(f"history is kept of: {', '.join(made['tracked'])}")
    return REJECTED if made.get("csv", {}).get("rejected") else 0


def declared_fields(loaded: LoadedMapping) -> list[dict[str, Any]]:
    """Give the custom fields that a mapping needs: its external id, and those with a `type:`."""
    mapping = loaded.mapping
    key = mapping.match.field_name
    fields: list[dict[str, Any]] = []
    if key.endswith("__c"):
        fields.append(
            {"object": mapping.object, "name": key, "type": "Text(80)", "external_id": True}
        )
    for name, spec in mapping.fields.items():
        if name.endswith("__c") and "." not in name and spec.type:
            fields.append(
                {
                    "object": mapping.object,
                    "name": name,
                    "type": spec.type,
                    "label": spec.label,
                    "help": spec.help,
                }
            )
    return fields


def _fill(wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask the running org to fill itself; a stopped one is started for it, and stopped again."""
    folder = local_org.folder_of_home()
    found = local_org.find(folder)
    if found is not None:
        return _post(found, wanted)
    started = local_org.start(folder, port=0)
    try:
        return _post(started, wanted)
    finally:
        local_org.stop(folder)


def _post(org: LocalOrg, wanted: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{org.url}/__seed__",
        data=json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with org.open(request, seconds=SEED_SECONDS) as answer:
            made: dict[str, Any] = json.load(answer)
            return made
    except urllib.error.HTTPError as error:
        reason = json.load(error)["error"] if error.code in (400, 409) else str(error)
        hint = "crm-sink org reset" if error.code == 409 else "crm-sink help local-org"
        raise CrmSinkError(f"the local org was not seeded: {reason}", hint=hint) from None
    except urllib.error.URLError as error:
        raise CrmSinkError(
            f"the local org does not answer: {error.reason}",
            where=org.url,
            hint="crm-sink org start",
        ) from None


def _pair(text: str, option: str) -> tuple[str, str]:
    target, equals, rest = text.partition("=")
    if not equals or not target or not rest:
        raise UsageError(
            f"{option} {text}: write it as NAME=VALUE", hint="crm-sink org seed --help"
        )
    return target, rest


def _translations(values: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Read FIELD:FROM=TO."""
    found: dict[str, dict[str, str]] = {}
    for text in values:
        left, after = _pair(text, "--value")
        field, colon, before = left.partition(":")
        if not colon:
            raise UsageError(f"--value {text}: write it as FIELD:FROM=TO")
        found.setdefault(field, {})[before] = after
    return found


def _in_words(made: dict[str, Any]) -> str:
    lines = []
    if made.get("fields"):
        lines.append(f"fields added: {', '.join(made['fields'])}")
    records = made.get("records", {})
    counted = [f"{count:,} {kind}" for kind, count in records.items() if count]
    if counted:
        lines.append(f"made: {', '.join(counted)}")
    csv = made.get("csv")
    if csv:
        lines.append(f"{csv['inserted']:,} of {csv['rows']:,} rows inserted")
        shown = csv["rejects"][:SHOWN]
        lines += [f"  row {bad['row']}: {bad['column']}: {bad['reason']}" for bad in shown]
        if csv["rejected"] > len(shown):
            lines.append(
                f"  ... and {csv['rejected'] - len(shown):,} more (--format json tells more)"
            )
    return "\n".join(lines) or "nothing to do: the fields are there"
