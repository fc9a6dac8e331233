"""Single records: facts 2.3 and 2.4."""

from __future__ import annotations

from typing import Any

import pytest

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
DELETED = [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]


def test_create_answers_201_with_a_location(api: Any) -> None:
    reply = api.post("sobjects/Lead/", {"LastName": "Doe", "Company": "Acme"})
    record_id = reply.json()["id"]
    assert reply.status_code == 201
    assert reply.text == f'{{"id":"{record_id}","success":true,"errors":[]}}'
    assert reply.headers["Location"] == f"/services/data/v60.0/sobjects/Lead/{record_id}"
    assert (len(record_id), record_id[:3]) == (18, "00Q")


def test_a_record_reads_back_typed_with_attributes_first(api: Any) -> None:
    record_id = api.lead(
        FirstName="Jo", Score__c=87.25, Day__c="2026-05-01", At__c="2026-05-01T09:25:37+02:00"
    )
    record = api.get(f"sobjects/Lead/{record_id}").json()
    assert list(record)[:2] == ["attributes", "Id"]
    assert record["attributes"] == {
        "type": "Lead",
        "url": f"/services/data/v60.0/sobjects/Lead/{record_id}",
    }
    assert record["Name"] == "Jo Doe"
    assert record["Score__c"] == 87.25
    assert (record["Day__c"], record["At__c"]) == ("2026-05-01", "2026-05-01T07:25:37.000+0000")
    assert (record["Flag__c"], record["Email"], record["Address"]) == (False, None, None)
    assert record["Status"] == "Open - Not Contacted"


def test_fields_limits_what_is_read(api: Any) -> None:
    record_id = api.lead()
    record = api.get(f"sobjects/Lead/{record_id}?fields=Company").json()
    assert {key: record[key] for key in record if key != "attributes"} == {
        "Company": "Acme",
        "Id": record_id,
    }


def test_update_answers_204_and_moves_the_stamp_with_equal_values_too(api: Any) -> None:
    import datetime

    record_id = api.lead()
    before = api.field(record_id, "SystemModstamp")
    org = api.running.org
    moment = org.now() + datetime.timedelta(seconds=5)
    org.clock = type("Later", (), {"now": staticmethod(lambda: moment)})()
    reply = api.patch(f"sobjects/Lead/{record_id}", {"Company": "Acme"})
    assert (reply.status_code, reply.content) == (204, b"")
    assert "Sforce-Limit-Info" in reply.headers
    assert api.field(record_id, "SystemModstamp") > before
    assert api.field(record_id, "LastModifiedDate") > before


def test_names_and_ids_of_15_characters_and_any_case_are_taken(api: Any) -> None:
    record_id = api.lead()
    assert api.patch(f"sobjects/lead/{record_id[:15]}", {"note__C": "hi"}).status_code == 204
    assert api.field(record_id, "Note__c") == "hi"


def test_a_patch_may_come_as_a_post(api: Any) -> None:
    record_id = api.lead()
    reply = api.post(f"sobjects/Lead/{record_id}?_HttpMethod=PATCH", {"Note__c": "hi"})
    assert reply.status_code == 204


def test_null_clears_and_absence_leaves_alone(api: Any) -> None:
    record_id = api.lead(Note__c="a", Score__c=3)
    api.patch(f"sobjects/Lead/{record_id}", {"Note__c": None})
    record = api.get(f"sobjects/Lead/{record_id}?fields=Note__c,Score__c").json()
    assert (record["Note__c"], record["Score__c"]) == (None, 3.0)


def test_delete_answers_204_and_a_second_404(api: Any) -> None:
    record_id = api.lead()
    assert api.call("DELETE", f"sobjects/Lead/{record_id}").status_code == 204
    again = api.call("DELETE", f"sobjects/Lead/{record_id}")
    assert (again.status_code, again.json()) == (404, DELETED)
    assert api.get(f"sobjects/Lead/{record_id}").json() == DELETED
    assert api.patch(f"sobjects/Lead/{record_id}", {"Note__c": "x"}).json() == DELETED


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_well_formed_id_that_never_was_is_a_cross_reference(api: Any, method: str) -> None:
    reply = api.call(method, "sobjects/Lead/00Q000000000123", json={"Note__c": "x"})
    assert reply.status_code == 404
    assert reply.json() == [
        {
            "message": "invalid cross reference id",
            "errorCode": "INVALID_CROSS_REFERENCE_KEY",
            "fields": [],
        }
    ]


