"""A field made through the API is invisible until a permission set grants it: facts 8.3, 8.4."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.emulator.access.view import view
from crm_sink.emulator.altering import altering
from crm_sink.emulator.metadata import custom_field
from crm_sink.emulator.schema import Field, ObjectType
from crm_sink.emulator.serve import running

NEW = "Lead.Fresh__c"
UNSEEN = "No such column 'Fresh__c' on "


def make(api: Any, full_name: str = NEW, **more: str) -> None:
    """Make a field as the Metadata API does."""
    body = {"label": "Fresh", "type": "Number", "precision": "3", "scale": "0", **more}
    with altering(api.running.org) as change:
        custom_field.save(change, full_name, body, mode="create")


def permission_set(api: Any) -> str:
    reply = api.post("sobjects/PermissionSet", {"Name": "Scores", "Label": "Scores"})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def grant(api: Any, parent: str, *, field: str = NEW, edit: bool = True) -> Any:
    return api.post(
        "sobjects/FieldPermissions",
        {
            "ParentId": parent,
            "SobjectType": "Lead",
            "Field": field,
            "PermissionsRead": True,
            "PermissionsEdit": edit,
        },
    )


def assign(api: Any, parent: str) -> Any:
    values = {"AssigneeId": api.running.org.user_id, "PermissionSetId": parent}
    return api.post("sobjects/PermissionSetAssignment", values)


def described(api: Any) -> dict[str, dict[str, Any]]:
    fields = api.get("sobjects/Lead/describe").json()["fields"]
    return {field["name"]: field for field in fields}


def test_describe_query_and_writes_do_not_know_a_field_that_nobody_granted(api: Any) -> None:
    make(api)
    lead = api.lead()
    assert "Fresh__c" not in described(api)
    asked = api.get("query", params={"q": "SELECT Fresh__c FROM Lead"})
    assert (asked.status_code, asked.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert UNSEEN + "entity 'Lead'" in asked.json()[0]["message"]
    written = api.patch(f"sobjects/Lead/{lead}", {"Fresh__c": 1})
    assert written.status_code == 400
    words = UNSEEN + "sobject of type Lead"
    assert written.json() == [{"message": words, "errorCode": "INVALID_FIELD"}]
    job = api.run_job(f"Id,Fresh__c\n{lead},1\n", "update")
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Fresh__c"


def test_a_grant_alone_shows_nothing_and_an_assigned_one_shows_the_field(api: Any) -> None:
    make(api)
    lead, parent = api.lead(), permission_set(api)
    assert grant(api, parent).status_code == 201
    assert "Fresh__c" not in described(api)
    assert assign(api, parent).status_code == 201
    assert described(api)["Fresh__c"]["updateable"] is True
    assert api.patch(f"sobjects/Lead/{lead}", {"Fresh__c": 7}).status_code == 204
    assert api.field(lead, "Fresh__c") == 7


def test_a_field_that_may_only_be_read_is_seen_and_not_written(api: Any) -> None:
    make(api)
    lead, parent = api.lead(), permission_set(api)
    grant(api, parent, edit=False)
    assign(api, parent)
    assert api.field(lead, "Fresh__c") is None
    reply = api.patch(f"sobjects/Lead/{lead}", {"Fresh__c": 7})
    assert reply.status_code == 400
    assert reply.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert reply.json()[0]["fields"] == ["Fresh__c"]


@pytest.mark.parametrize("gone", ["assignment", "grant", "set"])
def test_what_is_taken_away_is_not_seen_any_more(api: Any, gone: str) -> None:
    make(api)
    parent = permission_set(api)
    granted, assigned = grant(api, parent).json()["id"], assign(api, parent).json()["id"]
    path = {
        "assignment": f"PermissionSetAssignment/{assigned}",
        "grant": f"FieldPermissions/{granted}",
        "set": f"PermissionSet/{parent}",
    }[gone]
    assert "Fresh__c" in described(api)
    assert api.call("DELETE", f"sobjects/{path}").status_code == 204
    assert "Fresh__c" not in described(api)


def test_a_required_field_is_seen_by_all(api: Any) -> None:
    make(api, required="true", defaultValue="1")
    assert described(api)["Fresh__c"]["nillable"] is False


def test_seeded_fields_stay_visible(api: Any) -> None:
    assert {"Score__c", "Ext__c", "Company"} <= set(described(api))


def test_what_is_seen_survives_a_restart(api_folder: Any, log_in: Any) -> None:
    with running(api_folder) as handle:
        api = log_in(handle)
        make(api)
        make(api, "Lead.Hidden__c")
        parent = permission_set(api)
        grant(api, parent)
        assign(api, parent)
    with running(api_folder) as handle:
        found = described(log_in(handle))
        assert "Fresh__c" in found
        assert "Hidden__c" not in found


def test_an_assignment_made_twice_is_refused_as_recorded(api: Any) -> None:
    parent, user = permission_set(api), api.running.org.user_id
    assign(api, parent)
    reply = assign(api, parent)
    words = (
        f"Duplicate PermissionSetAssignment.  Assignee: {user[:15]}; Permission Set: {parent[:15]}"
    )
    fields = ["AssigneeId", "PermissionSetId"]
    assert reply.status_code == 400
    assert reply.json() == [{"message": words, "errorCode": "DUPLICATE_VALUE", "fields": fields}]


def test_a_grant_on_a_field_that_is_none_or_is_seen_by_all_is_refused(api: Any) -> None:
    parent = permission_set(api)
    for field in ("Lead.Nope__c", "Lead.LastName", "nonsense"):
        (error,) = grant(api, parent, field=field).json()
        assert error["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        assert error["message"].endswith(field)


def test_a_grant_made_twice_is_refused(api: Any) -> None:
    make(api)
    parent = permission_set(api)
    grant(api, parent)
    assert grant(api, parent).json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_permission_sets_are_found_by_query(api: Any) -> None:
    """As jsforce and provisioning tools ask."""
    parent = permission_set(api)
    asked = "SELECT Id, Name FROM PermissionSet WHERE Name = 'Scores'"
    (found,) = api.get("query", params={"q": asked}).json()["records"]
    assert (found["Id"], found["Name"]) == (parent, "Scores")


def test_an_object_without_guarded_fields_is_seen_as_it_is() -> None:
    plain = ObjectType("A", "A", "As", "a00", {"x__c": Field("X__c", "X", "string")})
    assert view(plain, {}) is plain
