"""Clients that others wrote, and orgs for them over http and https.

scripts/test installs them (scripts/clients.py). Where one could not be installed its tests are left
out, loudly, and fail in CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.emulator import certificates
from crm_sink.emulator.serve import running
from tests.conftest import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture(scope="session")
def clients_template(org_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an org with a certificate and the fields that these tests write to."""
    folder = tmp_path_factory.mktemp("clients_template") / "org"
    shutil.copytree(org_template, folder)
    certificates.load_or_make(folder)
    with running(folder) as org:
        desk = Desk(folder, org)
        desk.add_fields(
            "Lead",
            Ext__c="Text(80)",
            Score__c="Number(3, 0)",
            Band__c="Picklist(Hot, Cold)",
            Note__c="Text(20)",
        )
        for parent in ("Account", "Contact"):
            desk.add_fields(parent, Ext__c="Text(80)")
    return folder


@pytest.fixture
def desk(clients_template: Path, tmp_path: Path) -> Iterator[Desk]:
    """Sit down before an org over http."""
    folder = shutil.copytree(clients_template, tmp_path / "org")
    with running(folder) as org:
        yield Desk(tmp_path, org)


@pytest.fixture
def secure_desk(
    clients_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Sit down before an org over https, whose authority this process trusts for the time."""
    folder = shutil.copytree(clients_template, tmp_path / "org")
    tls = certificates.load_or_make(folder)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.bundle))
    with running(folder, tls=tls) as org:
        yield Desk(tmp_path, org)
