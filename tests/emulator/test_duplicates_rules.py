"""Duplicate rules (facts 7.3): a lead or contact with the e-mail of another one."""

from __future__ import annotations

from typing import Any

import pytest

ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}


@pytest.fixture
def ruled(api: Any) -> Any:
    """Give a session in an org where a lead's e-mail may occur once."""
    reply = api.post("/__settings__", {"duplicate_rules": [{"object": "Lead"}]})
    assert reply.status_code == 200, reply.text
    return api


def lead(email: str) -> dict[str, str]:
    return {"LastName": "Doe", "Company": "Acme", "Email": email}


def test_a_create_is_refused_with_the_recorded_body(ruled: Any) -> None:
    known = ruled.lead(Email="Ann@acme.example")
    reply = ruled.post("sobjects/Lead", lead("ann@ACME.example"))
    assert reply.status_code == 400
    (said,) = reply.json()
    assert list(said) == ["duplicateResut", "errorCode", "message"]
    assert (said["errorCode"], said["message"]) == (
        "DUPLICATES_DETECTED", "Use one of these records?",
    )  # fmt: skip
    result = said["duplicateResut"]
    keys = ["allowSave", "duplicateRule", "duplicateRuleEntityType", "errorMessage", "matchResults"]
    assert list(result) == keys
    assert result["duplicateRule"] == "Standard_Lead_Duplicate_Rule"
    (match,) = result["matchResults"]
    assert list(match) == [
        "entityType", "errors", "matchEngine", "matchRecords", "rule", "size", "success",
    ]  # fmt: skip
    assert match["matchRecords"][0]["record"] == {
        "attributes": {"type": "Lead", "url": f"/services/data/v60.0/sobjects/Lead/{known}"},
        "Id": known,
    }


def test_a_rule_that_warns_is_passed_over_when_the_header_says_so(ruled: Any) -> None:
    ruled.lead(Email="a@b.example")
    assert ruled.post("sobjects/Lead", lead("a@b.example")).status_code == 400
    reply = ruled.post("sobjects/Lead", lead("a@b.example"), headers=ALLOW)
    assert reply.status_code == 201


def test_a_rule_that_blocks_is_never_passed_over(api: Any) -> None:
    rule = {"object": "Lead", "allow_save": False, "message": "Already known"}
    api.post("/__settings__", {"duplicate_rules": [rule]})
    api.lead(Email="a@b.example")
    (said,) = api.post("sobjects/Lead", lead("a@b.example"), headers=ALLOW).json()
    assert (said["message"], said["duplicateResut"]["allowSave"]) == ("Already known", False)


def test_rows_of_a_collection_fail_alone_and_name_the_matches(ruled: Any) -> None:
    known = [ruled.lead(Email="a@b.example")]
    known.append(ruled.post("sobjects/Lead", lead("a@b.example"), headers=ALLOW).json()["id"])
    records = [
        {"attributes": {"type": "Lead"}, **lead(one)} for one in ("new@b.example", "a@b.example")
    ]
    good, bad = ruled.post("composite/sobjects", {"records": records}).json()
    (error,) = bad["errors"]
    assert (good["success"], error["statusCode"]) == (True, "DUPLICATES_DETECTED")
    matches = error["duplicateResut"]["matchResults"][0]["matchRecords"]
    assert [one["record"]["Id"] for one in matches] == known


def test_rows_of_a_job_fail_by_sf_error(ruled: Any) -> None:
    ruled.lead(Email="a@b.example")
    csv = "LastName,Company,Email\nDoe,Acme,a@b.example\n"
    said = ruled.row_error(csv)
    assert said == "DUPLICATES_DETECTED:Use one of these records?:--"
    ruled.session.headers.update(ALLOW)
    assert ruled.run_job(csv, "insert")["numberRecordsFailed"] == 0


def test_an_update_is_looked_at_only_when_it_moves_the_field(ruled: Any) -> None:
    ruled.lead(Email="a@b.example")
    other = ruled.lead(Email="c@b.example")
    path = f"sobjects/Lead/{other}"
    assert ruled.patch(path, {"Email": "C@b.example", "Company": "B"}).status_code == 204
    assert ruled.patch(path, {"Company": "C"}).status_code == 204
    assert ruled.patch(path, {"Email": "A@b.example"}).status_code == 400


def test_no_email_is_no_duplicate_and_a_deleted_record_neither(ruled: Any) -> None:
    gone = ruled.lead(Email="a@b.example")
    ruled.lead()
    ruled.lead()
    ruled.call("DELETE", f"sobjects/Lead/{gone}")
    assert ruled.post("sobjects/Lead", lead("a@b.example")).status_code == 201


def test_an_org_has_no_rules_unless_it_is_asked_to(api: Any) -> None:
    api.lead(Email="a@b.example")
    assert api.post("sobjects/Lead", lead("a@b.example")).status_code == 201
