"""Custom fields by the Tooling API: facts 8.5."""

from __future__ import annotations

from typing import Any

import pytest

FIELD = "tooling/sobjects/CustomField"
SCORE = {"type": "Number", "label": "Churn score", "precision": 18, "scale": 2, "required": False}
BAND = {
    "type": "Picklist",
    "label": "Band",
    "valueSet": {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"valueName": "Hot", "label": "Hot", "default": False},
                {"valueName": "Cold", "label": "Cold", "default": False},
            ],
        },
    },
}


def make(api: Any, metadata: dict[str, Any] = SCORE, name: str = "Lead.Churn_Score__c") -> Any:
    return api.post(FIELD, {"FullName": name, "Metadata": metadata})


def ask(api: Any, soql: str) -> Any:
    return api.get("tooling/query", params={"q": soql})


def grant(api: Any, field: str) -> None:
    """Let the user see a field, by records."""
    values = {"Name": "Scores", "Label": "Scores"}
    parent = api.post("sobjects/PermissionSet", values).json()["id"]
    granted = {"ParentId": parent, "SobjectType": "Lead", "Field": field}
    may = {"PermissionsRead": True, "PermissionsEdit": True}
    assert api.post("sobjects/FieldPermissions", {**granted, **may}).status_code == 201
    assigned = {"AssigneeId": api.running.org.user_id, "PermissionSetId": parent}
    assert api.post("sobjects/PermissionSetAssignment", assigned).status_code == 201


def test_a_field_is_made_and_seen_once_it_is_granted(api: Any) -> None:
    reply = make(api, BAND, "Lead.Churn_Band__c")
    assert reply.status_code == 201
    told = reply.json()
    assert list(told) == ["id", "success", "errors", "warnings", "infos"]
    assert (told["id"][:3], told["success"], told["errors"]) == ("00N", True, [])
    grant(api, "Lead.Churn_Band__c")
    fields = api.get("sobjects/Lead/describe").json()["fields"]
    (field,) = [one for one in fields if one["name"] == "Churn_Band__c"]
    assert [one["value"] for one in field["picklistValues"]] == ["Hot", "Cold"]
    assert field["restrictedPicklist"] is True


def test_a_query_finds_it_by_its_parts(api: Any) -> None:
    field_id = make(api).json()["id"]
    soql = (
        "SELECT Id, DeveloperName, TableEnumOrId, EntityDefinition.QualifiedApiName "
        "FROM CustomField WHERE DeveloperName = 'Churn_Score' AND TableEnumOrId = 'Lead'"
    )
    found = ask(api, soql).json()
    keys = ["size", "totalSize", "done", "queryLocator", "entityTypeName", "records"]
    assert list(found) == keys
    (record,) = found["records"]
    assert record["Id"] == field_id
    url = f"/services/data/v60.0/tooling/sobjects/CustomField/{field_id}"
    assert record["attributes"] == {"type": "CustomField", "url": url}
    assert record["EntityDefinition"]["QualifiedApiName"] == "Lead"


def test_metadata_is_given_for_one_row_and_refused_for_more(api: Any) -> None:
    field_id = make(api).json()["id"]
    asked = ask(api, f"SELECT FullName, Metadata FROM CustomField WHERE Id = '{field_id}'")
    (record,) = asked.json()["records"]
    assert (record["FullName"], record["Metadata"]) == ("Lead.Churn_Score__c", SCORE)
    several = ask(api, "SELECT Metadata FROM CustomField")
    assert (several.status_code, several.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_seeded_fields_have_ids_that_stay(api: Any) -> None:
    soql = "SELECT Id FROM CustomField WHERE TableEnumOrId = 'Lead' AND DeveloperName = 'Score'"
    first, second = ask(api, soql).json(), ask(api, soql).json()
    assert first["totalSize"] == 1
    assert first == second


def test_count_and_entities_can_be_asked(api: Any) -> None:
    make(api)
    soql = "SELECT count() FROM CustomField WHERE DeveloperName = 'Churn_Score'"
    assert ask(api, soql).json()["totalSize"] == 1
    entity = ask(api, "SELECT DurableId, KeyPrefix FROM EntityDefinition WHERE Label = 'Lead'")
    assert entity.json()["records"][0]["KeyPrefix"] == "00Q"


def test_what_the_tooling_api_does_not_have_is_told_as_it_would_be(api: Any) -> None:
    """The `sf` command line tool asks this, and takes the error for an org without tracking."""
    reply = ask(api, "SELECT Id FROM SourceMember LIMIT 1")
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert "sObject type 'SourceMember' is not supported" in reply.json()[0]["message"]
    assert ask(api, "").json()[0]["errorCode"] == "MALFORMED_QUERY"


def test_a_field_is_shown_changed_and_deleted_by_its_id(api: Any) -> None:
    path = f"{FIELD}/{make(api).json()['id']}"
    changed = api.patch(path, {"Metadata": {**SCORE, "label": "New label"}})
    assert (changed.status_code, changed.content) == (204, b"")
    shown = api.get(path).json()
    assert (shown["FullName"], shown["Metadata"]["label"]) == ("Lead.Churn_Score__c", "New label")
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.call("DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"Metadata": SCORE}, "REQUIRED_FIELD_MISSING", ["FullName"]),
        ({"FullName": "Lead.A__c"}, "REQUIRED_FIELD_MISSING", ["Metadata"]),
        (
            {"FullName": "Lead.A__c", "Metadata": {"type": "Text", "label": "A"}},
            "FIELD_INTEGRITY_EXCEPTION",
            [],
        ),
        ({"FullName": "Lead.Score__c", "Metadata": SCORE}, "DUPLICATE_DEVELOPER_NAME", None),
    ],
)
def test_what_cannot_be_made_is_refused(
    api: Any, body: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    reply = api.post(FIELD, body)
    (error,) = reply.json()
    assert (reply.status_code, error["errorCode"]) == (400, code)
    assert error["fields"] == (["DeveloperName"] if fields is None else fields)


def test_a_change_needs_metadata(api: Any) -> None:
    reply = api.patch(f"{FIELD}/{make(api).json()['id']}", {"FullName": "Lead.Other__c"})
    assert (reply.status_code, reply.json()[0]["fields"]) == (400, ["Metadata"])


def test_the_sf_cli_is_told_of_the_columns_of_a_query(api: Any) -> None:
    """As `sf data query --use-tooling-api` asks before it runs the query."""
    asked = {"q": "SELECT DeveloperName, Id FROM CustomField", "columns": "true"}
    found = api.get("tooling/query", params=asked).json()
    assert found["entityName"] == "CustomField"
    assert [one["columnName"] for one in found["columnMetadata"]] == ["DeveloperName", "Id"]


def test_children_are_called_as_the_lookup_says(api: Any) -> None:
    lookup = {"type": "Lookup", "label": "Buyer", "referenceTo": "Account"}
    assert make(api, {**lookup, "relationshipName": "Bought"}, "Lead.Buyer__c").status_code == 201
    grant(api, "Lead.Buyer__c")
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    api.lead(Buyer__c=account)
    soql = "SELECT (SELECT LastName FROM Bought__r) FROM Account"
    (found,) = api.get("query", params={"q": soql}).json()["records"]
    assert found["Bought__r"]["totalSize"] == 1
    known = api.get("sobjects/Account/describe").json()["childRelationships"]
    assert "Bought__r" in {one["relationshipName"] for one in known}
