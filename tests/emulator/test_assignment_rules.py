"""Assignment rules fire unless a call says FALSE, and in jobs only when one is named (facts 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from pathlib import Path

OTHER, RULE = "005000000000007AAA", "01Q5g000000abcdEAA"
LEAD = {"LastName": "Doe", "Company": "Acme", "OwnerId": OTHER}
ITEM = {"attributes": {"type": "Lead"}, **LEAD}


@pytest.fixture
def org(api: Any) -> Any:
    """Give a session that says nothing of assignment rules, in an org with a second user."""
    del api.session.headers["Sforce-Auto-Assign"]
    with api.running.org.store.writing() as cursor:
        cursor.execute("insert into User (Id, LastName) values (?, 'Other')", [OTHER])
    return api


def create(org: Any, way: str, said: str | None, rule: str | None = None) -> None:
    """Create a lead that is another user's, with what a call says of rules, or a job's rule."""
    headers = {"Sforce-Auto-Assign": said} if said else {}
    named = {"assignmentRuleId": rule} if rule else {}
    row = f"LastName,Company,OwnerId\nDoe,Acme,{OTHER}\n"
    if way == "POST":
        org.post("sobjects/Lead", LEAD, headers=headers)
    elif way == "collection":
        org.post("composite/sobjects", {"records": [ITEM]}, headers=headers)
    elif way == "tree":
        record = {"attributes": {"type": "Lead", "referenceId": "a"}, **LEAD}
        org.post("composite/tree/Lead", {"records": [record]}, headers=headers)
    elif way == "bulk2":
        org.run_job(row, "insert", **named)
    else:
        bulk1(org, row, named)


def bulk1(org: Any, row: str, named: dict[str, str]) -> None:
    root = "/services/async/60.0/job"
    asked = {"operation": "insert", "object": "Lead", "contentType": "CSV", **named}
    job = org.post(root, asked).json()
    headers = {"Content-Type": "text/csv"}
    org.call("POST", f"{root}/{job['id']}/batch", data=row.encode(), headers=headers)
    org.post(f"{root}/{job['id']}", {"state": "Closed"})
    org.running.org.jobs.settle(20)


def outcome(org: Any) -> tuple[str, str | None]:
    """Give the last lead's owner, and the rule that the org remembers."""
    (change,) = org.get("/__log__?object=Lead").json()["changes"]
    return org.field(change["id"], "OwnerId"), change["assignment_rule"]


@pytest.mark.parametrize("way", ["POST", "collection", "tree"])
@pytest.mark.parametrize(
    ("said", "rule"),
    [(None, "default"), ("TRUE", "default"), (RULE, RULE), (RULE[:15], RULE)],
)
def test_a_call_fires_them_and_may_name_one(
    org: Any, way: str, said: str | None, rule: str
) -> None:
    create(org, way, said)
    assert outcome(org) == (org.running.org.user_id, rule)


@pytest.mark.parametrize("way", ["POST", "collection", "tree"])
@pytest.mark.parametrize("said", ["FALSE", "false"])
def test_a_call_that_says_false_does_not(org: Any, way: str, said: str) -> None:
    create(org, way, said)
    assert outcome(org) == (OTHER, None)


@pytest.mark.parametrize("way", ["bulk2", "bulk1"])
@pytest.mark.parametrize("rule", [None, RULE])
def test_a_job_fires_only_the_one_that_it_names(org: Any, way: str, rule: str | None) -> None:
    create(org, way, None, rule)
    assert outcome(org) == (org.running.org.user_id if rule else OTHER, rule)


def test_an_update_fires_them_too_and_the_page_of_changes_says_so(org: Any) -> None:
    create(org, "POST", "FALSE")
    assert "assignment rule ran" not in org.get("/lightning/changes").text
    (change,) = org.get("/__log__").json()["changes"]
    org.patch(f"sobjects/Lead/{change['id']}", {"Note__c": "x"})
    assert org.field(change["id"], "OwnerId") == org.running.org.user_id
    assert "assignment rule ran" in org.get("/lightning/changes").text


def test_contacts_have_no_rules(org: Any) -> None:
    made = org.post("sobjects/Contact", {"LastName": "Roe", "OwnerId": OTHER}).json()["id"]
    assert org.get(f"sobjects/Contact/{made}").json()["OwnerId"] == OTHER


def test_the_org_remembers_after_a_restart(api_folder: Path, log_in: Any) -> None:
    with running(api_folder) as org:
        api = log_in(org)
        api.post("sobjects/Lead", {**LEAD, "OwnerId": None}, headers={"Sforce-Auto-Assign": RULE})
    with running(api_folder) as org:
        (change,) = log_in(org).get("/__log__").json()["changes"]
        assert change["assignment_rule"] == RULE
