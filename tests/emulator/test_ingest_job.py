"""The life of a Bulk 2.0 ingest job: facts 4.1 to 4.3, 4.7; key orders as recorded."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

BRIEF = [
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state",
    "externalIdFieldName", "concurrencyMode", "contentType", "apiVersion",
]  # fmt: skip
ROW = "LastName,Company\nDoe,Acme\n"


def upload(api: Any, job: dict[str, Any], content: Any) -> Any:
    headers = {"Content-Type": "text/csv"}
    return api.call("PUT", "/" + job["contentUrl"], data=content, headers=headers)


def close(api: Any, job: dict[str, Any], state: str = "UploadComplete") -> Any:
    return api.patch(f"jobs/ingest/{job['id']}", {"state": state})


def test_create_answers_200_with_the_recorded_keys(api: Any) -> None:
    job = api.open_job("upsert", externalIdFieldName="Ext__c")
    assert list(job) == [*BRIEF, "contentUrl", "lineEnding", "columnDelimiter"]
    assert job["contentUrl"] == f"services/data/v60.0/jobs/ingest/{job['id']}/batches"
    assert (job["id"][:3], job["state"], job["apiVersion"]) == ("750", "Open", 60.0)
    assert (job["lineEnding"], job["columnDelimiter"]) == ("LF", "COMMA")


def test_before_the_upload_there_are_no_counts_and_after_it_zeros(api: Any) -> None:
    job = api.open_job("insert")
    before = api.get(f"jobs/ingest/{job['id']}").json()
    assert "numberRecordsProcessed" not in before
    assert (before["jobType"], before["contentUrl"]) == ("V2Ingest", job["contentUrl"])
    reply = upload(api, job, ROW)
    assert (reply.status_code, reply.content) == (201, b"")
    assert reply.headers["Content-Type"] == "text/plain"
    after = api.get(f"jobs/ingest/{job['id']}").json()
    assert (after["state"], after["numberRecordsProcessed"]) == ("Open", 0)


def test_closing_answers_a_short_body_and_the_job_completes(api: Any) -> None:
    job = api.open_job("upsert", externalIdFieldName="Ext__c")
    upload(api, job, "Ext__c,LastName,Company\na,Doe,Acme\nb,Roe,\n")
    closed = close(api, job).json()
    assert (list(closed), closed["state"]) == (BRIEF, "UploadComplete")
    api.running.org.jobs.settle()
    done = api.get(f"jobs/ingest/{job['id']}").json()
    assert list(done) == [
        *BRIEF, "jobType", "lineEnding", "columnDelimiter", "numberRecordsProcessed",
        "numberRecordsFailed", "retries", "totalProcessingTime", "apiActiveProcessingTime",
        "apexProcessingTime",
    ]  # fmt: skip
    assert done["state"] == "JobComplete"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)


def test_a_chunked_upload_is_taken(api: Any) -> None:
    job = api.open_job("insert")
    assert upload(api, job, iter([b"LastName,Comp", b"any\nDoe,", b"Acme\n"])).status_code == 201
    close(api, job)
    api.running.org.jobs.settle()
    assert '"Doe","Acme"' in api.result(job, "successfulResults")


def test_a_second_upload_is_refused(api: Any) -> None:
    job = api.open_job("insert")
    upload(api, job, ROW)
    reply = upload(api, job, ROW)
    assert reply.status_code == 400
    assert reply.json() == [
        {
            "errorCode": "BULK_API_ERROR",
            "message": f"Found multipe contents for job: <{job['id']}>, please 'Close' / 'Abort' / "
            "'Delete' the current Job then create a new Job and make sure you only do 'PUT' once "
            "on a given Job.",
        }
    ]


def test_a_completed_job_cannot_be_aborted_nor_closed(api: Any) -> None:
    job = api.run_job(ROW, "insert")
    reply = close(api, job, "Aborted")
    assert reply.status_code == 400
    assert reply.json() == [
        {"errorCode": "INVALIDJOBSTATE", "message": "Aborting already Completed Job not allowed"}
    ]
    assert close(api, job).status_code == 400


def test_an_aborted_job_leaves_its_whole_upload_unprocessed(api: Any) -> None:
    job = api.open_job("insert")
    upload(api, job, ROW)
    assert close(api, job, "Aborted").json()["state"] == "Aborted"
    assert api.result(job, "unprocessedrecords") == ROW
    assert api.get("limits/recordCount?sObjects=Lead").json() == {"sObjects": []}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"object": "X", "operation": "insert"}, "INVALIDJOB",
         "InvalidJob : Unable to find object: X"),
        ({"object": "Lead", "operation": ""}, "API_ERROR",
         "Invalid value: '' supplied for property: 'operation'"),
        ({"object": "Lead", "operation": "upsert"}, "INVALIDJOB",
         "InvalidJob : External ID was blank for Lead. "
         "An External ID must be specified for upsert."),
        ({"object": "Lead", "operation": "upsert", "externalIdFieldName": "Company"}, "INVALIDJOB",
         "InvalidJob : Field name provided, Company does not match an External ID for Lead"),
    ],
)  # fmt: skip
def test_a_wrong_creation_is_refused(
    api: Any, body: dict[str, str], code: str, message: str
) -> None:
    reply = api.post("jobs/ingest", body)
    assert reply.status_code == 400
    assert reply.text == f'[{{"errorCode":"{code}","message":"{message}"}}]'


def test_a_job_may_come_whole_in_one_multipart_call(api: Any) -> None:
    parts = {
        "job": (None, '{"object":"Lead","operation":"insert"}', "application/json"),
        "content": ("content", ROW, "text/csv"),
    }
    reply = api.call("POST", "jobs/ingest", files=parts)
    assert (reply.status_code, reply.json()["state"]) == (200, "UploadComplete")
    api.running.org.jobs.settle()
    assert "Doe" in api.result(reply.json(), "successfulResults")


def test_the_list_is_filtered_by_type_and_newest_first(api: Any) -> None:
    first, second = api.open_job("insert"), api.open_job("delete")
    found = api.get("jobs/ingest?jobType=V2Ingest").json()
    assert (found["done"], found["nextRecordsUrl"]) == (True, None)
    assert [job["id"] for job in found["records"]] == [second["id"], first["id"]]
    assert api.get("jobs/ingest?jobType=Classic").json()["records"] == []


def test_only_an_ended_or_queued_job_can_be_deleted(api: Any) -> None:
    job = api.open_job("insert")
    assert api.call("DELETE", f"jobs/ingest/{job['id']}").status_code == 400
    close(api, job, "Aborted")
    assert api.call("DELETE", f"jobs/ingest/{job['id']}").status_code == 204
    gone = api.get(f"jobs/ingest/{job['id']}")
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_another_api_version_than_the_job_s_is_a_conflict(api: Any) -> None:
    job = api.open_job("insert")
    assert api.get(f"/services/data/v61.0/jobs/ingest/{job['id']}").status_code == 409


def test_an_accepted_job_is_worked_after_a_restart(api_folder: Any, log_in: Any) -> None:
    with running(api_folder, settings=OrgSettings(work_jobs=False)) as org:
        api = log_in(org)
        job = api.open_job("insert")
        upload(api, job, ROW)
        close(api, job)
    with running(api_folder) as org:
        org.org.jobs.settle()
        assert log_in(org).get(f"jobs/ingest/{job['id']}").json()["state"] == "JobComplete"


def test_a_job_cut_short_between_two_batches_repeats_no_row(api_folder: Any, log_in: Any) -> None:
    rows = "".join(f"l{number},Acme\n" for number in range(5))
    with running(api_folder, settings=OrgSettings(work_jobs=False, batch_rows=2)) as org:
        api = log_in(org)
        job = api.open_job("insert")
        upload(api, job, "LastName,Company\n" + rows)
        close(api, job)
        _work_until_the_second_batch_fails(org.org, job["id"])
        assert api.get("limits/recordCount?sObjects=Lead").json()["sObjects"][0]["count"] == 2
    with running(api_folder, settings=OrgSettings(batch_rows=2)) as org:
        org.org.jobs.settle()
        api = log_in(org)
        assert api.get("limits/recordCount?sObjects=Lead").json()["sObjects"][0]["count"] == 5
        assert len(api.result(job, "successfulResults").splitlines()) == 6
        assert api.get(f"jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] == 5


def test_an_aborted_job_keeps_what_was_committed_and_lists_the_rest(
    api_folder: Any, log_in: Any
) -> None:
    with running(api_folder, settings=OrgSettings(work_jobs=False, batch_rows=2)) as org:
        api = log_in(org)
        job = api.open_job("insert")
        upload(api, job, "LastName,Company\na,A\nb,B\nc,C\n")
        close(api, job)
        _work_until_the_second_batch_fails(org.org, job["id"])
        assert close(api, job, "Aborted").json()["state"] == "Aborted"
        done = api.result(job, "successfulResults")
        left = api.result(job, "unprocessedrecords")
        assert len(done.splitlines()) == 3
        assert left.splitlines()[0] == "LastName,Company"
        assert len(left.splitlines()) == 2
        assert api.get("limits/recordCount?sObjects=Lead").json()["sObjects"][0]["count"] == 2


def _work_until_the_second_batch_fails(org: Any, job_id: str) -> None:
    """Work a job in this thread with a disk that breaks when the second result is written."""
    from crm_sink.emulator.ingest.working import work

    (org.jobs.folder(job_id) / "successful.000000002.csv").mkdir()
    with pytest.raises(Exception, match=r"successful\.000000002"):
        work(org, org.jobs.find(job_id, "ingest"))
    (org.jobs.folder(job_id) / "successful.000000002.csv").rmdir()


def test_nobody_is_told_of_a_change_before_it_is_committed(api: Any) -> None:
    """A client that is told that a job is done must read what it wrote."""
    job, org = api.open_job("insert"), api.running.org
    with org.store.writing() as cursor:
        org.jobs.change(job["id"], cursor=cursor, state="JobComplete")
        assert api.get(f"jobs/ingest/{job['id']}").json()["state"] == "Open"
    assert api.get(f"jobs/ingest/{job['id']}").json()["state"] == "JobComplete"


def test_jobs_that_are_deleted_while_their_files_are_read_keep_nobody_from_work(api: Any) -> None:
    rows = "LastName,Company\n" + "Doe,Acme\n" * 100_000
    for _ in range(api.running.org.settings.parallel_jobs):
        job = api.open_job("insert")
        upload(api, job, rows)
        close(api, job)
        while api.get(f"jobs/ingest/{job['id']}").json()["state"] != "InProgress":
            pass
        assert close(api, job, "Aborted").status_code == 200
        assert api.call("DELETE", f"jobs/ingest/{job['id']}").status_code == 204
    assert api.run_job(ROW, "insert")["numberRecordsProcessed"] == 1


def test_a_form_that_is_none_is_a_bad_request(api: Any) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    reply = api.call("POST", "jobs/ingest", data=b"x", headers=headers)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "API_ERROR")


def test_the_next_page_of_a_list_is_of_the_same_kind(api: Any, monkeypatch: Any) -> None:
    for _ in range(2):
        api.open_job("insert")
    monkeypatch.setattr("crm_sink.emulator.bulk2.LISTED", 1)
    first = api.get("jobs/ingest?jobType=V2Ingest").json()
    assert "jobType=V2Ingest" in first["nextRecordsUrl"]
    second = api.get(first["nextRecordsUrl"]).json()
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)
    assert [one["id"] for one in first["records"]] != [one["id"] for one in second["records"]]
