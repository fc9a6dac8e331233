"""Faults that strike a whole ingest job: stuck, failed, vanished."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

ROWS = "LastName,Company\nA,Acme\nB,Acme\nC,Acme\nD,Acme\nE,Acme\n"


def fault(api: Any, kind: str, **given: Any) -> str:
    reply = api.post("/__faults__", {"kind": kind, **given})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["rules"][0]["name"])


def closed(api: Any, csv: str = ROWS) -> str:
    """Hand in a job and give its id, without waiting for its end."""
    job = api.open_job("insert")
    api.call("PUT", "/" + job["contentUrl"], data=csv.encode())
    api.patch(f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    return str(job["id"])


def until_stuck(api: Any, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while job not in api.get("/__faults__").json()["stuck"]:
        assert time.monotonic() < deadline
    found: dict[str, Any] = api.get(f"jobs/ingest/{job}").json()
    return found


def test_a_stuck_job_stays_in_progress_until_its_rule_is_deleted(api: Any) -> None:
    name = fault(api, "stuck-job", object="Lead", after_rows=2)
    job = closed(api)
    said = until_stuck(api, job)
    assert (said["state"], said["numberRecordsProcessed"]) == ("InProgress", 2)
    api.call("DELETE", f"/__faults__/{name}")
    api.running.org.jobs.settle(20)
    said = api.get(f"jobs/ingest/{job}").json()
    assert (said["state"], said["numberRecordsProcessed"]) == ("JobComplete", 5)
    assert api.result({"id": job}, "successfulResults").count("Acme") == 5


def test_a_job_may_stick_with_all_its_rows_written(api: Any) -> None:
    """Facts 4.1: counts can be final while the state is still InProgress."""
    fault(api, "stuck-job", after_rows=100)
    said = until_stuck(api, closed(api))
    assert (said["state"], said["numberRecordsProcessed"]) == ("InProgress", 5)


def test_a_stuck_job_can_be_aborted_and_keeps_no_other_from_ending(api: Any) -> None:
    fault(api, "stuck-job", count=1, after_rows=3)
    stuck = closed(api)
    until_stuck(api, stuck)
    other = closed(api)
    api.patch(f"jobs/ingest/{stuck}", {"state": "Aborted"})
    api.running.org.jobs.settle(20)
    assert api.get(f"jobs/ingest/{other}").json()["state"] == "JobComplete"
    assert api.result({"id": stuck}, "unprocessedrecords").count("Acme") == 2
    api.call("DELETE", "/__faults__")
    api.running.org.jobs.settle(20)
    assert api.get(f"jobs/ingest/{stuck}").json()["state"] == "Aborted"


def test_a_job_fails_for_its_header_with_nothing_processed(api: Any) -> None:
    fault(api, "failed-job", count=1)
    job = api.run_job(ROWS, "insert")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 0)
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Injected__c"
    assert api.result(job, "unprocessedrecords") == ROWS
    assert api.run_job(ROWS, "insert")["state"] == "JobComplete"


def test_a_job_fails_part_way_and_lists_the_rest(api: Any) -> None:
    """Facts 4.2: rows already committed stay, unprocessedrecords lists the others."""
    fault(api, "failed-job", after_rows=3)
    job = api.run_job(ROWS, "insert")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 3)
    assert job["errorMessage"].startswith("TooManyLockFailure : ")
    written = api.result(job, "successfulResults")
    left = api.result(job, "unprocessedrecords")
    assert (written.count("Acme"), left.count("Acme")) == (3, 2)
    assert ('"C"' in written, '"D"' in left) == (True, True)


def test_a_fault_of_jobs_goes_by_object_and_operation(api: Any) -> None:
    fault(api, "failed-job", object="Account")
    fault(api, "failed-job", operation="upsert")
    assert api.run_job(ROWS, "insert")["state"] == "JobComplete"


def test_a_vanished_job_is_gone_for_every_later_call_but_was_worked(api: Any) -> None:
    fault(api, "vanished-job", method="GET", count=1)
    job = api.run_job(ROWS, "insert")
    not_found = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    assert job == not_found
    (known,) = api.running.org.jobs.all("ingest")
    reply = api.get(f"jobs/ingest/{known.id}/successfulResults")
    assert (reply.status_code, reply.json()) == (404, not_found)
    assert api.get("jobs/ingest").json()["records"] == []
    assert api.get("/__log__/counts").json()["records"] == 5
    api.call("DELETE", "/__faults__")
    assert api.get(f"jobs/ingest/{known.id}").json()["state"] == "JobComplete"


@pytest.mark.parametrize("rows", [1, 2, 4, 5])
def test_a_job_that_stuck_and_went_on_has_written_each_row_once(
    api_folder: Any, log_in: Any, rows: int
) -> None:
    """Batches of two rows, stuck at every place of them."""
    with running(api_folder, settings=OrgSettings(batch_rows=2)) as handle:
        api = log_in(handle)
        fault(api, "stuck-job", after_rows=rows)
        job = closed(api)
        until_stuck(api, job)
        api.call("DELETE", "/__faults__")
        handle.org.jobs.settle(20)
        counts = api.get(f"/__log__/counts?job={job}").json()
        assert (counts["records"], counts["most"]) == (5, 1)


def test_a_job_that_is_stuck_when_the_org_stops_is_ended_at_the_next_start(
    api_folder: Any, log_in: Any
) -> None:
    with running(api_folder) as handle:
        api = log_in(handle)
        fault(api, "stuck-job", after_rows=2)
        job = closed(api)
        until_stuck(api, job)
    with running(api_folder) as handle:
        handle.org.jobs.settle(20)
        api = log_in(handle)
        assert api.get(f"jobs/ingest/{job}").json()["state"] == "JobComplete"
        assert api.get("/__log__/counts").json()["most"] == 1
