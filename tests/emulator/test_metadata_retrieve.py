"""Retrieves by SOAP, listMetadata and readMetadata of objects: facts 8.2 and 8.3."""

from __future__ import annotations

import base64
import io
import shutil
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from crm_sink.emulator.altering import altering
from crm_sink.emulator.metadata import custom_field, list_view, permission_set
from crm_sink.emulator.schema import Field
from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

META = "{http://soap.sforce.com/2006/04/metadata}"
ENVELOPE = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
  <SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{token}</sessionId>
  </SessionHeader></e:Header>
  <e:Body xmlns="http://soap.sforce.com/2006/04/metadata">{body}</e:Body></e:Envelope>"""
FIT = {"label": "Fit & more", "type": "Number", "precision": "3", "scale": "0"}
GOOD = {"label": "Good", "columns": ["FULL_NAME", "Fit__c"], "filterScope": "Everything",
        "filters": {"field": "Fit__c", "operation": "greaterThan", "value": "50"}}  # fmt: skip
SEES = {"label": "Sees", "fieldPermissions": {"field": "Lead.Fit__c", "readable": "true"}}


@pytest.fixture(scope="module")
def api(api_template: Path, tmp_path_factory: pytest.TempPathFactory, log_in: Any) -> Iterator[Any]:
    """Run an org with a field, a list view and a permission set that somebody deployed."""
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("retrieve") / "org")
    with running(folder) as handle:
        why = Field(
            "Why__c", "Why", "textarea", 32000, extra_type_info="plaintextarea", custom=True
        )
        handle.org.store.add_field("Lead", why)
        with altering(handle.org) as change:
            custom_field.save(change, "Lead.Fit__c", dict(FIT), mode="create")
            list_view.save(change, "Lead.Good", dict(GOOD), mode="create")
            permission_set.save(change, "Sees", dict(SEES), mode="create")
        yield log_in(handle)


def send(api: Any, body: str) -> Any:
    envelope = ENVELOPE.format(token=api.running.token(), body=body)
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    return api.call("POST", "/services/Soap/m/60.0", data=envelope.encode(), headers=headers)


def result(api: Any, body: str) -> ElementTree.Element:
    reply = send(api, body)
    assert reply.status_code == 200, reply.text
    found = ElementTree.fromstring(reply.content).find(f".//{META}result")
    assert found is not None
    return found


def retrieve(api: Any, *, request: str = "retrieveRequest", **members: str) -> ElementTree.Element:
    """Ask for components by type, several between blanks; give the result when it is done."""
    types = "".join(
        "<types>"
        + "".join(f"<members>{one}</members>" for one in names.split())
        + f"<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    asked = f"<apiVersion>60.0</apiVersion><unpackaged>{types}</unpackaged>"
    waits = result(api, f"<retrieve><{request}>{asked}</{request}></retrieve>")
    assert [(one.tag.removeprefix(META), one.text) for one in waits][::2] == [
        ("done", "false"), ("state", "Queued"),
    ]  # fmt: skip
    number = waits.findtext(f"{META}id")
    asked = f"<asyncProcessId>{number}</asyncProcessId>"
    return result(api, f"<checkRetrieveStatus>{asked}</checkRetrieveStatus>")


def files_of(told: ElementTree.Element) -> dict[str, str]:
    content = base64.b64decode(told.findtext(f"{META}zipFile") or "")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def children(text: str, element: str) -> list[str]:
    found = ElementTree.fromstring(text).iter(f"{META}{element}")
    return [one.findtext(f"{META}fullName") or "" for one in found]


def test_an_object_comes_with_its_fields_and_list_views(api: Any) -> None:
    told = retrieve(api, CustomObject="Lead")
    assert (told.findtext(f"{META}status"), told.findtext(f"{META}success")) == (
        "Succeeded", "true",
    )  # fmt: skip
    files = files_of(told)
    assert sorted(files) == ["unpackaged/objects/Lead.object", "unpackaged/package.xml"]
    lead = files["unpackaged/objects/Lead.object"]
    assert {"Fit__c", "Score__c", "Band__c"} <= set(children(lead, "fields"))
    assert children(lead, "listViews") == ["Good"]
    assert (
        "    <fields>\n        <fullName>Fit__c</fullName>\n        <label>Fit &amp; more</label>\n"
        "        <precision>3</precision>\n" in lead
    )
    named = [one.findtext(f"{META}fullName") for one in told.findall(f"{META}fileProperties")]
    assert named == ["Lead", "unpackaged/package.xml"]


def test_single_components_are_all_that_comes(api: Any) -> None:
    told = retrieve(
        api, request="request", CustomField="Lead.Fit__c", ListView="lead.good", PermissionSet="*"
    )
    files = files_of(told)
    lead = files["unpackaged/objects/Lead.object"]
    assert (children(lead, "fields"), children(lead, "listViews")) == (["Fit__c"], ["Good"])
    sees = files["unpackaged/permissionsets/Sees.permissionset"]
    assert "<field>Lead.Fit__c</field>" in sees
    manifest = ElementTree.fromstring(files["unpackaged/package.xml"])
    assert [one.text for one in manifest.iter(f"{META}members")] == [
        "Lead.Fit__c", "Lead.Good", "Sees",
    ]  # fmt: skip
    assert manifest.findtext(f"{META}version") == "60.0"


def test_what_came_can_be_deployed_again_and_changes_nothing(api: Any) -> None:
    told = retrieve(api, CustomObject="Lead", PermissionSet="Sees")
    zip_file = told.findtext(f"{META}zipFile")
    body = f"<deploy><ZipFile>{zip_file}</ZipFile><DeployOptions/></deploy>"
    number = result(api, body).findtext(f"{META}id")
    asked = f"<asyncProcessId>{number}</asyncProcessId><includeDetails>true</includeDetails>"
    deployed = result(api, f"<checkDeployStatus>{asked}</checkDeployStatus>")
    assert deployed.findtext(f"{META}status") == "Succeeded", ElementTree.tostring(deployed)
    components = [
        one
        for one in deployed.iter(f"{META}componentSuccesses")
        if one.findtext(f"{META}componentType")
    ]
    assert len(components) > 10
    assert {one.findtext(f"{META}created") for one in components} == {"false"}


def test_what_cannot_be_found_is_a_message(api: Any) -> None:
    told = retrieve(api, CustomField="Lead.Nope__c", Flow="F", CustomObject="*")
    problems = [one.findtext(f"{META}problem") for one in told.findall(f"{META}messages")]
    assert problems[0] == "Entity of type 'CustomField' named 'Lead.Nope__c' cannot be found"
    assert "metadata of type Flow" in str(problems[1])
    assert list(files_of(told)) == ["unpackaged/package.xml"]


def test_the_zip_can_lie_flat_or_be_left_out(api: Any) -> None:
    types = "<types><members>Sees</members><name>PermissionSet</name></types>"
    asked = f"<singlePackage>true</singlePackage><unpackaged>{types}</unpackaged>"
    waits = result(api, f"<retrieve><retrieveRequest>{asked}</retrieveRequest></retrieve>")
    number = f"<asyncProcessId>{waits.findtext(f'{META}id')}</asyncProcessId>"
    told = result(api, f"<checkRetrieveStatus>{number}</checkRetrieveStatus>")
    assert sorted(files_of(told)) == ["package.xml", "permissionsets/Sees.permissionset"]
    without = f"{number}<includeZip>false</includeZip>"
    told = result(api, f"<checkRetrieveStatus>{without}</checkRetrieveStatus>")
    assert told.find(f"{META}zipFile") is None
    reply = send(api, "<checkRetrieveStatus><asyncProcessId>09Sx</asyncProcessId>"
                      "</checkRetrieveStatus>")  # fmt: skip
    assert (reply.status_code, "INVALID_LOCATOR" in reply.text) == (500, True)


def test_objects_are_listed_and_read_with_what_they_hold(api: Any) -> None:
    reply = send(api, "<listMetadata><queries><type>CustomObject</type></queries></listMetadata>")
    listed = [one.text for one in ElementTree.fromstring(reply.content).iter(f"{META}fullName")]
    assert {"Account", "Lead", "Opportunity"} <= set(listed)
    asked = "<type>CustomObject</type><fullNames>Lead</fullNames><fullNames>Nope</fullNames>"
    told = result(api, f"<readMetadata>{asked}</readMetadata>")
    lead, nope = told.findall(f"{META}records")
    assert lead.findtext(f"{META}fullName") == "Lead"
    assert "Good" in [one.findtext(f"{META}fullName") for one in lead.iter(f"{META}listViews")]
    assert nope.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


def test_list_metadata_tells_id_and_birthday_of_what_was_deployed(api: Any) -> None:
    reply = send(api, "<listMetadata><queries><type>ListView</type></queries></listMetadata>")
    found = ElementTree.fromstring(reply.content).find(f".//{META}result")
    assert found is not None
    assert (found.findtext(f"{META}id") or "")[:3] == "00B"
    assert found.findtext(f"{META}fileName") == "objects/Lead.object"


def test_an_object_is_not_made_as_a_whole(api: Any) -> None:
    body = (
        '<upsertMetadata><metadata xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:type="CustomObject"><fullName>Thing__c</fullName></metadata></upsertMetadata>'
    )
    told = result(api, body)
    assert "does not make or change objects as a whole" in (
        told.findtext(f".//{META}message") or ""
    )
