"""Rows that the org refuses for a rule of its own: rejects that name the rule and the cure."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
import requests

from .conftest import COUNT, Office

if TYPE_CHECKING:
    from pathlib import Path

CREATE = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id, missing: create}
fields:
  Score__c: score
  LastName: "'Nobody'"
  Company: "'None'"
  Email: id || '@example.com'
"""


def rejects(office: Office) -> list[dict[str, str]]:
    path: Path = office.desk.folder / office.crm_sink("show --format json").data["rejects_file"]
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rule_against_duplicates(office: Office) -> dict[str, str]:
    """Let a lead's e-mail occur once, and predict for one whose e-mail is there."""
    known: dict[str, str] = office.desk.call(
        "POST", "/sobjects/Lead", json={**NOBODY, "Email": "new-1@example.com"}
    )
    rules = {"duplicate_rules": [{"object": "Lead"}]}
    requests.post(f"{office.desk.org.url}/__settings__", json=rules, timeout=30).raise_for_status()
    office.forget_writes()
    office.desk.predict(f"select 'new-' || i as id, 7 as score from range({COUNT}) r(i)")
    return known


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_what_a_duplicate_rule_warns_of_is_saved_where_the_mapping_allows_it(
    office: Office, api: str
) -> None:
    rule_against_duplicates(office)
    office.desk.write("lead.yaml", CREATE + "duplicates: allow\n")
    assert office.desk.crm_sink("sync", "lead.yaml", "--api", api).code == 0
    assert office.written() == (COUNT, 1)


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_a_record_that_a_duplicate_rule_refuses_is_a_reject_and_the_others_are_written(
    office: Office, api: str
) -> None:
    """Lead k-1 is not there by its key, but somebody with its e-mail is."""
    known = rule_against_duplicates(office)
    office.desk.write("lead.yaml", CREATE)
    said = office.desk.crm_sink("sync", "lead.yaml", "--api", api)
    assert said.code == 3
    [reject] = rejects(office)
    assert (reject["key"], reject["code"]) == ("new-1", "DUPLICATES_DETECTED")
    assert reject["message"].startswith("Use one of these records?")
    assert api == "bulk" or reject["message"].endswith(f" It is like {known['id']}")
    assert "a duplicate rule of the org found a record like this one" in reject["hint"]
    assert office.written() == (COUNT - 1, 1)


NOBODY = {"LastName": "Nobody", "Company": "None"}


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_a_row_that_a_validation_rule_or_trigger_refuses_is_a_reject_and_is_retried(
    office: Office, api: str
) -> None:
    [lead] = office.desk.look("SELECT Id FROM Lead WHERE Ext__c = 'k-1'")
    office.fail("row-error", preset="validation", attempts=None, ids=[lead["Id"]])
    assert office.desk.crm_sink("sync", "lead.yaml", "--api", api).code == 3
    [reject] = rejects(office)
    assert (reject["key"], reject["code"]) == ("k-1", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert reject["message"] == "The score is locked by the sales ops"
    office.mend()
    assert office.crm_sink("retry --apply --log none").code == 0
    assert office.written() == (COUNT, 1)
