"""Bulk 1.0 in JSON and XML, and its queries, as simple-salesforce and jsforce send them."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = "/services/async/60.0/job"
SPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"


class Client:
    """Sends as simple-salesforce's `bulk` does: JSON, also where nothing is sent."""

    def __init__(self, api: Any, kind: str = "application/json") -> None:
        self.api = api
        token = api.session.headers["Authorization"].partition(" ")[2]
        self.headers = {"Content-Type": kind, "X-SFDC-Session": token, "Authorization": None}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, str | None) else json.dumps(body)
        return self.api.call(method, ROOT + path, data=data, headers=self.headers)

    def open_job(self, **asked: Any) -> str:
        reply = self.send("POST", "", {"object": "Lead", "contentType": "JSON", **asked})
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def run(self, job: str, body: Any) -> str:
        reply = self.send("POST", f"/{job}/batch", body)
        assert (reply.status_code, reply.json()["state"]) == (201, "Queued")
        self.api.running.org.jobs.settle()
        return f"/{job}/batch/{reply.json()['id']}"


@pytest.fixture
def client(api: Any) -> Client:
    return Client(api)


def test_json_jobs_are_told_in_json_and_mode_1_is_serial(client: Client) -> None:
    asked = {"operation": "insert", "object": "Lead", "concurrencyMode": 1, "contentType": "JSON"}
    reply = client.send("POST", "", asked)
    assert reply.headers["Content-Type"] == "application/json"
    job = reply.json()
    assert (job["concurrencyMode"], job["contentType"]) == ("Serial", "JSON")
    assert (job["apiVersion"], job["externalIdFieldName"]) == (60.0, None)
    closed = client.send("POST", f"/{job['id']}", {"state": "Closed"})
    assert (closed.status_code, closed.json()["state"]) == (200, "Closed")


def test_a_csv_job_is_told_in_xml_whatever_the_request_is_in(client: Client) -> None:
    """As tap-salesforce reads: JSON for the new job alone, whose content nobody knew before."""
    path = "/" + client.open_job(operation="query", contentType="CSV")
    client.headers["Content-Type"] = "text/csv"
    made = ElementTree.fromstring(client.send("POST", f"{path}/batch", "SELECT Id FROM Lead").text)
    client.headers["Content-Type"] = "application/json"
    batch = f"{path}/batch/{made.findtext(SPACE + 'id')}"
    closed = client.send("POST", path, {"state": "Closed"})
    client.api.running.org.jobs.settle()
    answers = [closed, *(client.send("GET", one) for one in (path, f"{path}/batch", batch))]
    told = [ElementTree.fromstring(one.text).tag.removeprefix(SPACE) for one in answers]
    assert told == ["jobInfo", "jobInfo", "batchInfoList", "batchInfo"]
    assert client.send("GET", f"{path}/batch/751000000000001").text.startswith("<?xml")
    assert client.send("GET", "/750000000000001").json()["exceptionCode"] == "InvalidJob"


def test_a_json_job_is_told_in_json_unless_xml_is_asked_for(client: Client) -> None:
    path = "/" + client.open_job(operation="query")
    client.headers["Content-Type"] = "text/plain"
    assert client.send("GET", path).json()["state"] == "Open"
    client.headers["Content-Type"] = "application/xml"
    assert client.send("GET", path).text.startswith("<?xml")


def test_a_json_upsert_writes_values_and_null_clears(client: Client) -> None:
    lead = client.api.lead(Ext__c="a-1", Note__c="old", Score__c=1)
    job = client.open_job(operation="upsert", externalIdFieldName="Ext__c", concurrencyMode=0)
    batch = client.run(
        job,
        [
            {"Ext__c": "a-1", "Score__c": 7, "Note__c": None, "Flag__c": True},
            {"Ext__c": "a-2", "LastName": 'a "q", b\nnl é', "Company": "Acme"},
            {"Ext__c": "a-3", "LastName": "Doe"},
        ],
    )
    first, second, third = client.send("GET", f"{batch}/result").json()
    assert first == {"success": True, "created": False, "id": lead, "errors": []}
    assert (second["success"], second["created"], second["id"][:3]) == (True, True, "00Q")
    assert (third["success"], third["id"]) == (False, None)
    (error,) = third["errors"]
    assert (error["statusCode"], error["fields"]) == ("REQUIRED_FIELD_MISSING", ["Company"])
    assert client.api.field(lead, "Note__c") is None
    assert (client.api.field(lead, "Score__c"), client.api.field(lead, "Flag__c")) == (7, True)
    assert client.api.field(second["id"], "LastName") == 'a "q", b\nnl é'


