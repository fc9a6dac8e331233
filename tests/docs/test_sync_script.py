"""scripts/sync runs the mappings one by one and ends with the code of the worst."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

# A crm-sink that ends with the code in the mapping's name, and writes down what it was asked.
FAKE = """\
#!/bin/sh
echo "$@" >>"$DIARY"
name=$(basename "$2" .yaml)
exit "${name##*_}"
"""
# One that waits for a signal, as a run that finishes its calls in flight.
PATIENT = """\
#!/bin/sh
tail -f /dev/null &
trap 'kill $!; echo stopped >>"$DIARY"; exit 143' TERM
echo started >>"$DIARY"
wait
"""


class Project:
    """A folder with scripts/sync, its mappings, and a crm-sink that stands in for the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.diary = folder / "diary"
        (folder / "scripts").mkdir()
        (folder / "mappings").mkdir()
        (folder / "bin").mkdir()
        shutil.copy(SCRIPTS / "sync", folder / "scripts")
        (folder / "scripts" / "_environment").write_text(f'ROOT="{folder}"\n')
        self.stand_in(FAKE)

    def stand_in(self, text: str) -> None:
        program = self.folder / "bin" / "crm-sink"
        program.write_text(text)
        program.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        variables = {"PATH": path, "DIARY": str(self.diary)}
        return subprocess.Popen([self.folder / "scripts" / "sync", *arguments], env=variables)

    def mapping(self, name: str) -> None:
        (self.folder / "mappings" / f"{name}.yaml").touch()

    def said(self) -> list[str]:
        return self.diary.read_text().splitlines() if self.diary.exists() else []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([0, 0], 0),
        ([0, 3], 3),
        ([3, 4], 4),
        ([4, 1], 1),
        ([1, 3, 0], 1),
        ([2, 3], 2),
        ([11, 3], 11),
    ],
)
def test_the_exit_code_is_that_of_the_worst_run(
    project: Project, codes: list[int], worst: int
) -> None:
    names = [f"m{at}_{code}" for at, code in enumerate(codes)]
    assert project.start(*names).wait(timeout=60) == worst
    assert [line.split()[1] for line in project.said()] == names


def test_without_arguments_every_mapping_of_the_folder_is_synced(project: Project) -> None:
    project.mapping("b_3")
    project.mapping("a_0")
    assert project.start().wait(timeout=60) == 3
    assert project.said() == [
        "sync mappings/a_0.yaml --log json --format json",
        "sync mappings/b_3.yaml --log json --format json",
    ]


def test_a_refused_login_is_not_tried_again_for_the_other_mappings(project: Project) -> None:
    assert project.start("a_12", "b_0").wait(timeout=60) == 12
    assert len(project.said()) == 1


def test_a_signal_to_the_script_stops_the_run_politely_and_starts_no_other(
    project: Project,
) -> None:
    """In a container the script is process 1, which alone is told to stop."""
    project.stand_in(PATIENT)
    running = project.start("a_0", "b_0")
    while "started" not in project.said():
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 143
    assert project.said() == ["started", "stopped"]
