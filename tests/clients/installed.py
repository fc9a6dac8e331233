"""Clients that others wrote: where they are, and running them in a home of their own.

scripts/test installs them (scripts/clients.py). Where one could not be installed its tests are left
out, loudly, and fail in CI.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "clients.py"
SECONDS = 300  # for the slowest command on a busy machine


@dataclass(frozen=True)
class Client:
    """The folder of an installed client, and the variables that its programs are given."""

    folder: Path
    variables: dict[str, str]

    def run(
        self, *command: str | Path, code: int = 0, cwd: Path | None = None, **variables: str
    ) -> str:
        """Run a program to its end; give its stdout.

        Raises:
            AssertionError: It ended with another code; the message holds what it said.
        """
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def installed(name: str, home: Path, first_on_path: str) -> Client:
    """Wait for a client's installation, and give it a home of its own."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "--find", name], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stdout.strip() or done.stderr.strip()
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(done.stdout.strip())
    path = os.pathsep.join([str(folder / first_on_path), os.environ["PATH"]])
    return Client(folder, {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"})
