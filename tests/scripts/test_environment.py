"""Scripts make their environment once: seen with a Python that only writes a diary."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOOLS = ("sh", "cat", "cksum", "dirname", "grep", "id", "mkdir", "mv", "rm", "tr", "chmod", "cut")

# A Python that can make environments, in which the installer does nothing. Both write a diary.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >>"$DIARY"
case $2 in venv) mkdir -p "$3/bin"; cat "$0" >"$3/bin/python"; chmod +x "$3/bin/python" ;; esac
[ "$2" != "${FAIL:-nothing}" ]
"""
SCRIPT = """#!/bin/sh
set -eu
EXTRA=%s
. "$(dirname "$0")/_environment"
echo "$PATH" | cut -d: -f1
"""


class Checkout:
    """A copy of the project's skeleton, with a fake Python as the only one there is."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "our project"
        self.diary = folder / "diary"
        tools = folder / "tools"
        (self.root / "scripts").mkdir(parents=True)
        tools.mkdir()
        for tool in TOOLS:
            (tools / tool).symlink_to(shutil.which(tool) or tool)
        self.fake_python = write(tools / "python3.12", FAKE_PYTHON)
        (self.root / "pyproject.toml").write_text("[project]\n")
        (self.root / "scripts" / "constraints.txt").write_text("duckdb==2.0.0\n")
        shutil.copy(SCRIPTS / "_environment", self.root / "scripts")
        for extra in ("test", "demo"):
            write(self.root / "scripts" / f"with_{extra}", SCRIPT % extra)
        self.variables = {"PATH": str(tools), "DIARY": str(self.diary)}

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / script],
            env=self.variables | variables,
            cwd="/",
            text=True,
            capture_output=True,
            check=False,
        )

    def installs(self) -> list[str]:
        """Give what was installed so far."""
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [line.rpartition(" ")[2] for line in lines if " install " in line]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_run_installs_and_puts_the_environment_on_the_path(checkout: Checkout) -> None:
    done = checkout.run("with_demo")
    assert done.stdout.strip() == str(checkout.root / ".venv" / "bin")
    assert checkout.installs() == [".[demo]"]


def test_the_second_run_installs_nothing_and_says_nothing(checkout: Checkout) -> None:
    checkout.run("with_demo")
    assert checkout.run("with_demo").stderr == ""
    assert checkout.installs() == [".[demo]"]


@pytest.mark.parametrize("file", ["pyproject.toml", "scripts/constraints.txt"])
def test_a_change_of_what_is_needed_installs_again(checkout: Checkout, file: str) -> None:
    checkout.run("with_demo")
    (checkout.root / file).write_text("changed\n")
    checkout.run("with_demo")
    assert checkout.installs() == [".[demo]", ".[demo]"]


def test_the_tests_environment_serves_the_demo_but_not_the_other_way(checkout: Checkout) -> None:
    checkout.run("with_demo")
    checkout.run("with_test")
    checkout.run("with_demo")
    assert checkout.installs() == [".[demo]", ".[test]"]


def test_the_environment_may_be_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    done = checkout.run("with_demo", CRM_SINK_VENV=str(tmp_path / "shared env"))
    assert done.stdout.strip() == str(tmp_path / "shared env" / "bin")


def test_an_installation_that_failed_is_tried_again(checkout: Checkout) -> None:
    assert checkout.run("with_demo", FAIL="pip").returncode == 1
    assert checkout.run("with_demo").returncode == 0
    assert len(checkout.installs()) == 2


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.run("with_demo")
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.10")
    assert checkout.run("with_demo").returncode == 0
    assert len(checkout.installs()) == 2


def test_a_python_without_pip_gets_one_in_the_environment(checkout: Checkout) -> None:
    write(checkout.fake_python, FAKE_PYTHON + '[ "$2 $3" != "pip --python" ]\n')
    assert checkout.run("with_demo").returncode == 0
    assert "-m ensurepip" in checkout.diary.read_text().splitlines()
    assert checkout.installs() == [".[demo]"]


def test_without_python_the_script_says_what_to_install(checkout: Checkout) -> None:
    checkout.fake_python.unlink()
    done = checkout.run("with_demo")
    assert done.returncode == 1
    assert "no Python 3.11 or newer with venv (try: apt-get install python3-venv)" in done.stderr


def test_debians_python_is_completed_when_we_may(checkout: Checkout, tmp_path: Path) -> None:
    """A Debian Python without venv: apt-get brings it, where we are root."""
    tools = tmp_path / "tools"
    checkout.fake_python.rename(tools / "kept")
    write(tools / "apt-get", f'#!/bin/sh\n[ "$1" = update ] || mv {tools}/kept {tools}/python3\n')
    (tools / "id").unlink()
    write(tools / "id", "#!/bin/sh\necho 0\n")
    assert checkout.run("with_demo").returncode == 0
    assert checkout.installs() == [".[demo]"]


def test_tests_without_chromium_fail_in_ci_and_say_so_loudly(checkout: Checkout) -> None:
    shutil.copy(SCRIPTS / "test", checkout.root / "scripts")
    done = checkout.run("test", CI="true")
    assert done.returncode == 1
    assert "NO CHROMIUM: the browser tests are LEFT OUT" in done.stderr


def test_tests_without_chromium_leave_out_the_browser_tests_at_home(checkout: Checkout) -> None:
    shutil.copy(SCRIPTS / "test", checkout.root / "scripts")
    assert checkout.run("test").returncode == 0
    assert checkout.diary.read_text().splitlines()[-1].startswith("-m pytest -m not browser")


def test_arguments_of_the_tests_go_to_pytest(checkout: Checkout, tmp_path: Path) -> None:
    shutil.copy(SCRIPTS / "test", checkout.root / "scripts")
    write(tmp_path / "tools" / "chromium", "#!/bin/sh\n")
    subprocess.run(
        [checkout.root / "scripts" / "test", "-k", "a or b"], env=checkout.variables, check=True
    )
    assert checkout.diary.read_text().splitlines()[-1] == "-m pytest -k a or b"


@pytest.mark.parametrize(("check", "test", "code"), [(0, 0, 0), (1, 0, 1), (0, 3, 3), (1, 3, 3)])
def test_ci_runs_both_at_once_and_ends_with_the_tests_last_line(
    tmp_path: Path, check: int, test: int, code: int
) -> None:
    for folder in ("scripts", ".ci"):
        (tmp_path / folder).mkdir()
    write(tmp_path / "scripts" / "_environment", f"ROOT='{tmp_path}'\n")
    wait = f"cat '{tmp_path}/begun'"  # a FIFO: neither waits for the other's end
    write(tmp_path / "scripts" / "check", f"#!/bin/sh\n{wait}\necho checked\nexit {check}\n")
    begin = f"echo tests begin >'{tmp_path}/begun'"
    write(tmp_path / "scripts" / "test", f"#!/bin/sh\n{begin}\necho $CI passed\nexit {test}\n")
    os.mkfifo(tmp_path / "begun")
    shutil.copy(SCRIPTS.parent / ".ci" / "run", tmp_path / ".ci")
    done = subprocess.run(
        [tmp_path / ".ci" / "run"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
        timeout=60,
    )
    said = ["tests begin", "checked", "true passed"]
    assert (done.returncode, done.stdout.splitlines()) == (code, said)
