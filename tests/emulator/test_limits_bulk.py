"""The allowances of the bulk APIs: they fall, they refuse when spent, and come back in a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running

SPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
JOB = {"operation": "insert", "object": "Lead", "contentType": "CSV"}
WORDS = "ApiBatchItems Limit exceeded."
ROWS = "LastName,Company\nDoe,Acme\n"


@pytest.fixture
def api(org: Running, log_in: Any) -> Any:
    return log_in(org)


def left(api: Any, name: str) -> int:
    return int(api.get("limits").json()[name]["Remaining"])


def allow(api: Any, **settings: int) -> None:
    assert api.post("/__settings__", settings).status_code == 200


def classic(api: Any, path: str, body: Any, kind: str) -> Any:
    token = api.session.headers["Authorization"].partition(" ")[2]
    headers = {"X-SFDC-Session": token, "Content-Type": kind}
    path = f"/services/async/60.0/job{path}"
    sent = {"json": body} if isinstance(body, dict) else {"data": body}
    return api.call("POST", path, headers=headers, **sent)


def batch(api: Any) -> Any:
    job = classic(api, "", JOB, "application/json").json()["id"]
    return classic(api, f"/{job}/batch", ROWS, "text/csv")


def test_batches_of_both_bulk_apis_fall_from_one_allowance(api: Any) -> None:
    assert batch(api).status_code == 201
    assert left(api, "DailyBulkApiBatches") == 14_999
    job = api.run_job(ROWS, "insert")
    assert left(api, "DailyBulkApiBatches") == 14_998
    assert api.call("DELETE", f"jobs/ingest/{job['id']}").status_code == 204
    assert left(api, "DailyBulkApiBatches") == 14_998


def test_spent_batches_refuse_both_apis_and_come_back_a_day_later(api: Any) -> None:
    allow(api, daily_bulk_batches=1)
    batch(api)
    api.running.org.jobs.settle()
    refused = batch(api)
    root = ElementTree.fromstring(refused.content)
    assert refused.status_code == 400
    assert root.findtext(f"{SPACE}exceptionCode") == "ExceededQuota"
    assert root.findtext(f"{SPACE}exceptionMessage") == WORDS
    reply = api.post("jobs/ingest", {"object": "Lead", "operation": "insert"})
    assert (reply.status_code, reply.json()) == (
        400,
        [{"errorCode": "EXCEEDEDQUOTA", "message": f"ExceededQuota : {WORDS}"}],
    )  # fmt: skip
    api.running.org.clock.advance(86_401)
    fresh = type(api)(api.running, api.session)
    fresh.session.headers["Authorization"] = f"Bearer {api.running.token()}"
    assert left(fresh, "DailyBulkApiBatches") == 1
    assert batch(fresh).status_code == 201


def test_spent_query_jobs_refuse_and_leave_ingest_alone(api: Any) -> None:
    allow(api, daily_query_jobs=1)
    asked = {"operation": "query", "query": "SELECT Id FROM Lead"}
    assert api.post("jobs/query", asked).status_code == 200
    assert left(api, "DailyBulkV2QueryJobs") == 0
    reply = api.post("jobs/query", asked)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "EXCEEDEDQUOTA")
    assert api.run_job(ROWS, "insert")["state"] == "JobComplete"


def test_an_allowance_below_0_is_no_setting(api: Any) -> None:
    reply = api.post("/__settings__", {"daily_bulk_batches": -1})
    assert (reply.status_code, reply.json()) == (400, {"error": "daily_bulk_batches is at least 0"})
