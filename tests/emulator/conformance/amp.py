"""Answers of September 2024 that amp-labs pasted into test data; their names say what was asked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from crm_sink.emulator.schema import Field
from tests.emulator.conformance.calls import (
    JOB,
    JSON_TYPE,
    call,
    ingest,
    query,
    selecting,
    unjudged,
)
from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from pathlib import Path

KEY = Field("external_id__c", "external id", "string", 40, unique=True, external_id=True,
            id_lookup=True, custom=True)  # fmt: skip
HEAD = "Name,StageName,external_id__c,CloseDate\n"
GOOD = "Won,GENERATED,external-id-1,2024-09-09\n"
BAD = "Noemi Miller,GENERATED,external-id-3,2003-04-987654321987654321\n"
UPSERT = {"externalIdFieldName": "external_id__c"}
NOT_AS_SENT = "the request is not on record, and no request gives this answer alone"
OTHER_SET = "reads a permission set that was made in another way"
EDITED = "edited by those who recorded it: keys were taken away"
WITHOUT_ROLES = "a child object that the local org does not have (OpportunityContactRole)"
CONTACT = {"type": "Contact"}


def amp(folder: Path) -> list[Story]:
    """Put each answer beside its request."""
    root = folder / "amp-labs"
    told = {**_records(), **_collections(root), **_bulk(), **_metadata(root)}
    made = []
    for file, calls in told.items():
        text = (root / file).read_text()
        *before, last = calls if isinstance(calls, list) else [calls]
        kind = {"csv": "text/csv", "xml": "text/xml; charset=utf-8"}.get(
            file.rpartition(".")[2], JSON_TYPE
        )
        last = last.at(group="amp-labs", name=file, answer=text, content_type=kind)
        fields = (("Opportunity", KEY),) if "bulk/" in file else ()
        made.append(Story("amp-labs", file, (*unjudged(before), last), fields))
    return made


def _records() -> dict[str, Exchange | list[Exchange]]:
    account = "sobjects/Account"
    gone = "sobjects/Contact/003ak000003dQCGAA2"
    listed = "AccountId, Department, AssistantName, Description"
    deal = "Id, Name, AccountId, Amount, StageName"
    roles = "Id, Name, Amount, StageName, (SELECT Id, ContactId FROM OpportunityContactRoles)"
    return {
        "test/create-ok.json": call("POST", account, {"Name": "x"}, status=201),
        "test/unknown-field.json": call("POST", account, {"AccountNumer": "1"}, status=400),
        "test/unknown-object.json": query(
            "SELECT Id,Name,BillingCity,IsDeleted FROM Accout", status=400
        ),
        "test/invalid-field-upsert.json": call(
            "POST", account, {"Name": "x", "MasterRecordId": "001ak00000OQTieAAH"}, status=400
        ),
        "test/crm/delete/not-found.json": call("DELETE", gone, status=404),
        "test/read-list-contacts.json": query(f"SELECT {listed} FROM Contact"),
        "test/read-opportunity-with-account.json": query(f"SELECT {deal} FROM Opportunity"),
        "test/read-opportunity-with-contacts.json": query(
            f"SELECT {roles} FROM Opportunity", aside=WITHOUT_ROLES
        ),
        "test/metadata/write/permission-set.json": query("SELECT Id, Name FROM PermissionSet"),
        "test/metadata/write/user-info.json": call("GET", "/services/oauth2/userinfo").at(
            aside=EDITED
        ),
    }


def _collections(root: Path) -> dict[str, Exchange | list[Exchange]]:
    path = "composite/sobjects"
    create, update = "test/batch/create/contacts/", "test/batch/update/contacts/"
    create_body = (root / create / "payload.json").read_text()
    update_body = (root / update / "payload.json").read_text()
    both = json.loads(update_body)["records"]
    without = [{**one, "id": None} for one in both]
    for one in without:
        del one["id"]
    odd = [both[0], {**both[1], "unknownField_LastName": "x"}]
    nameless = [{"attributes": CONTACT, "FirstName": "A"}, {"attributes": CONTACT, "LastName": "B"}]
    return {
        create + "success.json": call("POST", path, create_body),
        create + "err-bad-request.json": call("POST", path, {"records": []}, status=400),
        create + "partial-but-allOrNone.json": call(
            "POST", path, {"allOrNone": True, "records": nameless}
        ),
        update + "success.json": call("PATCH", path, update_body),
        update + "err-each-no-ids.json": call("PATCH", path, {"records": without}),
        update + "partial-but-allOrNone.json": call(
            "PATCH", path, {"allOrNone": True, "records": odd}
        ),
    }


def _bulk() -> dict[str, Exchange | list[Exchange]]:
    upsert = ingest(HEAD + GOOD, "upsert", "Opportunity", **UPSERT)
    partial = ingest(HEAD + GOOD + BAD, "upsert", "Opportunity", **UPSERT)
    unknown = "Name,StageName_invalid_field_on_purpose,external_id__c\na,b,c\n"
    removal = ingest("Id\n006ak00000OQ4RxAAL\n", "delete", "Opportunity")
    failed = call("GET", f"jobs/ingest/{JOB}/failedResults")
    passing = upsert[3].at(aside="a passing state: the local org is done before anyone asks")
    return {
        "test/bulk/write/launch-job-opportunity.json": upsert[0],
        "test/bulk/write/update-job-opportunity.json": upsert[:3],
        "test/bulk/delete/launch-job-opportunity.json": removal[0],
        "test/bulk/delete/update-job-opportunity.json": removal[:3],
        "test/bulk/info/success.json": upsert,
        "test/bulk/info/in-progress.json": [*upsert[:3], passing],
        "test/bulk/info/partial-failure.json": partial,
        "test/bulk/info/partial-failure.csv": [*partial[:3], failed],
        "test/bulk/info/complete-failure.json": ingest(unknown, "upsert", "Opportunity", **UPSERT),
        "test/bulk/read-launch-job-account.json": selecting("SELECT Id FROM Account")[0],
    }


def _metadata(root: Path) -> dict[str, Exchange | list[Exchange]]:
    write, delete = "test/metadata/write/", "test/metadata/delete/"
    fields = _soap(root, write + "object15/mix-of-many-fields-payload.xml")
    removal = _soap(root, delete + "delete-fields-payload.xml")
    never = removal.at(body=(removal.body or "").replace("Birthday__c", "NonExistent__c"))
    rights = _soap(root, write + "write-field-permissions-payload.xml")
    unit = "internal/crm/metadata/test/"
    old = fields.at(body=_without_new(fields.body or "", root / write / "object15"))
    return {
        write + "object15/mix-of-many-fields-response.xml": [old, fields],
        write + "object15/bad-request.xml": fields.at(aside=NOT_AS_SENT),
        write + "write-field-permissions-response.xml": [fields, rights, rights],
        write + "read-field-permissions-response.xml": [
            fields,
            rights,
            _soap(root, write + "read-field-permissions-payload.xml").at(aside=OTHER_SET),
        ],
        write + "err-duplicate-permission-assignment.json": fields.at(
            aside="needs a permission set that is assigned already; told in tests of access"
        ),
        delete + "delete-fields-response.xml": [fields, removal],
        delete + "delete-field-not-found.xml": [fields, never],
        unit + "success.xml": fields.at(aside=NOT_AS_SENT),
        unit + "err-bad-request.xml": fields.at(aside=NOT_AS_SENT),
    }  # fmt: skip


def _without_new(body: str, folder: Path) -> str:
    """Leave out of a payload the fields that were recorded as created."""
    told = (folder / "mix-of-many-fields-response.xml").read_text()
    made = re.findall(r"<created>true</created>\s*<fullName>([\w.]+)<", told)
    parts = re.split(r"(<metadata .*?</metadata>)", body, flags=re.DOTALL)
    return "".join(part for part in parts if not any(f">{name}<" in part for name in made))


def _soap(root: Path, file: str) -> Exchange:
    body = (root / file).read_text().replace("TEST_ACCESS_TOKEN", "<session>")
    return call("POST", "/services/Soap/m/60.0", body).at(headers={"SOAPAction": '""'})
