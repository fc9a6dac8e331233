"""Whoever starts a local org and stops waiting for it leaves no process behind."""

from __future__ import annotations

import subprocess
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
