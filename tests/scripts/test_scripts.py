"""The scripts are short, listed, and set themselves up without naming a registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
SHELL = sorted(path for path in SCRIPTS.iterdir() if path.is_file() and not path.suffix)


@pytest.mark.parametrize("path", [*SHELL, ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_a_shell_script_is_under_40_lines_and_stops_on_errors(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) < 40
    if path.name != "_environment":  # sourced: its caller's settings hold
        assert lines[0] == "#!/bin/sh"
        assert {"set -eu", "set -u"} & set(lines)
        assert path.stat().st_mode & 0o100, "not executable"


def test_every_script_is_listed_in_the_readme() -> None:
    page = (SCRIPTS / "README.md").read_text()
    files = {path.name for path in SCRIPTS.iterdir() if path.is_file()} - {"README.md"}
    assert {
        name for name in files if f"`{name}`" not in page and f"`scripts/{name}`" not in page
    } == set()


def test_ci_calls_the_two_scripts_and_nothing_else() -> None:
    text = re.sub(r"#.*", "", (ROOT / ".ci" / "run").read_text())
    assert sorted(re.findall(r"scripts/\w+", text)) == [
        "scripts/_environment",
        "scripts/check",
        "scripts/test",
    ]
    assert not re.search(r"\b(pip|python|pytest|ruff|mypy)\b", text)


def test_the_constraints_hold_names_and_exact_versions_only() -> None:
    lines = (SCRIPTS / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", line)] == []
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))


def test_every_dependency_has_an_exact_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(need for extra in extras for need in extra)]
    names = {re.split(r"[\[><=]", need)[0].replace(".", "-").replace("_", "-") for need in wanted}
    lines = (SCRIPTS / "constraints.txt").read_text().splitlines()
    assert names - {"crm-sink"} - {line.partition("==")[0] for line in lines} == set()
