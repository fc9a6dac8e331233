"""CSV files that a job takes, and those that fail it: facts 4.4, 4.5, 4.8."""

from __future__ import annotations

from typing import Any

import pytest

QUOTES = "InvalidBatch : Failed to parse CSV. "


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("LastName,Nope,Neither\na,b,c\n", "InvalidBatch : Field name not found : Nope"),
        ("LastName,Company\n", "InvalidBatch : Records not found"),
        ("LastName,Company\r\na,b\r\n",
         "ClientInputError : LineEnding is invalid on user data. "
         "Current LineEnding setting is LF"),
        (f"LastName,Company\n{'x' * 131_073},b\n", "InvalidBatch : Exceeded max field size"),
        (f"LastName,Company,Title,City\n{','.join(['x' * 100_001] * 4)}\n",
         "InvalidBatch : Exceeded max length for one record"),
        ("LastName,Company\na,b\r\nc,d\r\n",
         "ClientInputError : LineEnding is invalid on user data. "
         "Current LineEnding setting is LF"),
        ("LastName,Company",
         "ClientInputError : LineEnding is invalid on user data. "
         "Current LineEnding setting is LF"),
        ("\ufeffLastName,Company\na,b\n", "InvalidBatch : Field name not found : \ufeffLastName"),
        ('\ufeff"LastName",Company\na,b\n',
         QUOTES + "Found unescaped quote. A value with quote should be within a quote"),
        ('LastName,Company\na,b"c\n',
         QUOTES + "Found unescaped quote. A value with quote should be within a quote"),
        ('LastName,Company\na,"b\n', QUOTES + "EOF reached before closing an opened quote"),
        ('LastName,Company\na,"b"c\n', QUOTES + "Not expecting more text after end quote"),
        ("Acc__r:Account:Ext__c\na\n",
         "InvalidBatch : Field name not found : Acc__r:Account:Ext__c"),
        ("Account:Acc__r:Ext__c\na\n",
         "InvalidBatch : Field name not found : Account:Acc__r:Ext__c"),
        ("Account:Acc__r.Ext__c\na\n",
         "InvalidBatch : type is not needed for non polymorphic foreign key references: Acc__r"),
        ("Acc__r:Account.Ext__c\na\n", "InvalidBatch : Unable to find relationship: Account"),
    ],
)  # fmt: skip
def test_a_bad_file_fails_the_whole_job(api: Any, content: str, message: str) -> None:
    job = api.run_job(content, "insert")
    assert (job["state"], job["errorMessage"]) == ("Failed", message)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (0, 0)
    assert list(job)[-1] == "errorMessage"
    assert api.result(job, "unprocessedrecords") == content


def test_an_upsert_without_its_key_column_fails(api: Any) -> None:
    job = api.run_job("LastName,Company\na,b\n", "upsert", externalIdFieldName="Ext__c")
    assert job["errorMessage"] == "InvalidBatch : External ID field Ext__c is missing"


def test_quotes_newlines_commas_and_emoji_survive(api: Any) -> None:
    csv = 'LastName,Company,Note__c\n"O""Neil","a, b","2\nlines 😀"\n'
    job = api.run_job(csv, "insert")
    assert api.result(job, "successfulResults").endswith(',"true","O""Neil","a, b","2\nlines 😀"\n')


def test_names_in_any_case_and_blank_lines_are_taken(api: Any) -> None:
    job = api.run_job("LASTNAME,company\n\nDoe,Acme\n\n", "insert")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (1, 0)


def test_crlf_and_other_delimiters(api: Any) -> None:
    given = {"lineEnding": "CRLF", "columnDelimiter": "TAB"}
    job = api.run_job("LastName\tCompany\r\nDoe\ta,b\r\n", "insert", **given)
    assert job["state"] == "JobComplete", job
    assert '\t"true"\t"Doe"\t"a,b"\r\n' in api.result(job, "successfulResults")


