"""Faults that strike a call, each asked for over HTTP and met by a plain client."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

LEAD = {"LastName": "Doe", "Company": "Acme"}


def fault(api: Any, kind: str, **given: Any) -> str:
    reply = api.post("/__faults__", {"kind": kind, **given})
    assert reply.status_code == 201, reply.text
    (rule,) = reply.json()["rules"]
    return str(rule["name"])


def leads(api: Any) -> int:
    reply = api.get("query", params={"q": "SELECT COUNT() FROM Lead"})
    return int(reply.json()["totalSize"])


def test_drop_before_closes_the_connection_and_nothing_was_done(api: Any) -> None:
    fault(api, "drop-before", method="POST", path="sobjects/Lead", count=1)
    with pytest.raises(requests.ConnectionError):
        api.post("sobjects/Lead", LEAD)
    assert leads(api) == 0
    assert api.post("sobjects/Lead", LEAD).status_code == 201


def test_drop_after_closes_the_connection_and_the_record_is_there(api: Any) -> None:
    fault(api, "drop-after", method="POST", path="sobjects/Lead", count=1)
    with pytest.raises(requests.ConnectionError):
        api.post("sobjects/Lead", LEAD)
    assert leads(api) == 1


def test_drop_before_takes_an_upload_that_is_on_its_way(api: Any) -> None:
    job = api.open_job("insert")
    fault(api, "drop-before", method="PUT", path="jobs/ingest/*/batches")
    with pytest.raises(requests.ConnectionError):
        api.call("PUT", "/" + job["contentUrl"], data=b"LastName,Company\n" + b"D,A\n" * 500_000)
    assert "numberRecordsProcessed" not in api.get(f"jobs/ingest/{job['id']}").json()


def test_slow_waits_on_the_orgs_clock_and_then_answers(
    api_folder: Any, clock: Any, log_in: Any
) -> None:
    from crm_sink.emulator.serve import running

    with running(api_folder, clock=clock) as handle:
        api = log_in(handle)
        fault(api, "slow", seconds=12.5, path="limits", count=2)
        assert [api.get("limits").status_code for _ in range(3)] == [200, 200, 200]
        assert clock.slept == [12.5, 12.5]


def test_a_delay_of_over_a_minute_is_refused(api: Any) -> None:
    reply = api.post("/__faults__", {"kind": "slow", "seconds": 61})
    assert (reply.status_code, "seconds" in reply.json()["error"]) == (400, True)


def test_truncated_sends_a_part_of_the_body_and_closes(api: Any) -> None:
    fault(api, "truncated", path="limits", keep=0.25)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get("limits")
    body = api.get("limits", stream=True)
    whole, got = int(body.headers["content-length"]), len(body.raw.read(10_000, False))
    assert got == int(whole * 0.25)


def test_truncated_with_a_mended_length_shows_in_the_text_alone(api: Any) -> None:
    fault(api, "truncated", path="limits", mend_length=True)
    reply = api.get("limits")
    assert (reply.status_code, len(reply.content)) == (200, int(reply.headers["content-length"]))
    with pytest.raises(json.JSONDecodeError):
        reply.json()


def test_truncated_cuts_a_result_that_streams(api: Any) -> None:
    job = api.run_job("LastName,Company\nDoe,Acme\nRoe,Bolt\n", "insert")
    fault(api, "truncated", path="jobs/ingest/*/successfulResults", mend_length=True, keep=0.8)
    text = api.result(job, "successfulResults")
    assert text.startswith('"sf__Id","sf__Created",LastName,Company\n')
    assert (text.count('"Doe"'), text.endswith("\n")) == (1, False)
    assert '"Roe","Bolt"' not in text


@pytest.mark.parametrize("status", [420, 429, 500, 502, 503, 504])
def test_a_status_comes_with_salesforces_json_and_a_retry_after(api: Any, status: int) -> None:
    fault(api, "status", status=status, retry_after=7, method="POST")
    reply = api.post("sobjects/Lead", LEAD)
    assert (reply.status_code, reply.headers["Retry-After"]) == (status, "7")
    (said,) = reply.json()
    assert {"message", "errorCode"} == set(said)
    assert leads(api) == 0


def test_a_status_may_come_as_a_page_and_after_the_work(api: Any) -> None:
    fault(api, "status", status=502, body="html", processed=True, method="POST")
    reply = api.post("sobjects/Lead", LEAD)
    assert (reply.status_code, reply.headers["Content-Type"]) == (502, "text/html;charset=UTF-8")
    assert "Retry-After" not in reply.headers
    assert leads(api) == 1


def test_html_is_a_page_with_status_200(api: Any) -> None:
    fault(api, "html", path="limits")
    reply = api.get("limits")
    assert (reply.status_code, reply.text[:15]) == (200, "<!DOCTYPE html>")


def test_content_type_mislabels_the_right_body(api: Any) -> None:
    fault(api, "content-type", path="limits", content_type="text/plain")
    reply = api.get("limits")
    assert reply.headers["Content-Type"] == "text/plain"
    assert "DailyApiRequests" in reply.json()


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("expired", 401, ("Session expired or invalid", "INVALID_SESSION_ID")),
        ("quota", 403, ("TotalRequests Limit exceeded.", "REQUEST_LIMIT_EXCEEDED")),
        ("concurrency", 403, ("ConcurrentPerOrgLongTxn Limit exceeded.", "REQUEST_LIMIT_EXCEEDED")),
    ],
)
def test_sessions_and_limits_fail_in_the_words_of_the_facts(
    api: Any, kind: str, status: int, body: tuple[str, str]
) -> None:
    """Facts 1.6 and 7.1."""
    fault(api, kind, path="limits", count=1)
    reply = api.get("limits")
    assert reply.status_code == status
    assert reply.json() == [{"message": body[0], "errorCode": body[1]}]
    assert api.get("limits").status_code == 200


def test_a_revoked_session_is_dead_and_a_new_one_is_not(api: Any) -> None:
    fault(api, "expired", revoke=True, count=1, path="limits")
    assert [api.get("limits").status_code for _ in range(2)] == [401, 401]
    api.session.headers["Authorization"] = f"Bearer {api.running.token()}"
    assert api.get("limits").status_code == 200


def test_a_fault_strikes_neither_the_orgs_own_paths_nor_its_pages(api: Any) -> None:
    fault(api, "status", status=500)
    assert api.get("/__calls__").status_code == 200
    assert api.get("/").status_code == 200
    assert api.get("limits").status_code == 500


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "sobjects/Lead/describe", None),
        ("POST", "jobs/ingest", {"object": "Lead", "operation": "insert"}),
        ("POST", "composite/sobjects", {"records": [{"attributes": {"type": "Lead"}}]}),
        ("GET", "query?q=SELECT+Id+FROM+Lead", None),
        ("POST", "jobs/query", {"operation": "query", "query": "select Id from Lead"}),
    ],
)
def test_a_rule_for_an_object_finds_it_wherever_the_call_names_it(
    api: Any, method: str, path: str, body: Any
) -> None:
    fault(api, "status", status=503, object="lead")
    assert api.call(method, path, json=body).status_code == 503
    other = json.loads(json.dumps(body).replace("Lead", "Account"))
    assert api.call(method, path.replace("Lead", "Account"), json=other).status_code < 400


def test_a_rule_for_an_object_meets_the_calls_to_its_jobs(api: Any) -> None:
    job = api.open_job("insert")
    fault(api, "status", status=503, object="Lead", method=["PUT", "PATCH"])
    assert api.call("PUT", "/" + job["contentUrl"], data=b"x").status_code == 503
    assert api.get(f"jobs/ingest/{job['id']}").status_code == 200


def test_flaky_results_lose_or_double_rows_or_turn_columns_around(api: Any) -> None:
    job = api.run_job('LastName,Company\n"D\noe",Acme\nRoe,Bolt\n', "insert")

    def names(how: str) -> list[str]:
        name = fault(api, "flaky-results", how=how, path="jobs/ingest/*/successfulResults")
        text = api.result(job, "successfulResults")
        api.call("DELETE", f"/__faults__/{name}")
        return [one for one in ('"D\noe"', '"Roe"') for _ in range(text.count(one))] + [text[:9]]

    assert names("missing") == ['"Roe"', '"sf__Id",']
    assert names("doubled") == ['"D\noe"', '"D\noe"', '"Roe"', '"sf__Id",']
    assert names("reordered") == ['"D\noe"', '"Roe"', '"Company"']


def test_altered_changes_counts_and_takes_keys_away(api: Any) -> None:
    job = api.run_job("LastName,Company\nDoe,Acme\n", "insert")
    fault(api, "altered", path=f"jobs/ingest/{job['id']}", add={"numberRecordsProcessed": -1})
    assert api.get(f"jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] == 0
    fault(api, "altered", path="jobs/ingest", remove="id", set={"state": "Odd"})
    said = api.post("jobs/ingest", {"object": "Lead", "operation": "insert"}).json()
    assert ("id" in said, said["state"]) == (False, "Odd")
