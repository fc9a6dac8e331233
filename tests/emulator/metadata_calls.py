"""Metadata as the tests send it: components by SOAP, and deployments of a zip by REST."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from xml.etree import ElementTree

META = "{http://soap.sforce.com/2006/04/metadata}"
ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
                  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <soapenv:Header xmlns="http://soap.sforce.com/2006/04/metadata">
    <AllOrNoneHeader><allOrNone>{all_or_none}</allOrNone></AllOrNoneHeader>
    <SessionHeader><sessionId>{token}</sessionId></SessionHeader>
  </soapenv:Header>
  <soapenv:Body xmlns="http://soap.sforce.com/2006/04/metadata">{body}</soapenv:Body>
</soapenv:Envelope>"""


def send(api: Any, body: str, *, all_or_none: bool = False, token: str | None = None) -> Any:
    envelope = ENVELOPE.format(
        all_or_none=str(all_or_none).lower(), token=token or api.running.token(), body=body
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '""', "Authorization": None}
    return api.call("POST", "/services/Soap/m/60.0", data=envelope.encode(), headers=headers)


def upsert(api: Any, *components: str, all_or_none: bool = False) -> list[dict[str, str]]:
    body = f"<upsertMetadata>{''.join(components)}</upsertMetadata>"
    return results(send(api, body, all_or_none=all_or_none))


def results(reply: Any) -> list[dict[str, str]]:
    """Give each result's elements in order; those of `errors` stand beside them."""
    assert reply.status_code == 200, reply.text
    found = ElementTree.fromstring(reply.content).iter(f"{META}result")
    return [
        {one.tag.removeprefix(META): one.text or "" for one in result.iter() if one is not result}
        for result in found
    ]


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def post(api: Any, content: bytes, **options: Any) -> Any:
    """Send as CumulusCI does: booleans as texts, the options in a part named `json`."""
    asked = {"singlePackage": "true", "rollbackOnError": "true", "checkOnly": "false", **options}
    return api.call(
        "POST",
        "metadata/deployRequest",
        files={
            "json": (None, json.dumps({"deployOptions": asked}), "application/json"),
            "file": ("deploy.zip", content, "application/zip"),
        },
    )


def deploy(api: Any, files: dict[str, str], **options: Any) -> dict[str, Any]:
    reply = post(api, zipped(files), **options)
    assert reply.status_code == 201, reply.text
    path = f"metadata/deployRequest/{reply.json()['id']}?includeDetails=true"
    found: dict[str, Any] = api.get(path).json()["deployResult"]
    return found


def assign(api: Any, name: str) -> None:
    """Assign a permission set to the user."""
    asked = f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"
    (found,) = api.get("query", params={"q": asked}).json()["records"]
    values = {"AssigneeId": api.running.org.user_id, "PermissionSetId": found["Id"]}
    assert api.post("sobjects/PermissionSetAssignment", values).status_code == 201
