"""Messages of real orgs (see the facts) and of our own, with their values taken out."""

from __future__ import annotations

import pytest

from crm_sink.report.masking import masked


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Model: data value too large: Jane Doe (Vienna) (max length=25)",
            "Model: data value too large: … (max length=25)",
        ),
        (
            "Call Type: bad value for restricted picklist field: Wilstermann",
            "Call Type: bad value for restricted picklist field: …",
        ),
        ("Email: invalid email address: not an email", "Email: invalid email address: …"),
        (
            "Foreign key external ID: jane doe not found for field Ext__c in entity Account",
            "Foreign key external ID: … not found for field Ext__c in entity Account",
        ),
        ("Duplicate external id specified: P-7", "Duplicate external id specified: …"),
        (
            "Failed to deserialize field at col 3. Due to, '6/15/19' is not a valid value",
            "Failed to deserialize field at col 3. Due to, … is not a valid value",
        ),
        (
            "Cannot deserialize instance of datetime from VALUE_STRING value soon at [line:1]",
            "Cannot deserialize instance of datetime from VALUE_STRING value … at [line:1]",
        ),
        ("jane.doe@example.com is in use", "… is in use"),
        (
            "data value too large: two\nlines (max length=4)",
            "data value too large: … (max length=4)",
        ),
    ],
)
def test_values_in_an_orgs_messages_are_masked(message: str, shown: str) -> None:
    assert masked(message) == shown


@pytest.mark.parametrize(
    "message",
    [
        "Required fields are missing: [LastName, Company]",
        "No such column 'Propensity__c' on entity 'Lead'",
        "duplicate value found: X__c duplicates value on record with id: 001Vr00000m4eGCIAY",
        "unable to obtain exclusive access to this record or 1 records: 001Vr00000m4eGCIAY",
        "it doesn't exist, and can't be made",
    ],
)
def test_names_of_fields_and_ids_of_records_stay(message: str) -> None:
    assert masked(message) == message


def test_the_rejects_own_value_and_key_are_masked_where_they_stand_alone() -> None:
    message = "P-1 and P-12: 'x' was 49, not 490"
    assert masked(message, "49", "P-1", None, "") == "… and P-12: … was …, not 490"
