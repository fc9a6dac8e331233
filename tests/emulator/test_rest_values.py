"""What Salesforce says of a value it cannot take: facts 2.3, 2.6, 7.3."""

from __future__ import annotations

from typing import Any

import pytest

ACCESS = (
    "Unable to create/update fields: {}. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)


@pytest.mark.parametrize(
    ("field", "value", "code", "message"),
    [
        ("Note__c", "x" * 26, "STRING_TOO_LONG",
         f"Note: data value too large: {'x' * 26} (max length=25)"),
        ("Score__c", 1000, "NUMBER_OUTSIDE_VALID_RANGE",
         "Score: value outside of valid range on numeric field: 1000"),
        ("NumberOfEmployees", 1431655766, "NUMBER_OUTSIDE_VALID_RANGE",
         "Employees: value outside of valid range on numeric field: 1431655766"),
        ("Band__c", "Lukewarm", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Band: bad value for restricted picklist field: Lukewarm"),
        ("Tags__c", "Hot;Icy", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Tags: bad value for restricted picklist field: Hot;Icy"),
        ("Email", "not an email", "INVALID_EMAIL_ADDRESS",
         "Email: invalid email address: not an email"),
        ("Day__c", "1699-12-31", "FIELD_INTEGRITY_EXCEPTION",
         "Day: invalid date: Thu Dec 31 00:00:00 GMT 1699"),
        ("Day__c", "4001-01-01", "FIELD_INTEGRITY_EXCEPTION",
         "Day: invalid date: Mon Jan 01 00:00:00 GMT 4001"),
        ("At__c", "4000-12-31T23:59:59-01:00", "FIELD_INTEGRITY_EXCEPTION",
         "Scored at: invalid date: Mon Jan 01 00:59:59 GMT 4001"),
        ("At__c", "9999-12-31T23:59:59-10:00", "FIELD_INTEGRITY_EXCEPTION",
         "Scored at: invalid date: Sat Jan 01 09:59:59 GMT 10000"),
        ("Flag__c", None, "INVALID_TYPE_ON_FIELD_IN_RECORD",
         "Flag: value not of required type: "),
        ("Company", None, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]"),
        ("Company", "  ", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]"),
        ("IsConverted", True, "INVALID_FIELD_FOR_INSERT_UPDATE", ACCESS.format("IsConverted")),
        ("CreatedDate", "2020-01-01T00:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE",
         ACCESS.format("CreatedDate")),
        ("Acc__c", "00Q000000000123", "MALFORMED_ID",
         "Best account: id value of incorrect type: 00Q000000000123"),
    ],
)  # fmt: skip
def test_a_value_its_field_cannot_hold(
    api: Any, field: str, value: Any, code: str, message: str
) -> None:
    reply = api.patch(f"sobjects/Lead/{api.lead()}", {field: value})
    assert reply.status_code == 400
    assert reply.json() == [{"message": message, "errorCode": code, "fields": [field]}]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("At__c", "yesterday", "datetime from VALUE_STRING value yesterday"),
        ("At__c", "2026-01-01T00:00:00", "datetime from VALUE_STRING value 2026-01-01T00:00:00"),
        ("Day__c", "2026-02-30", "date from VALUE_STRING value 2026-02-30"),
        ("Score__c", "high", "double from VALUE_STRING value high"),
        ("Score__c", "NaN", "double from VALUE_STRING value NaN"),
        ("Note__c", 5, "string from VALUE_NUMBER_INT value 5"),
        ("NumberOfEmployees", 250.0, "int from VALUE_NUMBER_FLOAT value 250.0"),
        ("Flag__c", "perhaps", "boolean from VALUE_STRING value perhaps"),
    ],
)
def test_a_value_of_another_type_is_a_parser_error_with_its_place(
    api: Any, field: str, value: Any, said: str
) -> None:
    reply = api.patch(f"sobjects/Lead/{api.lead()}", {field: value})
    column = len(field) + 6
    message = (
        f"Cannot deserialize instance of {said} or request may be missing a required field "
        f"at [line:1, column:{column}]"
    )
    assert reply.status_code == 400
    assert reply.json() == [{"message": message, "errorCode": "JSON_PARSER_ERROR"}]


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("Note__c", "  padded\t\n", "padded"),
        ("Note__c", "\u00a0kept\u00a0", "\u00a0kept\u00a0"),
        ("Note__c", "", None),
        ("Note__c", "#N/A", "#N/A"),
        ("Note__c", 'quote " comma , 😀', 'quote " comma , 😀'),
        ("Note__c", "2\nlines", "2\nlines"),
        ("Note__c", "\ue000", "\ue000"),
        ("Note__c", "\ue000 ", "\ue000"),
        ("Score__c", "87", 87.0),
        ("Score__c", 87.256, 87.256),
        ("Chance__c", 10, 10.0),
        ("NumberOfEmployees", "10000", 10000),
        ("Flag__c", "true", True),
        ("Day__c", "2019-09-26T16:30:00.000+0000", "2019-09-26"),
        ("Day__c", "1700-01-01", "1700-01-01"),
        ("Day__c", "4000-12-31", "4000-12-31"),
        ("At__c", "4000-12-31T23:00:00Z", "4000-12-31T23:00:00.000+0000"),
        ("At__c", "2026-05-01T07:25:37Z", "2026-05-01T07:25:37.000+0000"),
        ("Tags__c", "Hot;Cold", "Hot;Cold"),
        ("Industry", "Alchemy", "Alchemy"),
    ],
)
def test_a_value_that_is_taken(api: Any, field: str, value: Any, stored: Any) -> None:
    record_id = api.lead()
    reply = api.patch(f"sobjects/Lead/{record_id}", {field: value})
    assert reply.status_code == 204, reply.text
    assert api.field(record_id, field) == stored


