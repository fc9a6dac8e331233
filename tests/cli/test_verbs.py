"""What the command line says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink import __version__
from crm_sink.cli.verbs import VERBS

if TYPE_CHECKING:
    from tests.conftest import Desk


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_overview_lists_verbs_and_exit_codes(desk: Desk, arguments: list[str]) -> None:
    said = desk.crm_sink(*arguments)
    assert said.code == 0
    lines = {line.split()[0] for line in said.out.splitlines() if line.startswith("  ")}
    assert {"init", "doctor", "validate", "plan", "apply", "sync"} <= lines
    assert {"runs", "show", "org", "schema", "help"} <= lines
    assert {"0", "1", "2", "3", "4", "5", "10", "11", "12", "130"} <= lines


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_explains_itself(desk: Desk, verb: str) -> None:
    said = desk.crm_sink(verb, "--help")
    assert said.code == 0
    assert f"Usage: crm-sink {verb}" in said.out
    assert said.err == ""


@pytest.mark.parametrize("verb", ["plan", "apply", "sync", "validate", "show", "init"])
def test_the_help_of_a_verb_names_its_exit_codes(desk: Desk, verb: str) -> None:
    assert "Exit codes:" in desk.crm_sink(verb, "--help").out


def test_the_version_is_told(desk: Desk) -> None:
    assert desk.crm_sink("--version").out == f"crm-sink {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["snyc"], "Did you mean sync?"),
        (["sync"], "Missing argument 'MAPPING'"),
        (["sync", "lead.yaml", "--frobnicate"], "--frobnicate"),
        (["sync", "lead.yaml", "--format", "xml"], "'text', 'json', 'csv'"),
        (["help", "seting"], "crm-sink help settings"),
    ],
)
def test_a_slip_of_the_pen_is_2_with_a_hint(desk: Desk, arguments: list[str], hint: str) -> None:
    said = desk.crm_sink(*arguments)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


def test_every_help_page_can_be_read(desk: Desk) -> None:
    topics = [line.split()[0] for line in desk.crm_sink("help").out.splitlines()]
    assert {"mapping", "settings", "output", "exit-codes"} <= set(topics)
    for topic in topics:
        assert desk.crm_sink("help", topic).out.startswith("# ")
