"""What results say of rows: facts 4.4, 4.6, 7.3."""

from __future__ import annotations

from typing import Any

import pytest

START = "LastName,Company,"


def test_successful_rows_are_re_serialised_and_the_header_echoed(api: Any) -> None:
    csv = (
        "lastname,Company,AnnualRevenue,Day__c,At__c,Flag__c,Note__c\n"
        " Doe ,Acme,912260031,2019-09-26T16:30:00.000+0000,"
        "2026-05-01T09:25:37.000+02:00,TRUE,#N/A\n"
    )
    job = api.run_job(csv, "insert")
    header, row, *rest = api.result(job, "successfulResults").splitlines()
    assert header == (
        '"sf__Id","sf__Created",lastname,Company,AnnualRevenue,Day__c,At__c,Flag__c,Note__c'
    )
    assert rest == []
    assert row.partition(",")[2] == (
        '"true","Doe","Acme","9.12260031E8","2019-09-26","2026-05-01T07:25:37.000Z","true",""'
    )


def test_empty_results_are_a_header_line_only(api: Any) -> None:
    job = api.run_job("LastName,Company\nDoe,Acme\n", "insert")
    assert api.result(job, "failedResults/") == '"sf__Id","sf__Error",LastName,Company\n'
    assert api.result(job, "unprocessedRecords") == "LastName,Company\n"
    reply = api.get(f"jobs/ingest/{job['id']}/failedResults")
    assert reply.headers["Content-Type"].startswith("text/csv")


def test_a_failed_insert_has_no_id_and_shows_what_was_sent(api: Any) -> None:
    job = api.run_job("LastName,Company,Score__c\nDoe,,1\n", "insert")
    assert api.result(job, "failedResults") == (
        '"sf__Id","sf__Error",LastName,Company,Score__c\n'
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --",'
        '"Doe","","1"\n'
    )


def test_a_failed_update_has_its_id(api: Any) -> None:
    record_id = api.lead()
    job = api.run_job(f"Id,Score__c\n{record_id},1000\n", "update")
    assert api.result(job, "failedResults").splitlines()[1].startswith(f'"{record_id}",')


