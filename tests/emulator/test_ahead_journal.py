"""The file ahead of the database holds what `append` returned for, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crm_sink.emulator.ahead.journal import Journal

LINES = [{"number": 1, "text": "a"}, {"number": 2, "text": "é\n"}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file of two lines that nobody has open."""
    journal = Journal(tmp_path / "ahead.jsonl")
    for one in LINES:
        journal.append(one)
    journal.close()
    return journal.path


def read(path: Path) -> list[object]:
    journal = Journal(path)
    try:
        return list(journal.read())
    finally:
        journal.close()


def test_lines_are_read_in_their_order(path: Path) -> None:
    assert read(path) == LINES


@pytest.mark.parametrize("lost", [1, 2, 20])
def test_a_line_that_a_kill_cut_off_was_never_there(path: Path, lost: int) -> None:
    os.truncate(path, path.stat().st_size - lost)
    assert read(path) == LINES[:1]


def test_a_damaged_line_and_what_follows_it_is_not_believed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    assert read(path) == []


def test_a_line_after_a_clear_stands_alone(path: Path) -> None:
    journal = Journal(path)
    journal.clear()
    journal.append({"number": 3})
    journal.close()
    assert read(path) == [{"number": 3}]


def test_a_line_that_the_disk_refuses_leaves_no_part_of_itself(path: Path) -> None:
    """The size that a file may have stands for a disk that is full."""
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from crm_sink.emulator.ahead.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size + 9, journal.size + 9))\n"
        "try:\n"
        "    journal.append({'number': 3})\n"
        "except OSError:\n"
        "    print('refused')\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == "refused\n"
    assert read(path) == LINES