def test_every_line_of_a_crlf_result_ends_as_the_job_does(api: Any) -> None:
    csv = 'LastName,Company,Note__c\r\nDoe,"A ""B""","1\n2"\r\nRoe,,\r\n'
    job = api.run_job(csv, "insert", lineEnding="CRLF")
    good, bad = (api.result(job, f"{kind}Results") for kind in ("successful", "failed"))
    assert good.endswith('"true","Doe","A ""B""","1\n2"\r\n')
    assert bad.endswith(':Company --","Roe","",""\r\n')
    assert [text.count("\r\n") for text in (good, bad)] == [2, 2]


def test_an_empty_cell_is_ignored_and_na_clears(api: Any) -> None:
    record_id = api.lead(Note__c="keep", Score__c=5, Day__c="2026-01-31")
    api.run_job(f'Id,Note__c,Score__c,Day__c\n{record_id},,"",#N/A\n', "update")
    record = api.get(f"sobjects/Lead/{record_id}?fields=Note__c,Score__c,Day__c").json()
    assert (record["Note__c"], record["Score__c"], record["Day__c"]) == ("keep", 5.0, None)


def test_a_parent_by_its_external_id_and_cleared_by_na(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "A", "Ext__c": "A-1"}).json()["id"]
    record_id = api.lead()
    api.run_job(f"Id,Acc__r.Ext__c\n{record_id},a-1\n", "update")
    assert api.field(record_id, "Acc__c") == account
    api.run_job(f"Id,Acc__r.Ext__c\n{record_id},#N/A\n", "update")
    assert api.field(record_id, "Acc__c") is None


def test_a_polymorphic_parent_needs_its_type(api: Any) -> None:
    user = api.running.org.credentials.username
    record_id = api.lead()
    job = api.run_job(f"Id,User:Owner.Username\n{record_id},{user}\n", "update")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 0)
    assert api.run_job("Owner.Username\nx\n", "update")["state"] == "Failed"


def test_upsert_creates_and_updates_by_key(api: Any) -> None:
    known = api.lead(Ext__c="Old")
    csv = "Ext__c,LastName,Company,Score__c\nold,,,7\nnew,New,Acme,8\n"
    job = api.run_job(csv, "upsert", externalIdFieldName="ext__c")
    lines = api.result(job, "successfulResults").splitlines()
    assert f'"{known}","false","old","","","7.0"' in lines
    assert '"true","new","New","Acme","8.0"' in "\n".join(lines)
    assert api.field(known, "Score__c") == 7.0


def test_delete_and_hard_delete(api: Any) -> None:
    soft, hard = api.lead(), api.lead()
    api.run_job(f"Id\n{soft}\n", "delete")
    api.run_job(f"Id\n{hard}\n", "hardDelete")
    assert api.get(f"sobjects/Lead/{soft}").json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert api.get(f"sobjects/Lead/{hard}").json()[0]["errorCode"] == "NOT_FOUND"


def test_jobs_run_no_assignment_rules(api: Any) -> None:
    api.run_job("LastName,Company\nDoe,Acme\n", "insert")
    assert api.running.org.state.rule_count == 0


def test_rows_in_several_batches_share_their_twins(api_folder: Any, log_in: Any) -> None:
    from crm_sink.emulator.serve import running
    from crm_sink.emulator.settings import OrgSettings

    with running(api_folder, settings=OrgSettings(batch_rows=2)) as org:
        api = log_in(org)
        rows = "".join(f"{key},Doe,Acme\n" for key in ("a", "b", "c", "d", "A"))
        csv = "Ext__c,LastName,Company\n" + rows
        job = api.run_job(csv, "upsert", externalIdFieldName="Ext__c")
        assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (5, 2)
        failed = api.result(job, "failedResults")
        assert "DUPLICATE_VALUE:Duplicate external id specified: a:Ext__c --" in failed
