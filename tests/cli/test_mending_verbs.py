"""undo, retry, verify, prune and show, as a person types them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_sink.cli.main import run
from crm_sink.emulator.serve import Running
from tests.flow.conftest import MAPPING, Shop, shop_fields


def leads(org: Running) -> None:
    shop_fields(org)
    shop = Shop(org, Path())
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    shop.create("Lead", Ext__c="b")


@pytest.fixture
def beginning() -> Callable[[Running], None]:
    return leads


@pytest.fixture
def shop(org: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An org with two leads, a mapping with a CSV of predictions, and the settings in place."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "INSTANCE_URL": org.url,
        "CLIENT_ID": org.client_id,
        "CLIENT_SECRET": org.client_secret,
        "HOME": str(tmp_path / "home"),
    }.items():
        monkeypatch.setenv(f"CRM_SINK_{name}", value)
    Path("mappings").mkdir()
    Path("mappings/shop.yaml").write_text(MAPPING + "source: {csv: scores.csv}\n")
    return Shop(org, tmp_path / "home")


def predict(text: str) -> None:
    Path("scores.csv").write_text(f"id,score\n{text}\n")


def synced(capsys: pytest.CaptureFixture[str], *, code: int = 0) -> str:
    assert run(["sync", "shop", "--format", "json", "--log", "none"]) == code
    return str(json.loads(capsys.readouterr().out)["run"])


def values(shop: Shop) -> list[dict[str, Any]]:
    return shop.look("SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c")


def test_an_undo_is_a_plan_that_names_the_command_that_writes_it(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9")
    done = synced(capsys)
    assert run(["undo", done, "--log", "none"]) == 0
    text = capsys.readouterr().out
    assert "Score__c: 90 → 50" in text
    next_line = next(line for line in text.splitlines() if line.startswith("next"))
    assert values(shop)[0] == {"Score__c": 90, "Band__c": "Hot"}
    assert run([*next_line.split()[2:], "--log", "none"]) == 0
    assert values(shop)[0] == {"Score__c": 50, "Band__c": "Warm"}


def test_an_undo_can_be_applied_at_once_and_lists_what_it_leaves(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9")
    done = synced(capsys)
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    shop.change("Lead", lead["Id"], Band__c="Cold")
    assert run(["undo", done, "--yes", "--log", "none"]) == 0
    text = capsys.readouterr().out
    assert "Band__c: we wrote Hot, it holds Cold, not set to Warm; changed by " in text
    assert values(shop)[0] == {"Score__c": 50, "Band__c": "Cold"}


def test_retry_takes_the_latest_rejects_and_an_edited_file(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9\nb,nan")
    done = synced(capsys, code=3)
    assert run(["show", done, "--rejects", "--format", "csv"]) == 0
    records = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    records[0]["value"] = "33"
    with Path("edited.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    assert run(["retry", "--file", "edited.csv", "--yes", "--log", "none"]) == 0
    assert values(shop)[1]["Score__c"] == 33


def test_a_hostile_reject_file_is_an_error_with_a_place(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9\nb,nan")
    synced(capsys, code=3)
    Path("edited.csv").write_bytes(b"row,key,field,value\n1,\xff\n")
    assert run(["retry", "--file", "edited.csv", "--log", "none"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("crm-sink: edited.csv:2  the byte 0xff is not UTF-8")
    assert "Traceback" not in error


def test_verify_exits_3_when_something_differs_and_masks_values(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9")
    done = synced(capsys)
    assert run(["verify", done, "--log", "none"]) == 0
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    shop.change("Lead", lead["Id"], Band__c="Cold")
    capsys.readouterr()
    assert run(["verify", done, "--all", "--log", "none"]) == 3
    text = capsys.readouterr().out
    assert "Band__c: wrote …, holds …" in text
    assert "Cold" not in text
    assert run(["verify", done, "--values", "--format", "json", "--log", "none"]) == 3
    facts = json.loads(capsys.readouterr().out)
    assert (facts["different"], facts["differences"][0]["present"]) == (1, "Cold")


def test_prune_deletes_only_what_is_old(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    predict("a,0.9")
    done = synced(capsys)
    assert run(["prune", "--older-than", "90d", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == []
    assert run(["prune", "--older-than", "0d", "--dry-run"]) == 0
    assert "1 run would go" in capsys.readouterr().out
    assert run(["prune", "--older-than", "0d"]) == 0
    capsys.readouterr()
    assert run(["undo", done, "--log", "none"]) == 10
    assert "were pruned, and cannot be undone" in capsys.readouterr().err
    assert shop.home.is_dir()


@pytest.mark.usefixtures("shop")
def test_prune_wants_a_span(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prune", "--older-than", "soon"]) == 2
    assert "'soon' is no time span" in capsys.readouterr().err


@pytest.mark.usefixtures("shop")
def test_rejects_are_shown_masked_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    predict("a,0.9\nnobody@example.com,0.5")
    done = synced(capsys, code=3)
    assert run(["show", done, "--rejects"]) == 0
    assert "nobody@example.com  NOT_FOUND Ext__c" in capsys.readouterr().out
    assert run(["show", done, "--rejects", "--mask", "--format", "json"]) == 0
    text = capsys.readouterr().out
    assert "nobody" not in text
    assert [reject["key"] for reject in json.loads(text)] == ["…"]


def test_apply_overwrites_conflicts_only_when_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    predict("a,0.9")
    synced(capsys)
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    shop.change("Lead", lead["Id"], Band__c="Warm")
    predict("a,0.2")
    assert run(["plan", "shop", "--log", "none"]) == 0
    assert "it holds Warm, not set to Cold" in capsys.readouterr().out
    assert run(["apply", "--overwrite-conflicts", "--log", "none"]) == 0
    assert values(shop)[0] == {"Score__c": 20, "Band__c": "Cold"}
