"""The org as a process of its own: its state file, and what survives a kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

PACKAGE = Path(__file__).parents[2]


def start(folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start an org and wait, by its pipe, until it has said that it answers."""
    ready, said = os.pipe()
    code = (
        "import os, sys\n"
        "from crm_sink.emulator import serve\n"
        "write = serve.write_state\n"
        f"serve.write_state = lambda *given: (write(*given), os.write({said}, b'up'))\n"
        f"sys.exit(serve.main(['--folder', {str(folder)!r}]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], pass_fds=[said], cwd=PACKAGE, env={**os.environ}
    )
    os.close(said)
    assert os.read(ready, 2) == b"up"
    os.close(ready)
    return process, json.loads((folder / "state.json").read_text())


def session(state: dict[str, Any]) -> requests.Session:
    form = {
        "grant_type": "client_credentials",
        "client_id": state["client_id"],
        "client_secret": state["client_secret"],
    }
    with requests.post(state["url"] + "/services/oauth2/token", data=form, timeout=10) as reply:
        made = requests.Session()
        made.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        return made


def test_the_state_file_says_where_and_goes_when_the_org_stops(org_folder: Path) -> None:
    process, state = start(org_folder)
    assert state["pid"] == process.pid
    assert (org_folder / "state.json").stat().st_mode & 0o777 == 0o600
    assert "session_key" not in state
    process.terminate()
    assert process.wait(20) == 0
    assert not (org_folder / "state.json").exists()


def test_an_accepted_write_survives_a_kill(org_folder: Path) -> None:
    process, state = start(org_folder)
    with session(state) as http:
        root = state["url"] + "/services/data/v60.0/sobjects/Account"
        made = http.post(root, json={"Name": "Kept"}, timeout=10).json()["id"]
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process, state = start(org_folder)
    with session(state) as http:
        root = state["url"] + "/services/data/v60.0/sobjects/Account"
        assert http.get(f"{root}/{made}", timeout=10).json()["Name"] == "Kept"
    process.terminate()
    process.wait(20)
