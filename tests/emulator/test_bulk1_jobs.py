"""Jobs and batches of Bulk 1.0 in XML: facts 5, element order as recorded."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

SPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
ROOT = "/services/async/60.0/job"
JOB_INFO = """<?xml version="1.0" encoding="UTF-8"?>
<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">
  <operation>{operation}</operation>
  <object>{object}</object>
  {more}
  <contentType>{content}</contentType>
</jobInfo>"""
STATE = (
    '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><state>{}</state></jobInfo>'
)
COUNTS = [
    "numberBatchesQueued", "numberBatchesInProgress", "numberBatchesCompleted",
    "numberBatchesFailed", "numberBatchesTotal", "numberRecordsProcessed", "numberRetries",
    "apiVersion", "numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime",
    "apexProcessingTime",
]  # fmt: skip


def send(api: Any, method: str, path: str, body: Any = None, kind: str = "application/xml") -> Any:
    token = api.session.headers["Authorization"].partition(" ")[2]
    headers = {"X-SFDC-Session": token, "Content-Type": kind, "Authorization": None}
    data = body.encode() if isinstance(body, str) else body
    return api.call(method, ROOT + path, data=data, headers=headers)


def told(reply: Any) -> dict[str, str]:
    """Give the elements of a reply in order, without their namespace."""
    root = ElementTree.fromstring(reply.content)
    assert root.tag.startswith(SPACE), root.tag
    return {child.tag.removeprefix(SPACE): child.text or "" for child in root}


def open_job(api: Any, operation: str, more: str = "", content: str = "CSV") -> str:
    body = JOB_INFO.format(operation=operation, object="Lead", more=more, content=content)
    reply = send(api, "POST", "", body)
    assert reply.status_code == 201, reply.text
    return told(reply)["id"]


def run_batch(api: Any, job: str, rows: str, kind: str = "text/csv") -> str:
    reply = send(api, "POST", f"/{job}/batch", rows, kind)
    assert reply.status_code == 201, reply.text
    api.running.org.jobs.settle()
    return told(reply)["id"]


def refused(reply: Any) -> tuple[int, str, str]:
    found = told(reply)
    return reply.status_code, found["exceptionCode"], found["exceptionMessage"]


def test_a_job_is_created_with_201_and_the_recorded_elements(api: Any) -> None:
    key = "<externalIdFieldName>Ext__c</externalIdFieldName>"
    reply = send(
        api, "POST", "", JOB_INFO.format(operation="upsert", object="lead", more=key, content="CSV")
    )
    assert (reply.status_code, reply.headers["Content-Type"]) == (201, "application/xml")
    job = told(reply)
    assert list(job) == [
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state",
        "externalIdFieldName", "concurrencyMode", "contentType", *COUNTS,
    ]  # fmt: skip
    assert (job["id"][:3], job["object"], job["state"]) == ("750", "Lead", "Open")
    assert (job["concurrencyMode"], job["apiVersion"]) == ("Parallel", "60.0")
    assert job["createdDate"].endswith(".000Z")


def test_a_batch_is_queued_and_its_result_has_every_row_in_the_order_sent(api: Any) -> None:
    """CSV as salesforce-bulk sends it: chunked, quoted, CR LF."""
    job = open_job(api, "insert")
    lines = ['"LastName","Company"\r\n', '"Doe","Acme"\r\n', '"Roe",""\r\n', '"Poe","Bolt"\r\n']
    reply = send(api, "POST", f"/{job}/batch", (one.encode() for one in lines), "text/csv")
    assert (reply.status_code, told(reply)["state"]) == (201, "Queued")
    api.running.org.jobs.settle()
    batch = told(send(api, "GET", f"/{job}/batch/{told(reply)['id']}"))
    assert (batch["id"][:3], batch["jobId"], batch["state"]) == ("751", job, "Completed")
    assert (batch["numberRecordsProcessed"], batch["numberRecordsFailed"]) == ("3", "1")
    result = send(api, "GET", f"/{job}/batch/{batch['id']}/result")
    assert result.headers["Content-Type"] == "text/csv"
    header, doe, roe, poe = result.text.splitlines()
    assert header == '"Id","Success","Created","Error"'
    assert doe[1:4] == "00Q"
    assert doe.endswith('","true","true",""')
    assert poe.endswith('","true","true",""')
    error = "REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --"
    assert roe == f'"","false","false","{error}"'


def test_an_upsert_takes_the_empty_id_column_that_jsforce_sends(api: Any) -> None:
    api.lead(Ext__c="e-1", Score__c=5)
    job = open_job(api, "upsert", "<externalIdFieldName>Ext__c</externalIdFieldName>")
    rows = "Id,Ext__c,LastName,Company,Score__c,Note__c\n,e-1,,,7,#N/A\n,e-2,Roe,Acme,8,new\n"
    batch = run_batch(api, job, rows)
    _, first, second = send(api, "GET", f"/{job}/batch/{batch}/result").text.splitlines()
    assert first.endswith('"true","false",""')
    assert second.endswith('"true","true",""')
    assert api.field(first.split(",")[0].strip('"'), "Score__c") == 7


def test_an_update_and_a_delete_find_their_records_by_id(api: Any) -> None:
    lead = api.lead()
    job = open_job(api, "update")
    run_batch(api, job, f"Id,Score__c\n{lead},42\n")
    assert api.field(lead, "Score__c") == 42
    gone = open_job(api, "delete")
    batch = run_batch(api, gone, f"Id\n{lead}\n")
    result = send(api, "GET", f"/{gone}/batch/{batch}/result").text
    assert result.endswith(f'"{lead}","true","false",""\n')
    assert api.get(f"sobjects/Lead/{lead}").status_code == 404


def test_a_batch_with_an_unknown_column_fails_alone_and_says_why(api: Any) -> None:
    job = open_job(api, "insert")
    bad = run_batch(api, job, "LastName,Company,Bogus__c\nDoe,Acme,1\n")
    run_batch(api, job, "LastName,Company\nRoe,Acme\n")
    batch = told(send(api, "GET", f"/{job}/batch/{bad}"))
    assert list(batch)[2:4] == ["state", "stateMessage"]
    words = "InvalidBatch : Field name not found : Bogus__c"
    assert (batch["state"], batch["stateMessage"]) == ("Failed", words)
    told_job = told(send(api, "POST", f"/{job}", STATE.format("Closed")))
    assert (told_job["state"], told_job["numberBatchesTotal"]) == ("Closed", "2")
    assert (told_job["numberBatchesFailed"], told_job["numberBatchesCompleted"]) == ("1", "1")


def test_the_list_of_batches_has_each_and_none_at_first(api: Any) -> None:
    job = open_job(api, "insert")
    empty = send(api, "GET", f"/{job}/batch").text
    assert empty.endswith(f'<batchInfoList xmlns="{SPACE[1:-1]}"/>')
    ids = [run_batch(api, job, "LastName,Company\nDoe,Acme\n") for _ in range(2)]
    root = ElementTree.fromstring(send(api, "GET", f"/{job}/batch").content)
    assert [one.findtext(f"{SPACE}id") for one in root] == ids


def test_what_was_sent_can_be_fetched_again(api: Any) -> None:
    job = open_job(api, "insert")
    batch = run_batch(api, job, "LastName,Company\nDoe,Acme\n", "text/csv; charset=UTF-8")
    reply = send(api, "GET", f"/{job}/batch/{batch}/request")
    assert reply.text == "LastName,Company\nDoe,Acme\n"
    assert reply.headers["Content-Type"] == "text/csv; charset=UTF-8"


def test_the_batches_of_a_serial_job_are_worked_in_their_order(api: Any) -> None:
    lead = api.lead()
    job = open_job(api, "update", "<concurrencyMode>Serial</concurrencyMode>")
    for score in range(12):
        send(api, "POST", f"/{job}/batch", f"Id,Score__c\n{lead},{score}\n", "text/csv")
    api.running.org.jobs.settle()
    assert told(send(api, "GET", f"/{job}"))["concurrencyMode"] == "Serial"
    assert api.field(lead, "Score__c") == 11


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("<jobInfo", "InvalidXml", "Unable to parse the request"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><jobInfo>&b;</jobInfo>', "InvalidXml", "DOCTYPE"),
        (
            JOB_INFO.format(operation="insert", object="Nope", more="", content="CSV"),
            "InvalidJob",
            "Unable to find object: Nope",
        ),
        (
            JOB_INFO.format(operation="upsert", object="Lead", more="", content="CSV"),
            "InvalidJob",
            "External ID was blank for Lead. An External ID must be specified for upsert.",
        ),
        (
            JOB_INFO.format(operation="merge", object="Lead", more="", content="CSV"),
            "InvalidJob",
            "merge",
        ),
        (
            JOB_INFO.format(operation="insert", object="Lead", more="", content="ZIP_CSV"),
            "UnsupportedContentType",
            "ZIP_CSV",
        ),
    ],
)
def test_a_job_that_cannot_be_is_refused_in_xml(api: Any, body: str, code: str, words: str) -> None:
    status, said_code, message = refused(send(api, "POST", "", body))
    assert (status, said_code) == (400, code)
    assert words in message


def test_a_dead_session_is_told_as_jsforce_looks_for_it(api: Any) -> None:
    headers = {"X-SFDC-Session": "00D!dead", "Authorization": None}
    reply = api.call("GET", f"{ROOT}/750000000000001AAA", headers=headers)
    assert refused(reply) == (400, "InvalidSessionId", "Invalid session id")


def test_a_retired_version_is_told_so(api: Any) -> None:
    reply = api.call("GET", "/services/async/29.0/job/750000000000001AAA")
    assert refused(reply)[:2] == (400, "InvalidVersion")


def test_a_call_costs_one_of_the_days_calls(api: Any) -> None:
    before = api.running.org.limits.used
    open_job(api, "insert")
    assert api.running.org.limits.used == before + 1


def test_a_spent_allowance_is_told_in_bulks_words(api: Any) -> None:
    api.running.org.limits.set_used(15_000)
    reply = send(api, "GET", "/750000000000001AAA")
    assert refused(reply) == (400, "ExceededQuota", "TotalRequests Limit exceeded.")


def test_a_closed_job_takes_no_batch_and_an_unknown_one_is_none(api: Any) -> None:
    job = open_job(api, "insert")
    send(api, "POST", f"/{job}", STATE.format("Closed"))
    late = send(api, "POST", f"/{job}/batch", "LastName\nDoe\n", "text/csv")
    assert refused(late)[:2] == (400, "InvalidJobState")
    assert refused(send(api, "GET", "/750000000000001AAA"))[:2] == (400, "InvalidJob")
    other = refused(send(api, "GET", f"/{job}/batch/751000000000001AAA"))
    assert other[:2] == (400, "InvalidBatch")


def test_an_aborted_job_does_not_process_its_waiting_batches(api_folder: Any, log_in: Any) -> None:
    with running(api_folder, settings=OrgSettings(work_jobs=False)) as handle:
        api = log_in(handle)
        job = open_job(api, "insert")
        reply = send(api, "POST", f"/{job}/batch", "LastName,Company\nDoe,Acme\n", "text/csv")
        batch = told(reply)["id"]
        early = refused(send(api, "GET", f"/{job}/batch/{batch}/result"))
        assert early == (400, "InvalidBatch", "Batch not completed")
        aborted = told(send(api, "POST", f"/{job}", STATE.format("Aborted")))
        assert aborted["state"] == "Aborted"
        state = told(send(api, "GET", f"/{job}/batch/{batch}"))["state"]
        assert state == "Not Processed"


def test_a_queued_batch_survives_a_stop_and_is_worked_at_the_next_start(
    api_folder: Any, log_in: Any
) -> None:
    with running(api_folder, settings=OrgSettings(work_jobs=False)) as handle:
        api = log_in(handle)
        job = open_job(api, "insert")
        reply = send(api, "POST", f"/{job}/batch", "LastName,Company\nDoe,Acme\n", "text/csv")
    with running(api_folder) as handle:
        api = log_in(handle)
        handle.org.jobs.settle()
        batch = told(send(api, "GET", f"/{job}/batch/{told(reply)['id']}"))
        assert (batch["state"], batch["numberRecordsProcessed"]) == ("Completed", "1")


def test_the_list_of_ingest_jobs_has_them_as_classic(api: Any) -> None:
    classic = open_job(api, "insert", "<concurrencyMode>Serial</concurrencyMode>")
    newer = api.open_job("insert")["id"]
    listed = api.get("jobs/ingest").json()["records"]
    found = [(one["id"], one["jobType"], one["concurrencyMode"]) for one in listed]
    assert found == [(newer, "V2Ingest", "Parallel"), (classic, "Classic", "Serial")]
    only = api.get("jobs/ingest?jobType=Classic").json()["records"]
    assert [one["id"] for one in only] == [classic]


def test_elements_nested_without_end_are_refused(api: Any) -> None:
    body = "<jobInfo>" + "<a>" * 100_000 + "</a>" * 100_000 + "</jobInfo>"
    assert refused(send(api, "POST", "", body))[:2] == (400, "InvalidXml")
