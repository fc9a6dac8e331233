"""A local org's process is found again or gone, and its folder is closed to others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm_sink.cli import local_org


def test_an_interrupted_start_takes_its_process_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remembering(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        return started[-1]

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local_org.subprocess, "Popen", remembering)
    monkeypatch.setattr(local_org.time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        local_org.start(tmp_path / "org", port=0)
    monkeypatch.undo()
    assert started[0].wait(timeout=30) != 0


def test_the_home_is_closed_to_other_users_and_to_git(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "crm_sink.cli.main", "org"]
    variables = {**os.environ, "CRM_SINK_HOME": str(home)}
    variables["CRM_SINK_CLIENT_SECRET"] = "of another org"
    subprocess.run([*command, "start"], env=variables, check=True, capture_output=True)
    process = json.loads((home / "org" / "state.json").read_text())["pid"]
    given = Path(f"/proc/{process}/environ").read_bytes()
    subprocess.run([*command, "stop"], env=variables, check=True, capture_output=True)
    assert [path.stat().st_mode & 0o077 for path in (home, home / "org")] == [0, 0]
    assert (home / ".gitignore").read_text() == "*\n"
    assert b"CRM_SINK_" not in given  # it runs on: what it was given stays in sight
