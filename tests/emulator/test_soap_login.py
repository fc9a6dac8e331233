"""SOAP login as simple-salesforce and jsforce make it: facts 1.5, key order as recorded."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import requests

PARTNER = "{urn:partner.soap.sforce.com}"
SIMPLE_SALESFORCE = """<?xml version="1.0" encoding="utf-8" ?>
<env:Envelope
        xmlns:xsd="http://www.w3.org/2001/XMLSchema"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"
        xmlns:urn="urn:partner.soap.sforce.com">
    <env:Header>
        <urn:CallOptions>
            <urn:client>simple-salesforce</urn:client>
            <urn:defaultNamespace>sf</urn:defaultNamespace>
        </urn:CallOptions>
    </env:Header>
    <env:Body>
        <n1:login xmlns:n1="urn:partner.soap.sforce.com">
            <n1:username>{username}</n1:username>
            <n1:password>{password}</n1:password>
        </n1:login>
    </env:Body>
</env:Envelope>"""
JSFORCE = (
    '<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body>'
    '<login xmlns="urn:partner.soap.sforce.com"><username>{username}</username>'
    "<password>{password}</password></login></se:Body></se:Envelope>"
)
FAULT = "{http://schemas.xmlsoap.org/soap/envelope/}Body/{http://schemas.xmlsoap.org/soap/envelope/}Fault"


def post(api: Any, body: str, path: str = "/services/Soap/u/59.0", action: str = '""') -> Any:
    headers = {"Content-Type": "text/xml", "SOAPAction": action}
    return requests.post(api.running.url + path, data=body.encode(), headers=headers, timeout=30)


def log_in(api: Any, form: str = JSFORCE, **given: str) -> Any:
    who = api.running.org.credentials
    filled = form.format(
        username=escape(who.username), password=escape(who.password + who.security_token)
    )
    return post(api, filled, **given)


@pytest.mark.parametrize(("form", "action"), [(SIMPLE_SALESFORCE, "login"), (JSFORCE, '""')])
def test_a_login_gives_a_session_that_is_good_for_rest(api: Any, form: str, action: str) -> None:
    reply = log_in(api, form, action=action)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    result = ElementTree.fromstring(reply.content).find(f".//{PARTNER}result")
    assert result is not None
    assert [one.tag.removeprefix(PARTNER) for one in result] == [
        "metadataServerUrl", "passwordExpired", "sandbox", "serverUrl", "sessionId", "userId",
        "userInfo",
    ]  # fmt: skip
    org, url = api.running.org, api.running.url
    place = f"59.0/{org.org_id[:15]}"
    assert result.findtext(f"{PARTNER}serverUrl") == f"{url}/services/Soap/u/{place}"
    assert result.findtext(f"{PARTNER}metadataServerUrl") == f"{url}/services/Soap/m/{place}"
    info = result.find(f"{PARTNER}userInfo")
    assert info is not None
    assert info.findtext(f"{PARTNER}organizationId") == org.org_id
    assert info.findtext(f"{PARTNER}sessionSecondsValid") == "7200"
    assert str(info.findtext(f"{PARTNER}profileId")).startswith("00e")
    token = result.findtext(f"{PARTNER}sessionId")
    limits = api.get("limits", headers={"Authorization": f"Bearer {token}"})
    assert limits.status_code == 200


def test_a_wrong_password_is_a_fault_with_the_prefixes_that_clients_look_for(api: Any) -> None:
    who = api.running.org.credentials
    reply = post(api, JSFORCE.format(username=who.username, password="wrong"))
    words = "Invalid username, password, security token; or user locked out."
    assert reply.status_code == 500
    assert "<faultcode>sf:INVALID_LOGIN</faultcode>" in reply.text
    assert f"<faultstring>INVALID_LOGIN: {words}</faultstring>" in reply.text
    assert '<sf:LoginFault xsi:type="sf:LoginFault">' in reply.text
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in reply.text
    assert f"<sf:exceptionMessage>{words}</sf:exceptionMessage>" in reply.text


def test_the_password_needs_its_security_token(api: Any) -> None:
    who = api.running.org.credentials
    reply = post(api, JSFORCE.format(username=who.username, password=escape(who.password)))
    assert "INVALID_LOGIN" in reply.text


def test_the_enterprise_service_logs_in_too(api: Any) -> None:
    reply = log_in(api, path="/services/Soap/c/59.0")
    assert reply.status_code == 200
    assert 'xmlns="urn:enterprise.soap.sforce.com"' in reply.text


def test_from_65_on_there_is_no_login_and_30_is_retired(api: Any) -> None:
    late, early = (
        log_in(api, path="/services/Soap/u/65.0"),
        log_in(api, path="/services/Soap/u/30.0"),
    )
    assert (late.status_code, early.status_code) == (500, 500)
    assert "No operation available for request" in late.text
    assert "<faultcode>sf:UNSUPPORTED_API_VERSION</faultcode>" in early.text


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no xml",
        '<!DOCTYPE e [<!ENTITY a "b">]>' + JSFORCE,
        "<a/>",
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    ],
)
def test_what_is_no_envelope_is_the_clients_fault(api: Any, body: str) -> None:
    reply = post(api, body)
    assert reply.status_code == 500
    fault = ElementTree.fromstring(reply.content).find(FAULT)
    assert fault is not None
    assert fault.findtext("faultcode") == "soapenv:Client"


def call(api: Any, operation: str, token: str) -> Any:
    return post(
        api,
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        f'<SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>{token}</sessionId>'
        f'</SessionHeader></e:Header><e:Body><{operation} xmlns="urn:partner.soap.sforce.com"/>'
        "</e:Body></e:Envelope>",
    )


def test_a_session_can_be_asked_about_and_ended(api: Any) -> None:
    token = api.running.token()
    assert "<userName>rep@local-org.example</userName>" in call(api, "getUserInfo", token).text
    assert "<timestamp>" in call(api, "getServerTimestamp", token).text
    assert call(api, "logout", token).status_code == 200
    ended = call(api, "getUserInfo", token)
    assert ended.status_code == 500
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in ended.text


def test_a_call_that_is_not_imitated_says_so(api: Any) -> None:
    reply = call(api, "convertLead", api.running.token())
    assert reply.status_code == 500
    assert "does not imitate the SOAP call convertLead" in reply.text
