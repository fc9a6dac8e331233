"""The README is true: its transcript is run, its mapping checked, its Python executed."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.cli.verbs import EXIT_CODES, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.emulator.serve import Running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MARK = "=== a command of the README ==="

# What differs from run to run, and what stands in its place on both sides.
CHANGING = (
    (r"\d{8}-\d{6}-\d{3}-[0-9a-f]{4}", "RUN"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\(process \d+\)", "(process PID)"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?", "TIME"),
    (r"ended after \S+ s", "ended after SECONDS s"),
    (r"[\d.]+ (s|min|h)( \d+ \w+)? old", "AGE old"),
    (r"\b(00Q|750)\w{12,15}\b", r"\1ID"),
    (r"\S*/\.crm_sink/", "HOME/.crm_sink/"),
    (r"API calls    \d+", "API calls    CALLS"),  # polls are counted, and depend on the machine
    (r"\d+,\d+( calls are left today| of 15,000 a day)", r"LEFT\1"),
    (r"uploaded     .*", "uploaded     BYTES"),
)


def blocks(language: str, text: str = README) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.M | re.S)


def steps(text: str = README) -> list[tuple[str, str]]:
    """Give each command of the transcript with the output that the README shows."""
    found: list[tuple[str, str]] = []
    for block in blocks("console", text):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def normal(text: str) -> str:
    """Put words in place of what differs from run to run."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text


def shows(expected: str, real: str) -> bool:
    """Tell whether a README shows a real output; a line `...` stands for any lines left out."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n"
        for line in normal(expected).splitlines()
    ]
    return re.fullmatch("".join(lines), normal(real)) is not None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with the mappings and the scoring job, and stop an org that is left running."""
    folder = tmp_path / "desk"
    shutil.copytree(ROOT / "mappings", folder / "mappings")
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "scoring_job.py", folder / "scripts")
    yield folder
    stop = [sys.executable, "-m", "crm_sink.cli.main", "org", "stop"]
    subprocess.run(stop, cwd=folder, env=variables(folder), check=True, capture_output=True)


def variables(folder: Path) -> dict[str, str]:
    """Give an environment without settings, in which `python` and `crm-sink` are ours."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CRM_SINK_")}
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for tool, words in (("python", ""), ("crm-sink", " -m crm_sink.cli.main")):
        (tools / tool).write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        (tools / tool).chmod(0o755)
    return kept | {"PATH": f"{tools}{os.pathsep}{kept['PATH']}", "HOME": str(folder)}


def run(commands: list[str], folder: Path) -> list[str]:
    """Run commands in one shell, as a person would, and give what each printed on stdout."""
    script = "\n".join(f"{command}\necho '{MARK}'" for command in commands)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=variables(folder),
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    return done.stdout.split(f"{MARK}\n")[:-1]


def test_the_transcript_is_what_the_commands_print(desk: Path) -> None:
    commands = [command for command, _ in steps()]
    printed = run(commands, desk)
    assert len(printed) == len(commands) > 10
    for (command, expected), real in zip(steps(), printed, strict=True):
        if not shows(expected, real):
            old, new = normal(expected).splitlines(), normal(real).splitlines()
            changes = "\n".join(difflib.unified_diff(old, new, "README", "real", lineterm=""))
            pytest.fail(f"$ {command}\n{changes}\n\nWhat it really printed:\n{real}")


@pytest.mark.parametrize(
    ("readme", "real", "same"),
    [
        ("updated  303\n", "updated  303\n", True),
        ("updated  303\n", "updated  304\n", False),
        ("run 20261122-213251-366-498a\n", "run 20270101-000000-001-ffff\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nb\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("a\nb\n", "a\n", False),
    ],
)
def test_a_transcript_that_is_not_what_is_printed_is_noticed(
    readme: str, real: str, same: bool
) -> None:
    assert shows(readme, real) is same


def test_the_mapping_shown_is_a_right_one_and_its_example_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from crm_sink.cli.main import run as crm_sink

    (mapping,) = [block for block in blocks("yaml") if block.startswith("object:")]
    file = tmp_path / "shown.yaml"
    file.write_text(mapping)
    assert crm_sink(["validate", "--offline", str(file)]) == 0, capsys.readouterr().out
    assert "1 example" in capsys.readouterr().out
    assert 18 <= len(mapping.splitlines()) <= 26


def test_the_python_shown_runs(
    org: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is handed a DataFrame with one lead that the org has, and one that it has not."""
    import pandas as pd

    from crm_sink.emulator.seed.demo import seed

    seed(org.org.store, leads=2, accounts=0, contacts=0, opportunities=0, clock=org.org.clock)
    (mapping,) = [block for block in blocks("yaml") if block.startswith("object:")]
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "lead_score.yaml").write_text(mapping)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", org.url)
    monkeypatch.setenv("CRM_SINK_ACCESS_TOKEN", org.token())
    row = {"score": 0.9, "top_factors": ["visits"], "scored_at": datetime.now(UTC)}
    frame = pd.DataFrame([{"prospect_id": key, **row} for key in ("P-000001", "P-999999")])
    (code,) = blocks("python")
    exec(code, {"frame": frame})
    said = capsys.readouterr().out
    assert said.startswith("1 pass\n")
    assert "NOT_FOUND" in said


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_table_with_its_line(verb: str) -> None:
    assert f"| `crm-sink {verb}` | {VERBS[verb][1]} |" in README


@pytest.mark.parametrize("code", [code for code, _ in EXIT_CODES])
def test_every_exit_code_is_told(code: int) -> None:
    (told,) = re.findall(r"Exit codes:\n(.*?)help exit-codes", README, flags=re.S)
    assert re.search(rf"\b{code}\b", told)


def test_every_room_of_the_house_is_drawn() -> None:
    package = ROOT / "crm_sink"
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py"}
    rooms |= {path.parent.name for path in package.glob("*/*.py")}
    (drawing,) = [block for block in blocks("") if "the only wiring" in block]
    assert rooms - {"__init__"} - set(re.findall(r"\w+", drawing)) == set()


def test_files_that_are_linked_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_sections_stand_in_the_order_of_a_newcomers_questions() -> None:
    assert re.findall(r"^## (.*)$", README, flags=re.M) == [
        "What it looks like",
        "A mapping",
        "Commands",
        "How it works",
        "What happens when it fails",
        "Connecting a real org",
        "Python",
        "Sources",
        "On a schedule",
        "Speed",
        "What it does not do",
        "Developing",
    ]
