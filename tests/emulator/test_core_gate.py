"""Versions, headers, limits and refusals that every call meets: facts 2.1 to 2.3, 2.8."""

from __future__ import annotations

import gzip
import json
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_sink.emulator.serve import PortInUse, running
from crm_sink.emulator.settings import OrgSettings
from tests.emulator.conftest import NOT_FOUND

if TYPE_CHECKING:
    from pathlib import Path


def test_versions_need_no_session_and_one_label_has_a_curly_quote(api: Any) -> None:
    found = requests.get(api.running.url + "/services/data", timeout=10).json()
    assert found[0] == {
        "label": "Summer '14",
        "url": "/services/data/v31.0",
        "version": "31.0",
    }
    assert [one["label"] for one in found if one["version"] in ("42.0", "68.0")] == [
        "Spring ’18",
        "Winter '27",
    ]


def test_a_version_lists_its_resources_with_and_without_a_slash(api: Any) -> None:
    assert api.get("").json()["jobs"] == "/services/data/v60.0/jobs"
    assert api.get("/services/data/v60.0").json() == api.get("").json()


@pytest.mark.parametrize(("version", "status"), [("30.0", 410), ("69.0", 404), ("60.1", 404)])
def test_a_retired_version_is_gone_and_an_unknown_one_not_found(
    api: Any, version: str, status: int
) -> None:
    assert api.get(f"/services/data/v{version}/limits").status_code == status


@pytest.mark.parametrize("version", ["60", "60.x", "X", "60.0.0", "\u0666\u0660.0", "9" * 5000])
def test_a_path_without_a_whole_version_is_not_found_with_a_session_or_without(
    api: Any, version: str
) -> None:
    path = f"/services/data/v{version}/limits"
    assert api.get(path).status_code == 404
    assert requests.get(api.running.url + path, timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("path", "since"),
    [
        ("composite", 38), ("composite/batch", 34), ("composite/graph", 50),
        ("composite/sobjects", 42), ("composite/tree/Lead", 34), ("jobs/ingest", 41),
        ("jobs/query", 47),
    ],
)  # fmt: skip
def test_a_resource_is_not_there_before_the_version_that_brought_it(
    api: Any, path: str, since: int
) -> None:
    before, then = (api.post(f"/services/data/v{one}.0/{path}", {}) for one in (since - 1, since))
    assert (before.status_code, before.json()) == (404, NOT_FOUND)
    assert then.status_code == 400


def test_every_data_call_has_salesforce_headers(api: Any) -> None:
    reply = api.get("limits")
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert reply.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert reply.headers["Cache-Control"] == ("no-cache,must-revalidate,max-age=0,no-store,private")
    assert reply.headers["X-Robots-Tag"] == "none"
    assert reply.headers["X-SFDC-Request-Id"] == reply.headers["X-Request-Id"]


def test_the_daily_count_falls_with_each_call(api: Any) -> None:
    api.lead()
    found = api.get("limits").json()
    assert found["DailyApiRequests"] == {"Max": 15000, "Remaining": 14998}
    assert found["DailyBulkV2QueryJobs"] == {"Max": 10000, "Remaining": 10000}
    assert "CreateCustom" in found["PermissionSets"]