def test_an_unknown_field_is_named_as_it_was_sent(api: Any) -> None:
    reply = api.patch(f"sobjects/Lead/{api.lead()}", {"Equipo": 1})
    assert reply.status_code == 400
    assert reply.json() == [
        {
            "message": "No such column 'Equipo' on sobject of type Lead",
            "errorCode": "INVALID_FIELD",
        }
    ]


def test_all_missing_fields_of_a_create_are_named(api: Any) -> None:
    reply = api.post("sobjects/Lead", {"FirstName": "x"})
    assert reply.json() == [
        {
            "message": "Required fields are missing: [LastName, Company]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName", "Company"],
        }
    ]


def test_a_taken_unique_value_names_the_other_record_without_regard_to_case(api: Any) -> None:
    first = api.lead(Ext__c="k-1")
    reply = api.post("sobjects/Lead", {"LastName": "x", "Company": "c", "Ext__c": "K-1"})
    message = f"duplicate value found: Ext__c duplicates value on record with id: {first}"
    assert reply.status_code == 400
    assert reply.json() == [{"message": message, "errorCode": "DUPLICATE_VALUE", "fields": []}]


def test_a_unique_value_may_be_written_again_to_its_own_record_or_after_a_delete(api: Any) -> None:
    first = api.lead(Ext__c="k-1")
    assert api.patch(f"sobjects/Lead/{first}", {"Ext__c": "k-1"}).status_code == 204
    api.call("DELETE", f"sobjects/Lead/{first}")
    assert api.lead(Ext__c="k-1") != first


@pytest.mark.parametrize(
    ("reference", "code", "message"),
    [
        ("001RM", "MALFORMED_ID", "malformed id 001RM"),
        ("001000000000123", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
    ],
)
def test_a_reference_to_nothing(api: Any, reference: str, code: str, message: str) -> None:
    reply = api.patch(f"sobjects/Lead/{api.lead()}", {"Acc__c": reference})
    assert reply.status_code == 400
    assert reply.json() == [{"message": message, "errorCode": code, "fields": []}]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Acc__r": {"attributes": {"type": "Lead"}, "Ext__c": "k-1"}}, "INVALID_FIELD"),
        ({"Owner": {"attributes": {"type": "Lead"}, "Ext__c": "k-1"}}, "INVALID_FIELD"),
        ({"Acc__r": {"Ext__c": ["k-1"]}}, "JSON_PARSER_ERROR"),
        ({"Acc__r": {"Ext__c": {"k": 1}}}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_nested_record_that_the_field_cannot_point_to(
    api: Any, given: dict[str, Any], code: str
) -> None:
    reply = api.patch(f"sobjects/Lead/{api.lead(Ext__c='k-1')}", given)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


def test_a_reference_to_a_deleted_record(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    api.call("DELETE", f"sobjects/Account/{account}")
    reply = api.patch(f"sobjects/Lead/{api.lead()}", {"Acc__c": account})
    assert reply.json()[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_a_converted_lead_cannot_be_written(api: Any) -> None:
    record_id = api.lead(IsConverted=True)
    reply = api.patch(f"sobjects/Lead/{record_id}", {"Score__c": 1})
    assert reply.json() == [
        {
            "message": "cannot reference converted lead",
            "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD",
            "fields": [],
        }
    ]


@pytest.mark.parametrize(
    ("field", "code"),
    [("Status", "REQUIRED_FIELD_MISSING"), ("OwnerId", "INVALID_CROSS_REFERENCE_KEY")],
)
def test_what_is_never_empty_cannot_be_nulled(api: Any, field: str, code: str) -> None:
    lead = api.lead()
    for value in (None, " "):
        reply = api.patch(f"sobjects/Lead/{lead}", {field: value})
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)
        assert reply.json()[0]["fields"] == [field]
    assert api.field(lead, field) is not None
