"""Faults that strike single rows: of jobs, of collections, of a record by itself."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest


def fault(api: Any, /, **given: Any) -> None:
    reply = api.post("/__faults__", {"kind": "row-error", **given})
    assert reply.status_code == 201, reply.text


def collection(api: Any, *records: dict[str, Any], by: str = "/Lead/Ext__c") -> list[Any]:
    sent = [{"attributes": {"type": "Lead"}, **one} for one in records]
    reply = api.patch(f"composite/sobjects{by}", {"allOrNone": False, "records": sent})
    assert reply.status_code == 200, reply.text
    found: list[Any] = reply.json()
    return found


def lead(key: str) -> dict[str, str]:
    return {"Ext__c": key, "LastName": "Doe", "Company": "Acme"}


def upsert(api: Any, *keys: str) -> tuple[list[str], dict[str, str]]:
    """Upsert leads of these keys by a job; give the written keys, and the errors of the others."""
    rows = "".join(f"{key},Doe,Acme\n" for key in keys)
    text = "Ext__c,LastName,Company\n" + rows
    job = api.run_job(text, "upsert", externalIdFieldName="Ext__c")
    assert job["numberRecordsProcessed"] == len(keys)
    good = csv.DictReader(io.StringIO(api.result(job, "successfulResults")))
    bad = csv.DictReader(io.StringIO(api.result(job, "failedResults")))
    return sorted(row["Ext__c"] for row in good), {row["Ext__c"]: row["sf__Error"] for row in bad}


def test_a_key_fails_in_a_job_at_its_first_attempts_and_then_passes(api: Any) -> None:
    fault(api, preset="lock", keys={"Ext__c": ["b"]}, attempts=2)
    for _ in range(2):
        good, bad = upsert(api, "a", "b")
        assert (good, list(bad)) == (["a"], ["b"])
        assert bad["b"].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")
        assert bad["b"].endswith(":--")
    assert upsert(api, "a", "b") == (["a", "b"], {})


def test_a_row_may_fail_for_ever_with_any_code_message_and_fields(api: Any) -> None:
    fault(api, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No: never", attempts=None,
          fields=["LastName", "Company"], keys={"ext__C": ["a"]})  # fmt: skip
    for _ in range(3):
        _, bad = upsert(api, "a")
        code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert bad == {"a": f"{code}:No: never:LastName Company --"}


def test_a_row_of_a_collection_fails_by_its_key_and_the_others_are_written(api: Any) -> None:
    fault(api, preset="apex-limit", keys={"Ext__c": ["b"]})
    first, second = collection(api, lead("a"), lead("b"))
    assert first["success"]
    assert second == {
        "success": False,
        "errors": [
            {
                "statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "message": "ScoreTrigger: System.LimitException: Too many SOQL queries: 101",
                "fields": [],
            }
        ],
        "created": False,
    }
    assert collection(api, lead("b"))[0]["success"]


def test_a_record_fails_by_its_id_in_15_characters_too(api: Any) -> None:
    first, second = api.lead(), api.lead()
    fault(api, preset="validation", ids=[first[:15]])
    bad, good = collection(
        api, {"Id": first, "Company": "B"}, {"Id": second, "Company": "B"}, by=""
    )
    assert (bad["success"], good["success"]) == (False, True)


def test_a_single_record_answers_400_and_is_not_written(api: Any) -> None:
    record = api.lead()
    fault(api, preset="lock", ids=[record], fields=["Company"])
    reply = api.patch(f"sobjects/Lead/{record}", {"Company": "New"})
    (said,) = reply.json()
    assert (reply.status_code, said["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert said["fields"] == ["Company"]
    assert api.field(record, "Company") == "Acme"


def test_collateral_takes_the_other_rows_of_the_200_along(api: Any) -> None:
    """Facts 7.2: good rows fail because other rows of the same 200 failed."""
    fault(api, preset="validation", keys={"Ext__c": ["k007"]}, collateral=True)
    keys = [f"k{at:03d}" for at in range(250)]
    good, bad = upsert(api, *keys)
    assert (len(good), len(bad)) == (50, 200)
    assert bad["k007"].startswith("FIELD_CUSTOM_VALIDATION_EXCEPTION:")
    assert bad["k008"].startswith("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:Too many retries of batch")
    assert len(upsert(api, *keys)[0]) == 250


def test_a_probability_strikes_the_same_rows_in_whatever_order_they_come(api: Any) -> None:
    keys = [f"k{at:03d}" for at in range(300)]
    fault(api, preset="lock", probability=0.2, seed=3, attempts=2)
    _, first = upsert(api, *keys)
    _, second = upsert(api, *reversed(keys))
    assert first.keys() == second.keys()
    assert 35 <= len(first) <= 85
    assert len(upsert(api, *keys)[0]) == 300


def test_a_count_bounds_the_rows_that_fail_in_all(api: Any) -> None:
    fault(api, preset="lock", count=3, attempts=None)
    assert len(upsert(api, "a", "b", "c", "d")[1]) == 3
    assert upsert(api, "a", "b")[1] == {}
    (rule,) = api.get("/__faults__").json()["rules"]
    assert rule["fired"] == 3


def test_a_row_that_is_wrong_by_itself_keeps_its_own_error(api: Any) -> None:
    fault(api, preset="lock")
    (bad,) = collection(api, {"Ext__c": "a", "LastName": "Doe"})
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


@pytest.mark.parametrize(("api_name", "by_job", "by_call"), [("ingest", 1, 0), ("rest", 0, 1)])
def test_a_rule_may_strike_one_api_only(api: Any, api_name: str, by_job: int, by_call: int) -> None:
    fault(api, preset="lock", api=api_name)
    assert len(upsert(api, "a")[1]) == by_job
    assert sum(not row["success"] for row in collection(api, lead("b"))) == by_call


def test_rows_that_all_or_none_rolled_back_have_had_their_attempt(api: Any) -> None:
    fault(api, preset="lock", keys={"Ext__c": ["b"]})
    sent = [{"attributes": {"type": "Lead"}, **lead(key)} for key in ("a", "b")]
    body = {"allOrNone": True, "records": sent}
    tried = [api.patch("composite/sobjects/Lead/Ext__c", body).json() for _ in range(2)]
    assert [[row["success"] for row in rows] for rows in tried] == [[False, False], [True, True]]
