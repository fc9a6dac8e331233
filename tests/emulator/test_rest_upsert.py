"""One record by an external id: facts 2.5."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import NOT_FOUND


def test_a_new_key_creates_and_a_known_one_updates(api: Any) -> None:
    made = api.patch("sobjects/Lead/Ext__c/p-1", {"LastName": "D", "Company": "C"})
    record_id = made.json()["id"]
    assert made.status_code == 201
    assert made.text == (f'{{"id":"{record_id}","success":true,"errors":[],"created":true}}')
    again = api.patch("sobjects/Lead/Ext__c/P-1", {"Score__c": 5})
    assert again.status_code == 200
    assert again.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    assert again.headers["Location"] == f"/services/data/v60.0/sobjects/Lead/{record_id}"
    assert api.field(record_id, "Ext__c") == "P-1"


def test_before_46_an_update_is_204_and_a_create_has_no_created_key(api: Any) -> None:
    api.version = "45.0"
    made = api.patch("sobjects/Lead/Ext__c/p-1", {"LastName": "D", "Company": "C"})
    assert (made.status_code, list(made.json())) == (201, ["id", "success", "errors"])
    assert api.patch("sobjects/Lead/Ext__c/p-1", {"Score__c": 5}).status_code == 204


def test_keys_with_slashes_spaces_and_dots_are_percent_encoded(api: Any) -> None:
    path = "sobjects/Lead/Ext__c/a%2Fb%20c.d%2F"
    made = api.patch(path, {"LastName": "D", "Company": "C"}).json()["id"]
    assert api.field(made, "Ext__c") == "a/b c.d/"
    assert api.get(path).json()["Id"] == made


@pytest.mark.parametrize("path", ["describe/layouts", "quickActions/A/describe", "{id}/Owner"])
def test_a_resource_that_is_not_there_is_not_taken_for_a_key(api: Any, path: str) -> None:
    reply = api.get(f"sobjects/Lead/{path.format(id=api.lead())}")
    assert (reply.status_code, reply.json()) == (404, NOT_FOUND)


def test_any_id_lookup_field_works_and_so_does_id(api: Any) -> None:
    made = api.patch("sobjects/Contact/Email/t%40example.com", {"LastName": "T"})
    record_id = made.json()["id"]
    assert made.status_code == 201
    by_id = api.patch(f"sobjects/Contact/Id/{record_id}?updateOnly=true", {"Phone": "1"})
    assert (by_id.status_code, by_id.json()["created"]) == (200, False)


def test_several_matches_are_300_with_their_urls(api: Any) -> None:
    found = [api.lead(Code__c="same"), api.lead(Code__c="same")]
    reply = api.patch("sobjects/Lead/Code__c/same", {"Score__c": 5})
    assert reply.status_code == 300
    assert reply.json() == [f"/services/data/v60.0/sobjects/Lead/{one}" for one in found]


def test_update_only_creates_nothing(api: Any) -> None:
    path = "sobjects/Lead/Ext__c/new?updateOnly=true"
    assert api.patch(path, {"LastName": "D", "Company": "C"}).status_code == 404
    assert api.get("limits/recordCount?sObjects=Lead").json() == {"sObjects": []}


def test_a_field_that_names_no_records_is_not_found(api: Any) -> None:
    reply = api.patch("sobjects/Lead/Namez/x", {"LastName": "D"})
    assert reply.status_code == 404
    message = "Provided external ID field does not exist or is not accessible: Namez"
    assert reply.json() == [{"message": message, "errorCode": "NOT_FOUND"}]


def test_the_key_may_not_be_repeated_in_the_body(api: Any) -> None:
    reply = api.patch("sobjects/Lead/Ext__c/p", {"Ext__c": "p", "LastName": "D"})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_a_post_to_id_inserts(api: Any) -> None:
    reply = api.post("sobjects/Lead/Id", {"LastName": "D", "Company": "C"})
    assert (reply.status_code, reply.json()["success"]) == (201, True)


def test_a_post_to_id_wants_a_record(api: Any) -> None:
    reply = api.post("sobjects/Lead/Id", [])
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
