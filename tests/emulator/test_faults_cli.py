"""`crm-sink org faults` against a running org."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crm_sink.cli.org import command
from crm_sink.emulator.serve import write_state
from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]


@pytest.fixture
def run(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs `crm-sink org faults ...` in the home of a running org."""
    home = tmp_path / "home"
    (home / "org").mkdir(parents=True)
    write_state(home / "org", api.running)
    monkeypatch.setenv("CRM_SINK_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def faults(*words: str) -> str:
        result = CliRunner().invoke(command, ["faults", *words], catch_exceptions=False)
        return str(result.output)

    assert os.environ["CRM_SINK_HOME"]
    return faults


def test_a_rule_is_added_and_strikes(run: Run, api: Any) -> None:
    said = run("add", "status", "--method", "GET", "--path", "limits", "--count", "1",
               "--set", "status=503", "--set", "body=html")  # fmt: skip
    assert said.startswith('added f1: status method=["GET"] path="limits" count=1 status=503')
    assert "crm-sink org faults clear f1" in said
    assert [api.get("limits").status_code for _ in range(2)] == [503, 200]


def test_rules_are_listed_with_what_fired(run: Run, api: Any) -> None:
    assert run("list").startswith("no faults")
    run("add", "quota", "--name", "full", "--path", "limits", "--every", "2")
    for _ in range(3):
        api.get("limits")
    lines = run("list").splitlines()
    assert lines[0] == 'full: quota path="limits" every=2'
    assert lines[1].strip() == "fired 1 of 3 times that it was met"
    assert lines[-1].endswith("full  quota  GET /services/data/v60.0/limits")


def test_the_list_comes_as_json_and_as_csv(run: Run) -> None:
    run("add", "row-error", "--object", "Lead", "--set", "preset=lock",
        "--set", 'keys={"Ext__c": ["a"]}')  # fmt: skip
    (rule,) = json.loads(run("list", "--format", "json"))["rules"]
    assert (rule["keys"], rule["preset"]) == ({"Ext__c": ["a"]}, "lock")
    (row,) = csv.DictReader(io.StringIO(run("list", "--format", "csv")))
    assert (row["name"], row["kind"], row["fired"]) == ("f1", "row-error", "0")


def test_one_rule_or_all_are_cleared(run: Run, api: Any) -> None:
    for name in "abc":
        run("add", "quota", "--name", name)
    assert run("clear", "a") == "cleared a\n"
    assert [rule["name"] for rule in api.get("/__faults__").json()["rules"]] == ["b", "c"]
    run("clear")
    assert api.get("/__faults__").json()["rules"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "slow"), "slow needs seconds"),
        (("add", "slow", "--set", "speed=3"), "slow takes seconds"),
        (("add", "quota", "--set", "speed=3"), "quota takes no further options"),
        (("clear", "x"), "there is no rule named 'x'"),
    ],
)
def test_what_cannot_be_is_said_in_words(run: Run, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*words)


def test_without_a_running_org_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SINK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no local org is running"):
        CliRunner().invoke(command, ["faults", "list"], catch_exceptions=False)
