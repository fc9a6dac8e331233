"""Other people's clients are installed once, and who needs one waits: seen with an npm of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
# Keeps a diary; with a FIFO it waits until somebody opens that.
NPM = """#!/bin/sh
echo "$@" >>"$DIARY"
if [ -n "$FIFO" ]; then cat "$FIFO"; fi
if [ -n "$REASON" ]; then echo "$REASON"; exit 1; fi
"""


class Checkout:
    """A copy of the script and its versions, and an npm that installs nothing."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "our project"
        self.clients = self.root / ".clients"
        self.diary = folder / "diary"
        (self.root / "scripts").mkdir(parents=True)
        shutil.copy(SCRIPTS / "clients.py", self.root / "scripts")
        shutil.copytree(SCRIPTS / "clients", self.root / "scripts" / "clients")
        (folder / "npm").write_text(NPM)
        (folder / "npm").chmod(0o755)
        path = os.pathsep.join([str(folder), os.environ["PATH"]])
        self.variables = os.environ | {
            "PATH": path,
            "DIARY": str(self.diary),
            "FIFO": "",
            "REASON": "",
            "CRM_SINK_CLIENTS": "",
        }

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.root / "scripts" / "clients.py", *arguments],
            env=self.variables | variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=60)
        return process.returncode, (out + err).strip()

    def installs(self) -> int:
        """Count what was installed, leaving out an npm package with a newer node."""
        if not self.diary.exists():
            return 0
        return sum("--no-save" not in line for line in self.diary.read_text().splitlines())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_client_is_installed_once(checkout: Checkout) -> None:
    for _ in range(2):
        assert checkout.run("node") == (0, "")
    assert checkout.installs() == 1
    assert checkout.run("--find", "node") == (0, str(checkout.clients / "node"))


def test_other_versions_are_installed_anew(checkout: Checkout) -> None:
    checkout.run("node")
    (checkout.root / "scripts" / "clients" / "package.json").write_text("{}")
    assert checkout.run("--find", "node")[0] == 1
    checkout.run("node")
    assert checkout.installs() == 2
    assert (checkout.clients / "node" / "package.json").read_text() == "{}"


def test_a_failed_installation_says_why_and_is_tried_again(checkout: Checkout) -> None:
    code, said = checkout.run("node", REASON="no such package")
    assert (code, "node was not installed" in said) == (1, True)
    code, said = checkout.run("--find", "node")
    assert code == 1
    assert "exit status 1" in said
    assert "no such package" in (checkout.clients / "node" / "install.log").read_text()
    assert checkout.run("node") == (0, "")


def test_what_was_never_tried_says_how_to_try_it(checkout: Checkout) -> None:
    code, said = checkout.run("--find", "cumulusci")
    assert code == 1
    assert said.endswith("(try: python scripts/clients.py)")


def test_who_needs_a_client_waits_for_an_installation_in_the_background(
    checkout: Checkout, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert checkout.run("--behind", "node", FIFO=str(fifo))[0] == 0
    waiting = checkout.start("--find", "node")
    fifo.write_text("go on")  # npm has begun, or this would not return
    out, _ = waiting.communicate(timeout=60)
    assert out.strip() == str(checkout.clients / "node")


def test_the_clients_may_be_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    place = str(tmp_path / "kept")
    checkout.run("node", CRM_SINK_CLIENTS=place)
    assert checkout.run("--find", "node", CRM_SINK_CLIENTS=place) == (0, f"{place}/node")


def test_every_version_is_exact() -> None:
    for path in (SCRIPTS / "clients").glob("*.txt"):
        assert all("==" in line for line in path.read_text().splitlines())
