"""The local org of this home as a process: where it is, whether it runs, starting and stopping it.

The org itself is `crm_sink.emulator`; it runs as a process of its own, so that it outlives the
command that started it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.errors import CrmSinkError, UsageError
from crm_sink.settings import without_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.settings import Settings

START_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class LocalOrg:
    """A running local org, as its state file tells.

    Attributes:
        ca_file: The authority to trust when its URL is https.
        ca_bundle: The same and all that this machine trusts, in one file.
    """

    url: str
    pid: int
    client_id: str
    client_secret: str
    username: str
    jwt_key_file: str
    ca_file: str | None = None
    ca_bundle: str | None = None

    def open(self, request: urllib.request.Request, *, seconds: float) -> http.client.HTTPResponse:
        """Send a request of our own to it: the pages below `/__...__`."""
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None
        answer = urllib.request.urlopen(request, timeout=seconds, context=context)
        assert isinstance(answer, http.client.HTTPResponse)
        return answer


def org_folder(home: Path) -> Path:
    """Give the folder of the home's local org."""
    return home / "org"


def folder_of_home() -> Path:
    """Give the folder of the local org of the home that the settings name."""
    from crm_sink.settings import load_settings

    return org_folder(load_settings().home)


def find(folder: Path) -> LocalOrg | None:
    """Give the running local org of a folder, or None."""
    try:
        state = json.loads((folder / "state.json").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise CrmSinkError(
            "the local org's state file cannot be read",
            where=str(folder / "state.json"),
            hint="crm-sink org reset",
        ) from error
    if not _is_alive(int(state["pid"])):
        return None
    return LocalOrg(
        url=state["url"],
        pid=int(state["pid"]),
        client_id=state["client_id"],
        client_secret=state["client_secret"],
        username=state["username"],
        jwt_key_file=state["private_key_file"],
        ca_file=state.get("ca_file"),
        ca_bundle=state.get("ca_bundle"),
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A child that has ended and was not waited for still has a pid.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def start(folder: Path, *, port: int, options: Sequence[str] = ()) -> LocalOrg:
    """Start the org of a folder as a process and wait until it answers.

    Raises:
        CrmSinkError: It did not come up; its own words say why.
    """
    from crm_sink.ledger.folder import make_home, make_private

    make_home(folder.parent)  # as a run does: records and keys are nobody else's business
    make_private(folder)
    (folder / "state.json").unlink(missing_ok=True)  # of a process that was killed
    log = folder / "org.log"
    # -P: a file of the folder in which the command runs must not stand in for a library.
    command = [sys.executable, "-P", "-m", "crm_sink.emulator.serve"]
    command += ["--folder", str(folder), "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=without_settings(os.environ),
        )
    try:
        return _wait_for_start(process, folder, log)
    except BaseException:  # Ctrl-C too: without its state file nobody would find the process
        process.terminate()
        raise


def _wait_for_start(process: subprocess.Popen[bytes], folder: Path, log: Path) -> LocalOrg:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = find(folder)
        if found is not None:
            return found
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines()
            raise CrmSinkError(
                f"the local org did not start: {said[-1] if said else 'it said nothing'}",
                where=str(log),
                hint="crm-sink org start --port 0",
            )
        time.sleep(0.05)
    raise CrmSinkError(
        f"the local org did not answer within {START_SECONDS:.0f} seconds",
        where=str(log),
        hint="crm-sink org start",
    )


def stop(folder: Path) -> LocalOrg | None:
    """Stop the running org of a folder and wait until it has; its records stay on disk."""
    found = find(folder)
    if found is None:
        return None
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(found.pid):
        if time.monotonic() > deadline:
            raise CrmSinkError(
                f"the local org (process {found.pid}) did not stop in {STOP_SECONDS:.0f} seconds",
                hint=f"kill {found.pid}",
            )
        time.sleep(0.05)
    return found


def local_settings(settings: Settings) -> Settings:
    """Point the settings at the running local org of their home (`--target local`).

    Over https this process trusts its authority from now on, beside those it trusted before.

    Raises:
        UsageError: No local org is running.
    """
    from pydantic import SecretStr

    found = find(org_folder(settings.home))
    if found is None:
        raise UsageError("no local org is running", hint="crm-sink org start")
    if found.ca_bundle:
        os.environ["REQUESTS_CA_BUNDLE"] = found.ca_bundle
    return settings.model_copy(
        update={
            "instance_url": found.url,
            "client_id": found.client_id,
            "client_secret": SecretStr(found.client_secret),
            "access_token": None,
            "username": None,
            "jwt_key_file": None,
        }
    )