@pytest.mark.parametrize(
    ("field", "cell", "error"),
    [
        ("Day__c", "2003-04-987654321987654321",
         "INVALID_FIELD:Failed to deserialize field at col 2. Due to, "
         "'2003-04-987654321987654321' is not a valid value for the type xsd:date:Day__c --"),
        ("Day__c", "0019-06-15",
         "FIELD_INTEGRITY_EXCEPTION:Day: invalid date: Sat Jun 15 00:00:00 GMT 0019:Day__c --"),
        ("Day__c", "6/15/19",
         "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '6/15/19' is not a valid "
         "value for the type xsd:date:Day__c --"),
        ("At__c", "2026-01-01 00:00:00",
         "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '2026-01-01 00:00:00' is not "
         "a valid value for the type xsd:dateTime:At__c --"),
        ("NumberOfEmployees", "250.0",
         "INVALID_TYPE_ON_FIELD_IN_RECORD:Employees: value not of required type: 250.0:"
         "NumberOfEmployees --"),
        ("Score__c", "nan",
         "INVALID_TYPE_ON_FIELD_IN_RECORD:Score: value not of required type: nan:Score__c --"),
        ("Score__c", "1e3",
         "NUMBER_OUTSIDE_VALID_RANGE:Score: value outside of valid range on numeric field: 1e3:"
         "Score__c --"),
        ("Band__c", "hot",
         "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Band: bad value for restricted picklist field: "
         "hot:Band__c --"),
        ("Email", "a@b", "INVALID_EMAIL_ADDRESS:Email: invalid email address: a@b:Email --"),
        ("Note__c", "x" * 26,
         f"STRING_TOO_LONG:Note: data value too large: {'x' * 26} (max length=25):Note__c --"),
        ("Flag__c", "#N/A",
         "INVALID_TYPE_ON_FIELD_IN_RECORD:Flag: value not of required type: :Flag__c --"),
        ("Acc__c", "001RM", "MALFORMED_ID:malformed id 001RM:--"),
        ("Acc__r.Ext__c", "gone",
         "INVALID_FIELD:Foreign key external ID: gone not found for field Ext__c in entity "
         "Account:--"),
        ("CreatedById", "005000000000001",
         "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: CreatedById. Please "
         "check the security settings of this field and verify that it is read/write for your "
         "profile or permission set.:CreatedById --"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cell(api: Any, field: str, cell: str, error: str) -> None:
    assert api.row_error(f"{START}{field}\nDoe,Acme,{cell}\n") == error


@pytest.mark.parametrize(
    ("record_id", "error"),
    [
        ("", "MISSING_ARGUMENT:Id not specified in an update call:--"),
        ("00Q000000000123", "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"),
        ("nonsense", "MALFORMED_ID:malformed id nonsense:--"),
        ("001xx000003DHP0AAO",
         "MALFORMED_ID:Lead ID: id value of incorrect type: 001xx000003DHP0AAO:Id --"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_id(api: Any, record_id: str, error: str) -> None:
    assert api.row_error(f"Id,Score__c\n{record_id},1\n", "update") == error


def test_an_update_without_an_id_column_fails_row_by_row(api: Any) -> None:
    assert api.row_error("Score__c\n1\n", "update") == (
        "MISSING_ARGUMENT:Id not specified in an update call:--"
    )


def test_a_deleted_record_and_a_taken_value(api: Any) -> None:
    gone, holder = api.lead(), api.lead(Ext__c="k")
    api.call("DELETE", f"sobjects/Lead/{gone}")
    assert api.row_error(f"Id,Score__c\n{gone},1\n", "update") == (
        "ENTITY_IS_DELETED:entity is deleted:--"
    )
    assert api.row_error(f"{START}Ext__c\nDoe,Acme,K\n") == (
        f"DUPLICATE_VALUE:duplicate value found: Ext__c duplicates value on record with id: "
        f"{holder}:--"
    )


def test_of_two_new_rows_with_one_unique_value_the_first_wins(api: Any) -> None:
    job = api.run_job("LastName,Company,Ext__c\na,c,same\nb,c,SAME\n", "insert")
    first = api.result(job, "successfulResults").splitlines()[1].split(",")[0].strip('"')
    assert f"duplicates value on record with id: {first}:--" in api.result(job, "failedResults")


def test_a_good_row_is_written_beside_bad_ones(api: Any) -> None:
    record_id = api.lead()
    csv = f"Id,Score__c,Day__c\n{record_id},9,2026-01-31\n00Q000000000123,9,\n"
    job = api.run_job(csv, "update")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    assert api.field(record_id, "Score__c") == 9.0


def test_an_insert_names_no_record(api: Any) -> None:
    """An empty Id, such as jsforce sends with each record, is none."""
    named = f"Id,LastName,Company\n{api.lead()},Doe,Acme\n"
    assert api.row_error(named) == (
        "INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert call:Id --"
    )
    assert (
        api.run_job("Id,LastName,Company\n,Doe,Acme\n#N/A,D,A\n", "insert")["numberRecordsFailed"]
        == 0
    )


def test_a_lookup_is_named_by_an_id_or_a_key_and_not_by_both(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme", "Ext__c": "A-2"}).json()["id"]
    assert api.row_error(f"LastName,Company,Acc__c,Acc__r.Ext__c\nDoe,Acme,{account},A-2\n") == (
        "INVALID_FIELD:Cannot specify both an external ID reference Acc__r and a salesforce id, "
        "Acc__c:--"
    )


@pytest.mark.parametrize("operation", ["delete", "hardDelete"])
def test_a_record_is_deleted_once(api: Any, operation: str) -> None:
    lead = api.lead()
    assert api.row_error(f"Id\n{lead}\n{lead[:15]}\n", operation) == (
        "ENTITY_IS_DELETED:entity is deleted:--"
    )


def test_ids_that_lost_their_case_are_known_by_their_checksum(api: Any) -> None:
    """A spreadsheet made capitals of them."""
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    lead = api.lead()
    job = api.run_job(f"Id,Acc__c\n{lead.upper()},{account.lower()}\n", "update")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (1, 0)
    assert api.field(lead, "Acc__c") == account


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("Status", "REQUIRED_FIELD_MISSING:Required fields are missing: [Status]:Status --"),
        ("OwnerId", "INVALID_CROSS_REFERENCE_KEY:Owner ID: owner cannot be blank:OwnerId --"),
        ("User:Owner.Username",
         "INVALID_CROSS_REFERENCE_KEY:Owner ID: owner cannot be blank:OwnerId --"),
    ],
)  # fmt: skip
def test_what_is_never_empty_cannot_be_cleared(api: Any, field: str, error: str) -> None:
    assert api.row_error(f"Id,{field}\n{api.lead()},#N/A\n", "update") == error


def test_a_new_record_that_clears_them_gets_what_the_org_gives(api: Any) -> None:
    job = api.run_job("LastName,Company,Status,OwnerId\nDoe,Acme,#N/A,#N/A\n", "insert")
    assert job["numberRecordsFailed"] == 0
    soql = "SELECT Status, OwnerId FROM Lead"
    (found,) = api.get("query", params={"q": soql}).json()["records"]
    assert found["Status"] == "Open - Not Contacted"
    assert found["OwnerId"] == api.running.org.user_id