def test_a_field_that_a_record_leaves_out_is_left_alone(client: Client) -> None:
    one, two = client.api.lead(Note__c="keep"), client.api.lead(Note__c="change")
    job = client.open_job(operation="update")
    client.run(job, [{"Id": one, "Score__c": 3}, {"Id": two, "Note__c": "changed"}])
    assert client.api.field(one, "Note__c") == "keep"
    assert client.api.field(two, "Note__c") == "changed"


def test_a_nested_record_is_a_lookup_by_external_id(client: Client) -> None:
    account = client.api.post("sobjects/Account", {"Name": "Acme", "Ext__c": "acc-1"}).json()["id"]
    lead = client.api.lead()
    job = client.open_job(operation="update")
    batch = client.run(job, [{"Id": lead, "Acc__r": {"Ext__c": "acc-1"}}])
    assert client.send("GET", f"{batch}/result").json()[0]["success"] is True
    assert client.api.field(lead, "Acc__c") == account


def test_an_id_in_the_wrong_case_is_mended(client: Client) -> None:
    account = client.api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    lead = client.api.lead()
    wrong = {"Id": lead.lower(), "Acc__c": account.upper()}
    batch = client.run(client.open_job(operation="update"), [wrong])
    assert client.send("GET", f"{batch}/result").json()[0]["errors"] == []
    assert client.api.field(lead, "Acc__c") == account


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[{", "Failed to parse JSON"),
        ([], "Records not found"),
        ([{"Bogus__c": 1}], "Field name not found : Bogus__c"),
        ({"Name": "no array"}, "An array of records is expected"),
        ([{"LastName": "Doe"}] * 10_001, "Exceeded max records per batch : 10000"),
    ],
)
def test_a_json_batch_that_cannot_be_read_fails(client: Client, body: Any, words: str) -> None:
    batch = client.run(client.open_job(operation="insert"), body)
    told = client.send("GET", batch).json()
    assert told["state"] == "Failed"
    assert words in told["stateMessage"]
    result = client.send("GET", f"{batch}/result")
    assert (result.status_code, result.json()["exceptionCode"]) == (400, "InvalidBatch")


def test_a_json_query_gives_the_ids_of_results_and_then_records(client: Client) -> None:
    lead = client.api.lead(Ext__c="q-1", Score__c=5)
    job = client.open_job(operation="query")
    batch = client.run(job, "SELECT Id, Ext__c, Score__c, Owner.Name FROM Lead")
    (result,) = client.send("GET", f"{batch}/result").json()
    assert result[:3] == "752"
    (record,) = client.send("GET", f"{batch}/result/{result}").json()
    assert record["attributes"]["type"] == "Lead"
    assert (record["Id"], record["Ext__c"], record["Score__c"]) == (lead, "q-1", 5)
    assert record["Owner"]["Name"] == "Local Rep"


