"""Deployments of a zip, by REST and by SOAP: facts 8.1 to 8.3, key order as recorded."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.emulator.metadata_calls import META, assign, deploy, post, zipped

OBJECT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <fields><fullName>Fresh__c</fullName><label>{label}</label><type>Number</type>
    <precision>3</precision><scale>0</scale></fields>
  <listViews><fullName>Hottest</fullName><columns>FULL_NAME</columns><columns>Fresh__c</columns>
    <filterScope>Everything</filterScope><label>Hottest</label></listViews>
</CustomObject>"""
SET = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
  <fieldPermissions><editable>true</editable><field>{field}</field><readable>true</readable>
  </fieldPermissions><label>Scores</label></PermissionSet>"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
  <types><members>Lead.Fresh__c</members><name>CustomField</name></types>
  <types><members>Lead.Hottest</members><name>ListView</name></types>
  <types><members>Scores</members><name>PermissionSet</name></types>
  <version>62.0</version></Package>"""
EMPTY = PACKAGE.partition("<types>")[0] + "<version>62.0</version></Package>"
DELETES = (
    PACKAGE.partition("<types>")[0]
    + "<types><members>Lead.Fresh__c</members><name>CustomField</name></types></Package>"
)


def packed(label: str = "Fresh", field: str = "Lead.Fresh__c", **more: str) -> dict[str, str]:
    return {
        "package.xml": PACKAGE,
        "objects/Lead.object": OBJECT.format(label=label),
        "permissionsets/Scores.permissionset": SET.format(field=field),
        **more,
    }


def has_field(api: Any) -> bool:
    fields = api.get("sobjects/Lead/describe").json()["fields"]
    return "Fresh__c" in [field["name"] for field in fields]


def component(result: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [
        one for one in result["details"]["allComponentMessages"] if one["componentType"] == kind
    ]
    return dict(found)


def test_a_deployed_field_is_seen_when_its_permission_set_is_assigned(api: Any) -> None:
    result = deploy(api, packed())
    assert (result["status"], result["success"], result["done"]) == ("Succeeded", True, True)
    assert (result["numberComponentsTotal"], result["numberComponentsDeployed"]) == (3, 3)
    assert not has_field(api)
    assign(api, "Scores")
    assert has_field(api)


def test_the_reply_has_the_recorded_keys(api: Any) -> None:
    created = post(api, zipped(packed())).json()
    assert list(created) == ["id", "deployOptions", "deployResult"]
    assert created["id"][:3] == "0Af"
    told = api.get(f"metadata/deployRequest/{created['id']}?includeDetails=true").json()
    assert list(told) == ["id", "validatedDeployRequestId", "deployOptions", "deployResult"]
    assert list(told["deployResult"]) == [
        "id", "messages", "retrieveResult", "success", "checkOnly", "ignoreWarnings",
        "rollbackOnError", "status", "numberComponentsDeployed", "numberComponentsTotal",
        "numberComponentErrors", "numberTestsCompleted", "numberTestsTotal", "numberTestErrors",
        "details", "createdDate", "startDate", "lastModifiedDate", "completedDate",
        "errorStatusCode", "errorMessage", "stateDetail", "createdBy", "createdByName",
        "canceledBy", "canceledByName", "done", "runTestsEnabled", "runTestResult",
    ]  # fmt: skip
    assert list(component(told["deployResult"], "CustomField")) == [
        "componentType", "fileName", "fullName", "id", "problem", "success", "warning", "created",
        "changed", "deleted", "lineNumber", "columnNumber", "requiresProductionTestRun",
        "createdDate", "knownPackagingProblem", "forPackageManifestFile", "problemType",
    ]  # fmt: skip
    plain = api.get(f"metadata/deployRequest/{created['id']}").json()
    assert plain["deployResult"]["details"] is None


def test_a_component_says_whether_it_is_new_changed_or_the_same(api: Any) -> None:
    states = [
        component(deploy(api, packed(label)), "CustomField") for label in ("One", "One", "Two")
    ]
    told = [(one["created"], one["changed"]) for one in states]
    assert told == [(True, True), (False, False), (False, True)]
    assert states[0]["fileName"] == "objects/Lead.object"
    assert states[0]["fullName"] == "Lead.Fresh__c"
    assert states[0]["id"][:3] == "00N"


def test_one_failure_rolls_everything_back_and_says_what_is_wrong(api: Any) -> None:
    result = deploy(api, packed(field="Lead.Nope__c"))
    assert (result["status"], result["success"]) == ("Failed", False)
    assert (result["numberComponentErrors"], result["numberComponentsDeployed"]) == (1, 2)
    (failure,) = result["details"]["componentFailures"]
    words = "In field: field - no CustomField named Lead.Nope__c found"
    assert (failure["problem"], failure["problemType"]) == (words, "Error")
    assert component(deploy(api, packed()), "CustomField")["created"] is True


def test_without_rollback_the_good_components_stay(api: Any) -> None:
    result = deploy(api, packed(field="Lead.Nope__c"), rollbackOnError="false")
    assert result["status"] == "SucceededPartial"
    assert component(deploy(api, packed()), "CustomField")["created"] is False


def test_a_validation_leaves_nothing_behind(api: Any) -> None:
    result = deploy(api, packed(), checkOnly=True)
    assert (result["status"], result["checkOnly"]) == ("Succeeded", True)
    assert component(deploy(api, packed()), "CustomField")["created"] is True


def test_destructive_changes_delete(api: Any) -> None:
    deploy(api, packed())
    assign(api, "Scores")
    result = deploy(api, {"package.xml": EMPTY, "destructiveChanges.xml": DELETES})
    assert result["status"] == "Succeeded"
    assert component(result, "CustomField")["deleted"] is True
    assert not has_field(api)


def test_a_folder_around_everything_is_no_matter(api: Any) -> None:
    files = {f"unpackaged/{name}": text for name, text in packed().items()}
    assert deploy(api, files)["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"objects/Lead.object": OBJECT}, "No package.xml found"),
        ({"package.xml": "<Package"}, "Error parsing file"),
        (
            {"package.xml": PACKAGE},
            "An object 'Lead.Fresh__c' of type CustomField was named in package.xml",
        ),
        (packed(**{"objects/Lead.object": "<x"}), "Error parsing file"),
        (
            packed(**{"layouts/Lead-Lead.layout": "<Layout/>"}),
            "Entity of type 'Layout' named 'Lead-Lead' is not in package.xml",
        ),
        (
            {
                "package.xml": PACKAGE.replace("PermissionSet", "Layout"),
                "layouts/Scores.layout": "<Layout/>",
                "objects/Lead.object": OBJECT.format(label="A"),
            },
            "does not imitate metadata of type Layout",
        ),
    ],
)
def test_what_is_wrong_with_a_package_is_told(api: Any, files: dict[str, str], words: str) -> None:
    result = deploy(api, files)
    assert result["status"] == "Failed"
    told = " ".join(one["problem"] for one in result["details"]["componentFailures"])
    assert words in told


def test_what_is_no_zip_fails_the_deployment(api: Any) -> None:
    reply = post(api, b"no zip")
    found = api.get(f"metadata/deployRequest/{reply.json()['id']}").json()["deployResult"]
    assert found["status"] == "Failed"
    assert "INVALID_ZIP" in found["errorMessage"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_zip_that_was_damaged_on_its_way_fails_and_says_so(api: Any, method: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("package.xml", PACKAGE)
    start = 30 + len("package.xml")  # behind the local header and the name
    damaged = content.getvalue()[:start] + b"\xff" * 9 + content.getvalue()[start + 9 :]
    number = post(api, damaged).json()["id"]
    found = api.get(f"metadata/deployRequest/{number}").json()["deployResult"]
    assert (found["status"], "INVALID_ZIP" in found["errorMessage"]) == ("Failed", True)


def test_a_zip_with_a_password_fails_and_says_so(api: Any) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("package.xml", PACKAGE)
    raw = bytearray(content.getvalue())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flags in the central directory
    number = post(api, bytes(raw)).json()["id"]
    found = api.get(f"metadata/deployRequest/{number}").json()["deployResult"]
    assert (found["status"], "it is encrypted" in found["errorMessage"]) == ("Failed", True)


def test_options_that_are_no_object_are_refused(api: Any) -> None:
    files = {"json": (None, '{"deployOptions": [1]}'), "file": ("a.zip", b"x")}
    assert api.call("POST", "metadata/deployRequest", files=files).status_code == 400


def test_a_request_without_its_parts_and_an_unknown_deployment_are_refused(api: Any) -> None:
    assert api.post("metadata/deployRequest", {}).status_code == 400
    alone = api.call("POST", "metadata/deployRequest", files={"file": ("a.zip", b"x")})
    assert alone.status_code == 400
    assert api.get("metadata/deployRequest/0Af000000000001AAA").status_code == 404
    assert api.get("metadata/deployRequest/..%2Forg").status_code == 404


SOAP = """<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header>
  <SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{token}</sessionId>
  </SessionHeader></env:Header><env:Body>{body}</env:Body></env:Envelope>"""


def soap(api: Any, body: str, path: str = "") -> Any:
    content = SOAP.format(token=api.running.token(), body=body)
    headers = {"Content-Type": "text/xml", "SOAPAction": "deploy"}
    return api.call("POST", f"/services/Soap/m/60.0{path}", data=content.encode(), headers=headers)


def test_soap_deploys_a_zip_in_base64_and_tells_its_status(api: Any) -> None:
    """simple-salesforce adds `/deployRequest` to the path."""
    zip_file = base64.b64encode(zipped(packed(field="Lead.Nope__c"))).decode()
    deploy_body = (
        '<deploy xmlns="http://soap.sforce.com/2006/04/metadata">'
        f"<ZipFile>{zip_file}</ZipFile><DeployOptions><rollbackOnError>true</rollbackOnError>"
        "<singlePackage>true</singlePackage></DeployOptions></deploy>"
    )
    reply = soap(api, deploy_body, "/deployRequest")
    queued = ElementTree.fromstring(reply.content).find(f".//{META}result")
    assert queued is not None
    assert [one.tag.removeprefix(META) for one in queued] == ["done", "id", "state"]
    status = (
        '<checkDeployStatus xmlns="http://soap.sforce.com/2006/04/metadata"><asyncProcessId>'
        f"{queued.findtext(f'{META}id')}</asyncProcessId><includeDetails>true</includeDetails>"
        "</checkDeployStatus>"
    )
    result = ElementTree.fromstring(soap(api, status).content).find(f".//{META}result")
    assert result is not None
    assert result.findtext(f"{META}status") == "Failed"
    assert (result.findtext(f"{META}createdDate") or "").endswith("Z")
    (failure,) = result.findall(f"{META}details/{META}componentFailures")
    assert failure.findtext(f"{META}fullName") == "Scores"
    assert failure.findtext(f"{META}success") == "false"


def test_a_zip_that_is_not_in_base64_is_a_fault(api: Any) -> None:
    reply = soap(api, "<deploy><ZipFile>\u00fc</ZipFile></deploy>")
    assert (reply.status_code, "INVALID_ZIP" in reply.text) == (500, True)


def test_an_unknown_deployment_is_a_fault(api: Any) -> None:
    reply = soap(
        api, "<checkDeployStatus><asyncProcessId>0Afx</asyncProcessId></checkDeployStatus>"
    )
    assert (reply.status_code, "INVALID_CROSS_REFERENCE_KEY" in reply.text) == (500, True)


def test_a_deployed_list_view_is_listed_and_can_be_queried(api: Any) -> None:
    deploy(api, packed())
    listed = api.get("sobjects/lead/listviews").json()
    assert list(listed) == ["done", "listviews", "nextRecordsUrl", "size", "sobjectType"]
    (entry,) = listed["listviews"]
    assert (entry["developerName"], entry["label"], entry["id"][:3]) == (
        "Hottest",
        "Hottest",
        "00B",
    )
    soql = "SELECT Id, Name FROM ListView WHERE SobjectType = 'Lead' AND DeveloperName = 'Hottest'"
    (record,) = api.get("query", params={"q": soql}).json()["records"]
    assert record["Id"] == entry["id"]
    assert api.get("sobjects/Nope/listviews").status_code == 404
    gone = DELETES.replace("Fresh__c", "Hottest").replace("CustomField", "ListView")
    deploy(api, {"package.xml": EMPTY, "destructiveChanges.xml": gone})
    assert api.get("sobjects/Lead/listviews").json()["size"] == 0
