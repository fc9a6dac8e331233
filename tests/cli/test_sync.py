"""`crm-sink sync`: what it prints, where, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Desk

KEYS = [
    "run", "mapping", "object", "kind", "state", "started", "ended", "source_rows", "planned",
    "created", "updated", "unchanged", "cleared", "rejected", "conflicts", "failed", "api",
    "api_calls", "uploaded_bytes", "jobs", "rejects_file", "verdict",
]  # fmt: skip


def test_it_writes_the_scores_and_ends_with_0(two: Desk) -> None:
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 0
    assert "sync lead → Lead: done" in said.out
    assert two.look("SELECT Ext__c, Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "a", "Score__c": 90, "Band__c": "Hot"},
        {"Ext__c": "b", "Score__c": 10, "Band__c": "Cold"},
    ]


def test_it_reads_the_org_once_for_its_plan_was_made_a_moment_ago(two: Desk) -> None:
    two.written()
    two.crm_sink("sync", "lead.yaml")
    counts = two.org.org.calls.counts()
    assert sum(count for call, count in counts.items() if "query" in call) == 1


def test_its_json_holds_every_promised_name_and_stands_alone_on_stdout(two: Desk) -> None:
    said = two.crm_sink("sync", "lead.yaml", "--format", "json")
    assert list(said.data)[: len(KEYS)] == KEYS
    assert (said.data["state"], said.data["updated"], said.data["object"]) == ("done", 2, "Lead")
    assert "records written" in said.err


def test_its_csv_has_one_header_and_one_row(two: Desk) -> None:
    said = two.crm_sink("sync", "lead.yaml", "--format", "csv")
    [row] = csv.DictReader(io.StringIO(said.out))
    assert list(row)[: len(KEYS)] == KEYS
    assert (row["updated"], row["jobs"]) == ("2", "[]")


def test_its_log_is_json_lines_on_stderr(two: Desk) -> None:
    said = two.crm_sink("sync", "lead.yaml", "--log", "json", "--format", "json")
    events = [json.loads(line)["event"] for line in said.err.splitlines()]
    assert events[0] == "run_began"
    assert events[-1] == "run_ended"
    assert said.data["updated"] == 2


def test_with_log_none_it_says_nothing_on_stderr(two: Desk) -> None:
    assert two.crm_sink("sync", "lead.yaml", "--log", "none").err == ""


def test_rejected_rows_end_it_with_3_and_the_rest_is_written(two: Desk) -> None:
    two.predict("from (values ('a', 0.9), ('nobody', 0.1)) t(id, score)")
    said = two.crm_sink("sync", "lead.yaml", "--format", "json")
    assert (said.code, said.data["updated"], said.data["rejected"]) == (3, 1, 1)
    with open(said.data["rejects_file"], encoding="utf-8", newline="") as file:
        [reject] = csv.DictReader(file)
    assert (reject["row"], reject["key"], reject["code"]) == ("2", "nobody", "NOT_FOUND")


def test_a_dry_run_writes_nothing(two: Desk) -> None:
    two.written()
    said = two.crm_sink("sync", "lead.yaml", "--dry-run")
    assert said.code == 0
    assert "to update    2" in said.out
    assert two.written() == {}
    assert two.look("SELECT Score__c FROM Lead") == [{"Score__c": None}] * 2


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_the_api_can_be_chosen(two: Desk, api: str) -> None:
    said = two.crm_sink("sync", "lead.yaml", "--api", api, "--format", "json")
    assert (said.data["api"], bool(said.data["jobs"])) == (api, api == "bulk")
    assert two.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null") == [{"n": 2}]


def test_a_second_sync_makes_no_write_call(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    two.written()
    said = two.crm_sink("sync", "lead.yaml", "--format", "json")
    assert (said.code, said.data["unchanged"], said.data["api"]) == (0, 2, None)
    assert two.written() == {}


def test_a_mapping_is_found_by_its_name(two: Desk) -> None:
    (two.folder / "mappings").mkdir()
    (two.folder / "lead.yaml").rename(two.folder / "mappings" / "lead.yaml")
    assert two.crm_sink("sync", "lead").code == 0
