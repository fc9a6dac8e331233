"""`crm-sink org`: start, seed and stop the local Salesforce org."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING, Any

import click

from crm_sink.cli import local_org
from crm_sink.cli.options import format_option
from crm_sink.cli.org_faults import faults
from crm_sink.cli.org_profile import (
    as_arguments,
    columns_of,
    in_words,
    profile_options,
    refuse_another,
)
from crm_sink.cli.org_seed import seed
from crm_sink.cli.output import emit_csv, emit_json
from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from crm_sink.cli.local_org import LocalOrg


@click.group()
def command() -> None:
    """Start, seed and stop the local Salesforce org.

    It stands in for a real org on this machine: same calls, same answers, same refusals.
    `crm-sink help local-org` says what it does not imitate. Its records are in the home folder and
    survive a restart.
    """


@command.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of 127.0.0.1; 0 takes a free one.",
    show_default=True,
)
@click.option(
    "--tls/--no-tls", default=None, help="Serve https, with a certificate made for this org."
)
@profile_options
@format_option
def start(port: int, tls: bool | None, output: str, **profile: Any) -> int:
    """Start the local org, unless it runs already.

    What it is told of https, its quota and its speed holds for its next starts, too, until they say
    otherwise: `--latency 120ms --jobs-take 30s` is a far, busy org.

    Exit codes: 0 it runs · 1 it did not start, for instance because the port is in use · 2 usage,
    or it runs already with other options.
    """
    folder = local_org.folder_of_home()
    found = local_org.find(folder)
    if found is None:
        served = [] if tls is None else ["--tls" if tls else "--no-tls"]
        options = [*as_arguments(profile), *served]
        found = local_org.start(folder, port=port, options=options)
    else:
        refuse_another(found, profile)
        if tls is not None and tls != bool(found.ca_file):
            scheme = found.url.partition(":")[0]
            raise UsageError(
                f"the local org runs already, over {scheme}, at {found.url}",
                hint="crm-sink org stop",
            )
    _print(found, output)
    return 0


@command.command()
@format_option
def status(output: str) -> int:
    """Tell whether the local org runs, where, and how far and busy it is.

    Exit codes: 0 it runs · 1 it does not.
    """
    found = local_org.find(local_org.folder_of_home())
    _print(found, output)
    return 0 if found else 1


@command.command()
@format_option
def stop(output: str) -> int:
    """Stop the local org; its records stay.

    Exit codes: 0 it does not run any more · 1 it did not stop.
    """
    found = local_org.stop(local_org.folder_of_home())
    if output == "text":
        click.echo(f"stopped, {found.url}" if found else "no local org was running")
    else:
        _print(None, output)
    return 0


@command.command()
@click.confirmation_option(prompt="Delete every record of the local org?")
def reset() -> int:
    """Delete the local org: every record, field, login and setting. A running one starts anew.

    Exit codes: 0 deleted · 1 it did not stop or start · 130 the question was not answered with yes.
    """
    folder = local_org.folder_of_home()
    found = local_org.stop(folder)
    if folder.exists():
        shutil.rmtree(folder)
    if found is not None:
        port = int(found.url.rpartition(":")[2])
        options = ["--tls"] if found.ca_file else []
        _print(local_org.start(folder, port=port, options=options), "text")
    else:
        click.echo("deleted")
    return 0


@command.command()
def env() -> int:
    """Print the CRM_SINK_ variables of the running org, for `eval "$(crm-sink org env)"`.

    Exit codes: 0 printed · 2 no local org is running.
    """
    found = local_org.find(local_org.folder_of_home())
    if found is None:
        raise UsageError("no local org is running", hint="crm-sink org start")
    click.echo(f"export CRM_SINK_INSTANCE_URL={found.url}")
    click.echo(f"export CRM_SINK_CLIENT_ID={found.client_id}")
    click.echo(f"export CRM_SINK_CLIENT_SECRET={found.client_secret}")
    if found.ca_bundle:
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
            click.echo(f"export {variable}={shlex.quote(found.ca_bundle)}")
    return 0


def _print(found: LocalOrg | None, output: str) -> None:
    row = {
        "state": "running" if found else "stopped",
        "url": found.url if found else None,
        "pid": found.pid if found else None,
        **columns_of(found),
        "ca_file": found.ca_file if found else None,
    }
    if output == "json":
        emit_json(row)
    elif output == "csv":
        emit_csv([row])
    elif found is None:
        click.echo("no local org is running (try: crm-sink org start)")
    else:
        click.echo(f"local org at {found.url} (process {found.pid})")
        click.echo(f"  {in_words(row)}")
        if found.ca_file:
            click.echo(f"  its certificates are signed by {found.ca_file}")
        click.echo('  use it with: --target local, or eval "$(crm-sink org env)"')


command.add_command(seed)
command.add_command(faults)
