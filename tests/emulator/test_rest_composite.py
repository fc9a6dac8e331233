"""Several requests in one call: facts 3.2 and 3.4."""

from __future__ import annotations

from typing import Any

ROOT = "/services/data/v60.0"


def test_later_parts_use_earlier_results(api: Any) -> None:
    parts = [
        {
            "method": "POST",
            "url": f"{ROOT}/sobjects/Account",
            "referenceId": "refAccount",
            "body": {"Name": "Sample"},
        },
        {
            "method": "POST",
            "url": f"{ROOT}/sobjects/Contact",
            "referenceId": "refContact",
            "body": {"LastName": "C", "AccountId": "@{refAccount.id}"},
        },
    ]
    reply = api.post("composite", {"compositeRequest": parts})
    first, second = reply.json()["compositeResponse"]
    assert list(first) == ["body", "httpHeaders", "httpStatusCode", "referenceId"]
    account = first["body"]["id"]
    assert first["httpHeaders"] == {"Location": f"{ROOT}/sobjects/Account/{account}"}
    contact = api.get(f"sobjects/Contact/{second['body']['id']}?fields=AccountId").json()
    assert contact["AccountId"] == account


def test_a_missing_record_is_404_inside_and_200_outside(api: Any) -> None:
    part = {"method": "GET", "url": f"{ROOT}/sobjects/Lead/nope", "referenceId": "r"}
    reply = api.post("composite", {"compositeRequest": [part]})
    assert reply.status_code == 200
    (inner,) = reply.json()["compositeResponse"]
    assert inner["httpStatusCode"] == 404
    assert inner["body"][0]["errorCode"] == "NOT_FOUND"


def test_a_long_query_travels_in_a_composite_and_costs_one_call(api: Any) -> None:
    record_id = api.lead()
    ids = ", ".join(f"'00Q0000000{number:05d}'" for number in range(2000))
    soql = f"SELECT Id FROM Lead WHERE Id IN ({ids}, '{record_id}')"
    part = {"method": "GET", "url": f"{ROOT}/query?q={soql}", "referenceId": "q"}
    reply = api.post("composite", {"compositeRequest": [part]})
    (inner,) = reply.json()["compositeResponse"]
    assert [one["Id"] for one in inner["body"]["records"]] == [record_id]
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=2/15000"


def test_more_than_25_parts_are_refused(api: Any) -> None:
    part = {"method": "GET", "url": f"{ROOT}/limits", "referenceId": "r"}
    assert api.post("composite", {"compositeRequest": [part] * 26}).status_code == 400


def test_a_batch_runs_its_parts_and_may_halt(api: Any) -> None:
    parts = [
        {"method": "GET", "url": "v60.0/limits"},
        {"method": "GET", "url": "v60.0/sobjects/Lead/nope"},
        {"method": "GET", "url": "v60.0/limits"},
    ]
    on = api.post("composite/batch", {"batchRequests": parts}).json()
    assert on["hasErrors"] is True
    assert [one["statusCode"] for one in on["results"]] == [200, 404, 200]
    halted = api.post("composite/batch", {"haltOnError": True, "batchRequests": parts}).json()
    assert [one["statusCode"] for one in halted["results"]] == [200, 404, 412]
    assert halted["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


def test_a_part_of_another_version_than_there_is_is_refused(api: Any) -> None:
    parts = [{"method": "GET", "url": f"v{one}.0/limits"} for one in ("29", "60", "99")]
    found = api.post("composite/batch", {"batchRequests": parts}).json()["results"]
    assert [one["statusCode"] for one in found] == [410, 200, 404]
    alien = [{"method": "GET", "url": "/__settings__", "referenceId": "r"}]
    (part,) = api.post("composite", {"compositeRequest": alien}).json()["compositeResponse"]
    assert part["httpStatusCode"] == 404


def test_a_header_of_half_a_letter_is_read(api: Any) -> None:
    part = {"method": "GET", "url": f"{ROOT}/limits", "httpHeaders": {"X-Odd": "\ud800"}}
    (inner,) = api.post("composite", {"compositeRequest": [part]}).json()["compositeResponse"]
    assert inner["httpStatusCode"] == 200


def test_a_part_whose_url_is_none_fails_alone(api: Any) -> None:
    part = {"method": "GET", "url": "http://[x/services/data/v60.0/limits", "referenceId": "a"}
    (inner,) = api.post("composite", {"compositeRequest": [part]}).json()["compositeResponse"]
    assert inner["httpStatusCode"] == 404


def test_a_streamed_result_is_the_text_of_its_part(api: Any) -> None:
    job = api.run_job("LastName,Company\n,\n", "insert")
    url = f"{ROOT}/jobs/ingest/{job['id']}/successfulResults"
    part = {"method": "GET", "url": url, "referenceId": "a"}
    (inner,) = api.post("composite", {"compositeRequest": [part]}).json()["compositeResponse"]
    assert inner["httpStatusCode"] == 200
    assert inner["body"] == '"sf__Id","sf__Created",LastName,Company\n'


def test_a_reference_is_written_as_json_has_it_and_to_nothing_is_refused(api: Any) -> None:
    read = {
        "method": "GET", "url": f"{ROOT}/sobjects/Lead/{api.lead(Flag__c=True)}",
        "referenceId": "a",
    }  # fmt: skip
    make = [
        {
            "method": "POST", "url": f"{ROOT}/sobjects/Lead", "referenceId": name,
            "body": {"LastName": f"@{{a.{name}}}", "Company": "Acme"},
        }
        for name in ("Flag__c", "Note__c")
    ]  # fmt: skip
    found = api.post("composite", {"compositeRequest": [read, *make]}).json()["compositeResponse"]
    _, flag, note = found
    assert api.field(flag["body"]["id"], "LastName") == "true"
    assert note["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_a_batch_takes_a_whole_path(api: Any) -> None:
    parts = [{"method": "GET", "url": f"{ROOT}/limits/recordCount"}]
    assert api.post("composite/batch", {"batchRequests": parts}).json()["hasErrors"] is False