def test_a_csv_query_gives_a_result_list_and_quoted_rows(api: Any) -> None:
    lead = api.lead(Ext__c="q-1")
    client = Client(api, "application/xml; charset=UTF-8")
    info = (
        f'<jobInfo xmlns="{SPACE[1:-1]}"><operation>query</operation><object>Lead</object>'
        "<contentType>CSV</contentType></jobInfo>"
    )
    job = ElementTree.fromstring(client.send("POST", "", info).content).findtext(f"{SPACE}id")
    sent = client.send("POST", f"/{job}/batch", "select Id, Ext__c, Note__c from Lead")
    batch = ElementTree.fromstring(sent.content).findtext(f"{SPACE}id")
    api.running.org.jobs.settle()
    listed = client.send("GET", f"/{job}/batch/{batch}/result")
    root = ElementTree.fromstring(listed.content)
    assert (root.tag, [one.tag for one in root]) == (f"{SPACE}result-list", [f"{SPACE}result"])
    rows = client.send("GET", f"/{job}/batch/{batch}/result/{root[0].text}")
    assert rows.headers["Content-Type"] == "text/csv"
    assert rows.text == f'"Id","Ext__c","Note__c"\n"{lead}","q-1",""\n'
    wrong = client.send("GET", f"/{job}/batch/{batch}/result/752000000000009AAA")
    assert wrong.status_code == 400


def test_a_query_that_cannot_be_fails_its_batch(client: Client) -> None:
    batch = client.run(client.open_job(operation="query"), "SELECT Bogus__c FROM Lead")
    told = client.send("GET", batch).json()
    assert told["state"] == "Failed"
    start = "InvalidBatch : Failed to process query: INVALID_FIELD: "
    assert told["stateMessage"].startswith(start)


def test_xml_batches_are_read_and_their_results_told_in_xml(api: Any) -> None:
    """An empty element is ignored, xsi:nil clears."""
    lead = api.lead(Note__c="old", Code__c="code")
    client = Client(api, "application/xml")
    info = f'<jobInfo xmlns="{SPACE[1:-1]}"><operation>update</operation><object>Lead</object>'
    reply = client.send("POST", "", info + "<contentType>XML</contentType></jobInfo>")
    job = ElementTree.fromstring(reply.content).findtext(f"{SPACE}id")
    rows = f"""<sObjects xmlns="{SPACE[1:-1]}"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <sObject><Id>{lead}</Id><Note__c xsi:nil="true"/><Code__c></Code__c>
        <Score__c>9</Score__c></sObject>
      <sObject><Id>{lead[:-4]}zAAA</Id><Score__c>9</Score__c></sObject></sObjects>"""
    sent = client.send("POST", f"/{job}/batch", rows)
    batch = ElementTree.fromstring(sent.content).findtext(f"{SPACE}id")
    api.running.org.jobs.settle()
    result = client.send("GET", f"/{job}/batch/{batch}/result")
    good, bad = ElementTree.fromstring(result.content)
    assert [one.tag.removeprefix(SPACE) for one in good] == ["id", "success", "created"]
    assert bad.findtext(f"{SPACE}success") == "false"
    assert bad.findtext(f"{SPACE}errors/{SPACE}statusCode") is not None
    assert [api.field(lead, one) for one in ("Note__c", "Code__c", "Score__c")] == [None, "code", 9]


def test_an_xml_query_gives_typed_records_with_nil_for_null(api: Any) -> None:
    lead = api.lead(Ext__c="q-1")
    client = Client(api, "application/xml")
    info = f'<jobInfo xmlns="{SPACE[1:-1]}"><operation>query</operation><object>Lead</object>'
    reply = client.send("POST", "", info + "<contentType>XML</contentType></jobInfo>")
    job = ElementTree.fromstring(reply.content).findtext(f"{SPACE}id")
    soql = "SELECT Id, Note__c, Owner.Name FROM Lead"
    sent = client.send("POST", f"/{job}/batch", soql)
    path = f"/{job}/batch/{ElementTree.fromstring(sent.content).findtext(f'{SPACE}id')}/result"
    api.running.org.jobs.settle()
    result = ElementTree.fromstring(client.send("GET", path).content)[0].text
    (record,) = ElementTree.fromstring(client.send("GET", f"{path}/{result}").content)
    assert record.findtext(f"{SPACE}type") == "Lead"
    assert record.findtext(f"{SPACE}Id") == lead
    note = record.find(f"{SPACE}Note__c")
    assert note is not None
    assert note.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    assert record.findtext(f"{SPACE}Owner/{SPACE}Name") == "Local Rep"