def test_a_spent_allowance_is_a_403_until_a_day_has_passed(
    org_folder: Path, clock: Any, log_in: Any
) -> None:
    with running(org_folder, clock=clock, settings=OrgSettings(daily_api_requests=2)) as org:
        assert [log_in(org).get("limits").status_code for _ in range(2)] == [200, 200]
        refused = log_in(org).get("limits")
        assert refused.status_code == 403
        assert refused.json() == [
            {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
        ]
        clock.advance(86_460)
        assert log_in(org).get("limits").status_code == 200


def test_the_count_of_calls_outlives_a_restart(org_folder: Path, log_in: Any) -> None:
    with running(org_folder) as org:
        log_in(org).get("limits")
    with running(org_folder) as org:
        assert log_in(org).get("limits").headers["Sforce-Limit-Info"] == "api-usage=2/15000"


def test_pretty_print_puts_a_space_before_the_colon(api: Any) -> None:
    reply = api.post(
        "sobjects/Lead", {"LastName": "D", "Company": "C"}, headers={"X-PrettyPrint": "1"}
    )
    record_id = reply.json()["id"]
    assert reply.text == f'{{\n  "id" : "{record_id}",\n  "success" : true,\n  "errors" : [ ]\n}}'


def test_a_gzipped_body_is_read(api: Any) -> None:
    body = gzip.compress(json.dumps({"LastName": "Zip", "Company": "C"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    reply = api.call("POST", "sobjects/Lead", data=body, headers=headers)
    assert api.field(reply.json()["id"], "LastName") == "Zip"
    parts = gzip.compress(b'{"LastName": "Two", ') + gzip.compress(b'"Company": "parts"}')
    reply = api.call("POST", "sobjects/Lead", data=parts, headers=headers)
    assert api.field(reply.json()["id"], "Company") == "parts"


LEAD = gzip.compress(b'{"LastName": "Doe", "Company": "Acme"}', mtime=0)


@pytest.mark.parametrize("body", [b"plain", LEAD[:20], LEAD[:-4], b""])
def test_a_body_that_is_not_in_gzip_is_the_fault_of_the_client(api: Any, body: bytes) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    reply = api.call("POST", "sobjects/Lead", data=body, headers=headers)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_large_replies_are_gzipped_when_asked(api: Any) -> None:
    assert api.get("limits").headers["Content-Encoding"] == "gzip"
    plain = api.get("limits", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


def test_a_wrong_verb_names_the_right_ones(api: Any) -> None:
    reply = api.call("PUT", "sobjects/Lead")
    assert reply.status_code == 405
    assert reply.json() == [
        {
            "message": "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,POST",
            "errorCode": "METHOD_NOT_ALLOWED",
        }
    ]


def test_head_answers_without_a_body(api: Any) -> None:
    reply = api.call("HEAD", "limits")
    assert (reply.status_code, reply.content) == (200, b"")


def test_an_unknown_path_is_not_found(api: Any) -> None:
    reply = api.get("nothing/here")
    assert reply.status_code == 404
    assert reply.text == (
        '[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
    )


def test_uri_and_headers_have_16_kilobytes_together(api: Any) -> None:
    """REST guide: 414 "The length of the URI", 431 "of the URI and headers" over 16,384 bytes."""
    assert api.get("query?q=" + "x" * 16_384).status_code == 414
    assert api.get("query?q=" + "x" * 16_200).status_code == 431
    assert api.get("limits", headers={"X-Long": "x" * 15_000}).status_code == 200
    assert api.get("limits", headers={"X-Long": "x" * 16_300}).status_code == 431


def test_calls_are_counted_by_template_and_can_be_reset(api: Any) -> None:
    record_id = api.lead()
    api.patch(f"sobjects/Lead/{record_id}", {"Note__c": "x"})
    counts = api.get("/__calls__").json()
    assert counts["PATCH /services/data/v{version}/sobjects/{object}/{id}"] == 1
    assert api.post("/__calls__").status_code == 204
    assert api.get("/__calls__").json() == {}


def test_a_port_in_use_is_said_clearly(org_folder: Path, api: Any) -> None:
    port = int(api.running.url.rpartition(":")[2])
    with (
        pytest.raises(PortInUse, match=f"port {port} of 127.0.0.1 is in use"),
        running(org_folder, port),
    ):
        pass


def test_record_counts_leave_empty_objects_out(api: Any) -> None:
    api.lead()
    reply = api.get("limits/recordCount?sObjects=Lead,Account")
    assert reply.json() == {"sObjects": [{"count": 1, "name": "Lead"}]}
    all_of_them = api.get("limits/recordCount?sObjects").json()["sObjects"]
    assert {"count": 1, "name": "Lead"} in all_of_them


def test_a_path_behind_a_url_that_ends_in_a_slash_is_found(api: Any) -> None:
    """As the sf command line tool asks for it."""
    assert api.get("//services/data").json()[0]["version"] == "31.0"
    assert api.get("//services/data/v60.0/limits").status_code == 200


def test_a_client_that_dies_in_the_middle_of_its_request_is_no_error_of_the_org(
    api: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a killed sync, in an upload: no traceback is left in the org's log."""
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "handlers", [caplog.handler])
    host, port = api.running.url.removeprefix("http://").split(":")
    head = f"Host: x\r\nAuthorization: Bearer {api.running.token()}\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"POST /services/data/v60.0/sobjects/Lead HTTP/1.1\r\n{head}{{".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) == b""  # the org has seen the end
    assert api.get("limits").status_code == 200
    assert caplog.records == []
