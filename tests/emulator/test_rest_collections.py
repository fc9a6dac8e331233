"""Up to 200 records in one call: facts 3.1; row shapes as recorded."""

from __future__ import annotations

from typing import Any

import pytest

LEAD = {"type": "Lead"}
ROLLED_BACK = {
    "success": False,
    "errors": [
        {
            "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "message": "Record rolled back because not all records were valid and the request "
            "was using AllOrNone header",
            "fields": [],
        }
    ],
}


def error(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {
        "success": False,
        "errors": [{"statusCode": code, "message": message, "fields": list(fields)}],
    }


def test_create_keeps_the_order_of_mixed_types(api: Any) -> None:
    records = [
        {"attributes": {"type": "Account"}, "Name": "A"},
        {"attributes": LEAD, "LastName": "x"},
        {"attributes": {"type": "Account"}, "Name": "B"},
    ]
    reply = api.post("composite/sobjects", {"allOrNone": False, "records": records})
    first, second, third = reply.json()
    assert reply.status_code == 200
    assert (list(first), first["id"][:3]) == (["id", "success", "errors"], "001")
    assert second == error(
        "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", "Company"
    )
    assert third["id"] > first["id"]


def test_update_rows_fail_alone_and_without_an_id_key(api: Any) -> None:
    good = api.lead()
    records = [
        {"id": good, "Score__c": 7, "attributes": LEAD},
        {"attributes": LEAD, "Score__c": 7},
        {"attributes": LEAD, "Id": good, "unknownField": 1},
        {"attributes": {"type": "Account"}, "id": "001xx000003DHP0AAO", "Name": "x"},
        {"attributes": LEAD, "id": good[:15], "Email": "badone"},
    ]
    rows = api.patch("composite/sobjects", {"records": records}).json()
    assert rows[0] == {"id": good, "success": True, "errors": []}
    assert rows[1] == error("MISSING_ARGUMENT", "Id not specified in an update call")
    assert rows[2] == error(
        "INVALID_FIELD", "No such column 'unknownField' on sobject of type Lead"
    )
    assert rows[3] == error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    assert rows[4]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_all_or_none_rolls_every_row_back(api: Any) -> None:
    record_id = api.lead(Score__c=1)
    records = [
        {"attributes": LEAD, "id": record_id, "Score__c": 2},
        {"attributes": LEAD, "id": record_id, "Nope": 2},
    ]
    rows = api.patch("composite/sobjects", {"allOrNone": True, "records": records}).json()
    assert rows[0] == ROLLED_BACK
    assert rows[1]["errors"][0]["statusCode"] == "INVALID_FIELD"
    assert api.field(record_id, "Score__c") == 1.0


def test_upsert_says_created_for_every_row(api: Any) -> None:
    known = api.lead(Ext__c="old")
    records = [
        {"attributes": LEAD, "Ext__c": "OLD", "Score__c": 5},
        {"attributes": LEAD, "Ext__c": "new", "LastName": "N", "Company": "C"},
        {"attributes": LEAD, "Ext__c": "bad", "LastName": "N"},
        {"Ext__c": "x", "LastName": "N", "Company": "C"},
        {"attributes": LEAD, "LastName": "N", "Company": "C"},
    ]
    rows = api.patch("composite/sobjects/Lead/Ext__c", {"records": records}).json()
    assert rows[0] == {"id": known, "success": True, "errors": [], "created": False}
    assert (rows[1]["success"], rows[1]["created"]) == (True, True)
    assert [row["created"] for row in rows[2:]] == [False, False, False]
    assert rows[3]["errors"] == [
        {
            "statusCode": "JSON_PARSER_ERROR",
            "message": "Nested object for polymorphic foreign key must have an attributes field "
            "before any other fields.",
            "fields": [],
        }
    ]
    assert rows[4]["errors"][0]["message"] == "Ext__c not specified"


def test_the_same_key_twice_fails_every_row_with_it(api: Any) -> None:
    row = {"attributes": LEAD, "LastName": "N", "Company": "C"}
    records = [{**row, "Ext__c": "a-1"}, {**row, "Ext__c": "b"}, {**row, "Ext__c": "a-1"}]
    rows = api.patch("composite/sobjects/Lead/Ext__c", {"records": records}).json()
    assert [row["success"] for row in rows] == [False, True, False]
    assert {rows[at]["errors"][0]["message"] for at in (0, 2)} == {
        "Duplicate external id specified: a-1"
    }


def test_several_records_for_a_key_name_their_ids(api: Any) -> None:
    one, two = api.lead(Code__c="same"), api.lead(Code__c="same")
    records = [{"attributes": LEAD, "Code__c": "same", "Score__c": 1}]
    (row,) = api.patch("composite/sobjects/Lead/Code__c", {"records": records}).json()
    message = f"Code: more than one record found for external id field: [{one}, {two}]"
    assert row["errors"] == [
        {"statusCode": "DUPLICATE_EXTERNAL_ID", "message": message, "fields": ["Code__c"]}
    ]


def test_id_as_the_key_inserts_when_it_is_null(api: Any) -> None:
    record = {"attributes": LEAD, "Id": None, "LastName": "N", "Company": "C"}
    (row,) = api.patch("composite/sobjects/Lead/Id", {"records": [record]}).json()
    assert (row["success"], row["created"]) == (True, True)


def test_a_bad_value_fails_its_row_alone(api: Any) -> None:
    ids = [api.lead(), api.lead()]
    records = [
        {"attributes": LEAD, "id": ids[0], "Day__c": "never"},
        {"attributes": LEAD, "id": ids[1], "Day__c": "2026-01-31"},
    ]
    rows = api.patch("composite/sobjects", {"records": records}).json()
    assert rows[0]["errors"][0]["statusCode"] == "JSON_PARSER_ERROR"
    assert rows[1]["success"] is True


def test_no_records_and_more_than_200_fail_the_whole_call(api: Any) -> None:
    none = api.post("composite/sobjects", {"records": []})
    assert none.status_code == 400
    assert none.json() == [
        {"message": "At least 1 record is required", "errorCode": "REQUIRED_FIELD_MISSING"}
    ]
    many = [{"attributes": LEAD, "LastName": "N", "Company": "C"}] * 201
    assert api.post("composite/sobjects", {"records": many}).status_code == 400
    assert api.get("limits/recordCount?sObjects=Lead").json() == {"sObjects": []}


def test_a_field_that_is_no_key_fails_the_whole_call(api: Any) -> None:
    record = {"attributes": LEAD, "Note__c": "x"}
    reply = api.patch("composite/sobjects/Lead/Note__c", {"records": [record]})
    assert reply.status_code == 400
    assert reply.json()[0]["message"] == (
        "Field name provided, Note__c does not match an External ID, Salesforce Id, or indexed "
        "field for Lead"
    )


def test_delete_by_ids(api: Any) -> None:
    record_id = api.lead()
    path = f"composite/sobjects?ids={record_id},00Q000000000123,xx&allOrNone=false"
    rows = api.call("DELETE", path).json()
    assert rows[0] == {"id": record_id, "success": True, "errors": []}
    assert [row["errors"][0]["statusCode"] for row in rows[1:]] == [
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
    ]


def test_retrieve_keeps_order_and_says_null_for_what_is_missing(api: Any) -> None:
    one, two = api.lead(Note__c="1"), api.lead(Note__c="2")
    path = f"composite/sobjects/Lead?ids={two},00Q000000000123,{one}&fields=Note__c"
    found = api.get(path).json()
    assert [row and row["Note__c"] for row in found] == ["2", None, "1"]
    body = {"ids": [one[:15]], "fields": ["Note__c"]}
    assert api.post("composite/sobjects/Lead", body).json()[0]["Id"] == one
    wrong = api.get("composite/sobjects/Lead?ids=nonsense&fields=Id")
    assert wrong.status_code == 400
    assert wrong.json() == [{"message": "malformed id nonsense", "errorCode": "MALFORMED_ID"}]


def test_a_lookup_may_be_named_by_an_id_in_one_record_and_by_a_key_in_the_next(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme", "Ext__c": "A-2"}).json()["id"]
    leads = [api.lead(), api.lead(Acc__c=account), api.lead(Acc__c=account)]
    said = ({"Acc__c": account}, {"Acc__r": {"Ext__c": "a-2"}}, {"Note__c": "left alone"})
    item = {"attributes": {"type": "Lead"}}
    records = [{**item, "Id": lead, **one} for lead, one in zip(leads, said, strict=True)]
    told = api.patch("composite/sobjects", {"records": records}).json()
    assert [row["success"] for row in told] == [True] * 3
    assert [api.field(lead, "Acc__c") for lead in leads] == [account] * 3
    new = [{**item, "LastName": "Roe", "Company": "Acme", **one} for one in said]
    made = api.post("composite/sobjects", {"records": new}).json()
    assert [api.field(row["id"], "Acc__c") for row in made] == [account, account, None]


def test_a_create_names_no_record(api: Any) -> None:
    item = {"attributes": {"type": "Lead"}, "LastName": "Doe", "Company": "Acme"}
    records = [{**item, "Id": api.lead()}, {**item, "id": None}, item]
    refused, *made = api.post("composite/sobjects", {"records": records}).json()
    assert refused["errors"] == [
        {
            "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
            "message": "cannot specify Id in an insert call",
            "fields": ["Id"],
        }
    ]
    assert [row["success"] for row in made] == [True, True]


def test_an_id_that_is_named_twice_is_deleted_once(api: Any) -> None:
    lead = api.lead()
    first, again = api.call("DELETE", f"composite/sobjects?ids={lead},{lead}").json()
    assert (first["success"], again["errors"][0]["statusCode"]) == (True, "ENTITY_IS_DELETED")


def test_an_upsert_takes_records_of_the_type_in_its_path_only(api: Any) -> None:
    kinds = ("Account", "lead")
    rows = [
        {"attributes": {"type": kind}, "Ext__c": f"t-{kind}", "LastName": "A", "Company": "C"}
        for kind in kinds
    ]
    other, same = api.patch("composite/sobjects/Lead/Ext__c", {"records": rows}).json()
    assert (other["errors"][0]["statusCode"], same["success"]) == ("INVALID_TYPE", True)


@pytest.mark.parametrize("record", [1, None, "attributes", [], {"attributes": 1}])
def test_a_record_that_is_none_fails_its_row_alone(api: Any, record: Any) -> None:
    good = {"attributes": {"type": "Lead"}, "Ext__c": "g", "LastName": "A", "Company": "C"}
    bad = {**good, "Ext__c": "h", "Score__c": "x"}
    for method, path in (("PATCH", "/Lead/Ext__c"), ("POST", "")):
        reply = api.call(method, f"composite/sobjects{path}", json={"records": [record, good, bad]})
        assert [row["success"] for row in reply.json()] == [False, True, False]
        good = {**good, "Ext__c": "i"}


@pytest.mark.parametrize("kind", [1, None, []])
def test_a_nested_record_whose_type_is_no_text_is_a_bad_value(api: Any, kind: Any) -> None:
    owner = {"attributes": {"type": kind}, "Username": "x"}
    reply = api.post("sobjects/Lead", {"LastName": "A", "Company": "C", "Owner": owner})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
