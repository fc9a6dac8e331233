"""Borrows a session of the `sf` command line tool. It never writes to the tool's own files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from crm_sink.errors import Fate, LoginError
from crm_sink.settings import require_safe_url, without_settings

TIMEOUT = 120.0  # seconds; a cold start of sf takes several
SHOW_TOKEN = "sf org auth show-access-token --target-org {alias} --json"


def borrow(alias: str) -> tuple[str, str]:
    """Ask sf for the instance URL and the access token of an alias or username.

    Since 2026 `sf org display` prints `[REDACTED] ...` in place of the token, which another
    command then shows.

    Raises:
        LoginError: sf is missing, does not know the alias, or keeps the token to itself.
    """
    shown = _run(alias, "org", "display")
    url, token = shown.get("instanceUrl"), shown.get("accessToken")
    if not isinstance(token, str) or token.startswith("[REDACTED]"):
        token = _run(alias, "org", "auth", "show-access-token").get("accessToken")
    if not isinstance(url, str) or not isinstance(token, str) or not token:
        raise _refused(f"sf knows no session for {alias}", f"sf org login web --alias {alias}")
    if token.startswith("[REDACTED]"):
        raise _refused(
            f"sf does not show the access token of {alias}", SHOW_TOKEN.format(alias=alias)
        )
    require_safe_url(url, variable=f"the instance URL of sf:{alias}")
    return url.rstrip("/"), token


def _run(alias: str, *command: str) -> dict[str, Any]:
    program = shutil.which("sf")
    if program is None:
        raise _refused(
            "the sf CLI is not installed, or not on the PATH",
            "npm install --global @salesforce/cli, or set CRM_SINK_ACCESS_TOKEN",
        )
    arguments = [program, *command, "--target-org", alias, "--json"]
    try:
        done = subprocess.run(
            arguments,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            env=without_settings(os.environ),
        )
    except subprocess.TimeoutExpired:
        raise _refused(f"sf did not answer in {TIMEOUT:.0f} seconds", "sf org list") from None
    return _result(done.stdout, alias, " ".join(command))


def _result(stdout: str, alias: str, command: str) -> dict[str, Any]:
    try:
        document = json.loads(stdout)
    except ValueError:
        raise _refused(f"sf {command} printed no JSON", "sf update") from None
    result = document.get("result") if isinstance(document, dict) else None
    if not isinstance(result, dict):
        said = document.get("message") if isinstance(document, dict) else None
        raise _refused(
            f"sf {command} failed for {alias}: {said or 'it gives no reason'}",
            f"sf org login web --alias {alias}",
        )
    return result


def _refused(message: str, hint: str) -> LoginError:
    return LoginError(message, code="SF_CLI", fate=Fate.STOP, where="sf", hint=hint)
