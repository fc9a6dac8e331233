"""Describe: every recorded key, in its order, with the values of facts 2.7."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_sink.emulator.describe.field import describe_field
from crm_sink.emulator.schema import ObjectType
from crm_sink.emulator.seed import custom_field
from crm_sink.emulator.standard import standard_objects

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running

OBJECT_KEYS = (
    "actionOverrides activateable associateEntityType associateParentEntity childRelationships "
    "compactLayoutable createable custom customSetting deepCloneable defaultImplementation "
    "deletable deprecatedAndHidden extendedBy extendsInterfaces feedEnabled fields hasSubtypes "
    "implementedBy implementsInterfaces isInterface isSubtype keyPrefix label labelPlural "
    "layoutable listviewable lookupLayoutable mergeable mruEnabled name namedLayoutInfos "
    "networkScopeFieldName queryable recordTypeInfos replicateable retrieveable searchLayoutable "
    "searchable sobjectDescribeOption supportedScopes triggerable undeletable updateable urls"
)
ACCOUNT_ID = """
{"aggregatable":true,"aiPredictionField":false,"autoNumber":false,"byteLength":18,"calculated":
false,"calculatedFormula":null,"cascadeDelete":false,"caseSensitive":false,"compoundFieldName":
null,"controllerName":null,"createable":false,"custom":false,"defaultValue":null,
"defaultValueFormula":null,"defaultedOnCreate":true,"dependentPicklist":false,
"deprecatedAndHidden":false,"digits":0,"displayLocationInDecimal":false,"encrypted":false,
"externalId":false,"extraTypeInfo":null,"filterable":true,"filteredLookupInfo":null,
"formulaTreatNullNumberAsZero":false,"groupable":true,"highScaleNumber":false,"htmlFormatted":
false,"idLookup":true,"inlineHelpText":null,"label":"Account ID","length":18,"mask":null,
"maskType":null,"name":"Id","nameField":false,"namePointing":false,"nillable":false,
"permissionable":false,"picklistValues":[],"polymorphicForeignKey":false,"precision":0,
"queryByDistance":false,"referenceTargetField":null,"referenceTo":[],"relationshipName":null,
"relationshipOrder":null,"restrictedDelete":false,"restrictedPicklist":false,"scale":0,
"searchPrefilterable":false,"soapType":"tns:ID","sortable":true,"type":"id","unique":false,
"updateable":false,"writeRequiresMasterRead":false}
"""


def test_an_object_has_every_recorded_key_in_order(api: Any) -> None:
    assert " ".join(api.get("sobjects/lead/describe").json()) == OBJECT_KEYS


def test_account_id_is_as_recorded_key_by_key() -> None:
    account = standard_objects()["account"]
    found = describe_field(account, account.fields["id"])
    recorded = json.loads(ACCOUNT_ID)
    assert list(found.items()) == list(recorded.items())


@pytest.mark.parametrize(
    ("type_text", "expected"),
    [
        ("Text(40)", {"type": "string", "soapType": "xsd:string", "length": 40, "byteLength": 120}),
        ("LongTextArea(32768)", {"type": "textarea", "length": 32768, "byteLength": 98304,
         "filterable": False, "sortable": False, "groupable": False,
         "extraTypeInfo": "plaintextarea"}),
        ("Html(1024)", {"type": "textarea", "extraTypeInfo": "richtextarea"}),
        ("Number(3, 0)", {"type": "double", "soapType": "xsd:double", "precision": 3, "scale": 0,
         "length": 0, "digits": 0}),
        ("Number(18, 0)", {"type": "double", "precision": 18}),  # never int
        ("Percent(5, 2)", {"type": "percent", "precision": 5, "scale": 2}),
        ("Currency(16, 2)", {"type": "currency", "soapType": "xsd:double"}),
        ("Checkbox", {"type": "boolean", "nillable": False, "defaultedOnCreate": True,
         "defaultValue": False, "soapType": "xsd:boolean"}),
        ("Date", {"type": "date", "soapType": "xsd:date", "length": 0}),
        ("DateTime", {"type": "datetime", "soapType": "xsd:dateTime", "groupable": False}),
        ("Email", {"type": "email", "length": 80, "byteLength": 240}),
        ("Url", {"type": "url", "length": 255, "byteLength": 765}),
        ("Lookup(Account)", {"type": "reference", "soapType": "tns:ID", "length": 18,
         "byteLength": 18, "referenceTo": ["Account"], "relationshipName": "X__r"}),
        ("MultiselectPicklist(A, B)", {"type": "multipicklist", "length": 4099,
         "groupable": False}),
    ],
)  # fmt: skip
def test_a_custom_field_is_described_by_its_type(
    type_text: str, expected: dict[str, object]
) -> None:
    made = custom_field("X__c", type_text)
    found = describe_field(ObjectType("O__c", "O", "Os", "a00", {"x__c": made}, True), made)
    common = {"custom": True, "createable": True, "updateable": True, "name": "X__c", "label": "X"}
    assert {key: found[key] for key in expected | common} == common | expected


def test_an_external_id_and_a_restricted_picklist_say_so(api: Any) -> None:
    fields = {one["name"]: one for one in api.get("sobjects/Lead/describe").json()["fields"]}
    key, band, owner = fields["Ext__c"], fields["Band__c"], fields["OwnerId"]
    assert (key["externalId"], key["idLookup"], key["unique"]) == (True, True, True)
    assert band["restrictedPicklist"] is True
    assert band["picklistValues"][0] == {
        "active": True, "defaultValue": False, "label": "Hot", "validFor": None, "value": "Hot",
    }  # fmt: skip
    assert (owner["referenceTo"], owner["namePointing"]) == (["Group", "User"], True)


def test_a_persons_name_is_not_writable(api: Any) -> None:
    fields = {one["name"]: one for one in api.get("sobjects/Contact/describe").json()["fields"]}
    name = fields["Name"]
    assert (name["createable"], name["updateable"], name["nameField"]) == (False, False, True)
    assert fields["LastName"]["compoundFieldName"] == "Name"
    assert fields["Email"]["idLookup"] is True
    assert fields["MailingAddress"]["soapType"] == "urn:address"


def test_an_account_names_its_children(api: Any) -> None:
    children = api.get("sobjects/Account/describe").json()["childRelationships"]
    named = {(one["childSObject"], one["field"]): one["relationshipName"] for one in children}
    assert named[("Contact", "AccountId")] == "Contacts"
    assert named[("Opportunity", "AccountId")] == "Opportunities"
    assert named[("Lead", "ConvertedAccountId")] is None
    assert named[("Lead", "Acc__c")] == "Leads__r"


def test_global_lists_objects_with_their_flags(api: Any) -> None:
    found = api.get("sobjects").json()
    assert list(found) == ["encoding", "maxBatchSize", "sobjects"]
    assert (found["encoding"], found["maxBatchSize"]) == ("UTF-8", 200)
    lead = next(one for one in found["sobjects"] if one["name"] == "Lead")
    assert (lead["keyPrefix"], lead["labelPlural"], lead["createable"]) == ("00Q", "Leads", True)
    assert lead["urls"]["rowTemplate"] == "/services/data/v60.0/sobjects/Lead/{ID}"


def test_basic_info_has_recent_records(api: Any) -> None:
    record_id = api.lead(FirstName="Jo")
    found = api.get("sobjects/Lead/").json()
    assert list(found) == ["objectDescribe", "recentItems"]
    assert found["recentItems"] == [
        {
            "attributes": {
                "type": "Lead",
                "url": f"/services/data/v60.0/sobjects/Lead/{record_id}",
            },
            "Id": record_id,
            "Name": "Jo Doe",
        }
    ]


def test_an_unknown_object_is_404(api: Any) -> None:
    reply = api.get("sobjects/Nope/describe")
    assert reply.status_code == 404
    assert reply.json()[0]["errorCode"] == "NOT_FOUND"


def test_if_modified_since_answers_304_until_a_field_is_added(org: Running) -> None:
    """Even when the field is added within the same second."""
    url = f"{org.url}/services/data/v60.0/sobjects/Lead/describe"
    headers = {"Authorization": f"Bearer {org.token()}"}
    stamp = requests.get(url, headers=headers, timeout=30).headers["last-modified"]
    headers["If-Modified-Since"] = stamp
    assert requests.get(url, headers=headers, timeout=30).status_code == 304
    org.org.store.add_field("Lead", custom_field("New__c", "Date"))
    reply = requests.get(url, headers=headers, timeout=30)
    assert reply.status_code == 200
    assert "New__c" in [one["name"] for one in reply.json()["fields"]]
