"""Faults on demand, told as Bulk 1.0 and SOAP tell them: facts 1.6 and 5."""

from __future__ import annotations

from typing import Any

import pytest

ASYNC, SOAP = "/services/async/60.0/job", "/services/Soap/m/60.0"
DESCRIBE = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
  <SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{token}</sessionId>
  </SessionHeader></e:Header><e:Body><describeMetadata/></e:Body></e:Envelope>"""


def fault(api: Any, kind: str, **given: Any) -> None:
    assert api.post("/__faults__", {"kind": kind, **given}).status_code == 201


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("expired", "InvalidSessionId", "Invalid session id"),
        ("quota", "ExceededQuota", "TotalRequests Limit exceeded."),
    ],
)
def test_bulk_1_tells_a_fault_in_xml_with_400(api: Any, kind: str, code: str, words: str) -> None:
    fault(api, kind, path="/services/async/*", count=1)
    headers = {"X-SFDC-Session": api.running.token()}
    reply = api.call("GET", f"{ASYNC}/750000000000001AAA", headers=headers)
    assert reply.status_code == 400
    assert f"<exceptionCode>{code}</exceptionCode>" in reply.text
    assert f"<exceptionMessage>{words}</exceptionMessage>" in reply.text


def test_a_session_that_a_fault_ended_is_dead_for_bulk_1(api: Any) -> None:
    fault(api, "expired", path="/services/async/*", count=1, revoke=True)
    headers = {"X-SFDC-Session": api.running.token(), "Authorization": None}
    replies = [api.call("GET", f"{ASYNC}/7500", headers=headers).text for _ in range(2)]
    assert all("InvalidSessionId" in text for text in replies)


@pytest.mark.parametrize(
    ("kind", "code"), [("expired", "INVALID_SESSION_ID"), ("quota", "REQUEST_LIMIT_EXCEEDED")]
)
def test_soap_tells_a_fault_as_a_fault(api: Any, kind: str, code: str) -> None:
    fault(api, kind, path="/services/Soap/*", count=1)
    body = DESCRIBE.format(token=api.running.token()).encode()
    reply = api.call("POST", SOAP, data=body, headers={"Content-Type": "text/xml"})
    assert reply.status_code == 500
    assert f"<faultcode>sf:{code}</faultcode>" in reply.text
    assert api.call("POST", SOAP, data=body).status_code == 200