@pytest.mark.parametrize("path", ["sobjects/Nope", "sobjects/Lead/xyz", "sobjects/Nope/00Q1"])
def test_an_unknown_object_or_a_malformed_id_is_not_found(api: Any, path: str) -> None:
    reply = api.get(path)
    assert (reply.status_code, reply.json()) == (404, NOT_FOUND)


def test_an_id_in_the_body_is_refused(api: Any) -> None:
    record_id = api.lead()
    reply = api.patch(f"sobjects/Lead/{record_id}", {"Id": record_id})
    assert reply.json() == [
        {
            "message": "The Id field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
        }
    ]


def test_an_empty_body_and_broken_json_are_parser_errors(api: Any) -> None:
    empty = api.post("sobjects/Lead")
    assert empty.json()[0]["message"] == (
        "The HTTP entity body is required, but this request has no entity body."
    )
    broken = api.call("POST", "sobjects/Lead", data=b'{"a" j}')
    assert (broken.status_code, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert broken.json()[0]["message"] == (
        "Unexpected character ('j' (code 106)): was expecting a colon to separate field name and "
        "value at [line:1, column:6]"
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("application/json; charset=utf-8", 201), ("Application/JSON", 201),
        ("application/x-www-form-urlencoded", 415), ("text/plain", 415),
    ],
)  # fmt: skip
def test_a_body_is_refused_that_is_not_called_json(api: Any, sent: str, status: int) -> None:
    """`curl -d` without a header sends JSON as a form; the words are those quoted by others."""
    data = b'{"LastName": "Doe", "Company": "Acme"}'
    reply = api.call("POST", "sobjects/Lead", data=data, headers={"Content-Type": sent})
    assert reply.status_code == status
    if status == 415:
        text = f"MediaType of '{sent}' is not supported by this resource"
        assert reply.json() == [{"message": text, "errorCode": "UNSUPPORTED_MEDIA_TYPE"}]


def test_a_parent_is_named_by_its_external_id(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme", "Ext__c": "A-1"}).json()["id"]
    record_id = api.lead(Acc__r={"Ext__c": "a-1"})
    assert api.field(record_id, "Acc__c") == account
    reply = api.patch(f"sobjects/Lead/{record_id}", {"Acc__r": {"Ext__c": "gone"}})
    assert reply.json()[0]["message"] == (
        "Foreign key external ID: gone not found for field Ext__c in entity Account"
    )
    api.patch(f"sobjects/Lead/{record_id}", {"Acc__r": None})
    assert api.field(record_id, "Acc__c") is None


def test_assignment_rules_fire_unless_the_header_says_false(api: Any) -> None:
    org = api.running.org
    user = "005000000000007AAA"
    with org.store.writing() as cursor:
        cursor.execute("insert into User (Id, LastName) values (?, 'Other')", [user])
    record_id = api.lead(OwnerId=user)
    assert (api.field(record_id, "OwnerId"), org.state.rule_count) == (user, 0)
    api.patch(f"sobjects/Lead/{record_id}", {"Score__c": 1}, headers={"Sforce-Auto-Assign": "TRUE"})
    assert org.state.rules_fired == [record_id]
    assert api.field(record_id, "OwnerId") == org.user_id


def test_an_opportunity_s_stage_sets_probability_and_closed(api: Any) -> None:
    body = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-01-31"}
    deal = api.post("sobjects/Opportunity", body).json()["id"]
    found = api.get(f"sobjects/Opportunity/{deal}?fields=Probability,IsClosed,IsWon").json()
    assert (found["Probability"], found["IsClosed"], found["IsWon"]) == (100.0, True, True)
    api.patch(f"sobjects/Opportunity/{deal}", {"StageName": "Prospecting", "Probability": 33})
    found = api.get(f"sobjects/Opportunity/{deal}?fields=Probability,IsClosed").json()
    assert (found["Probability"], found["IsClosed"]) == (33.0, False)
