"""Bulk 2.0 query jobs over real HTTP: facts 4.10."""

from __future__ import annotations

from typing import Any

import pytest

LEADS = """
insert into Lead by name
select printf('00Q%012dAAA', i) as Id, 'L' || i as LastName, 'A "B" Co' as Company,
  case when i = 1 then 'line 1' || chr(10) || 'line 2' end as Title, false as IsDeleted,
  12345678.5 as AnnualRevenue, 7 as NumberOfEmployees,
  timestamp '2026-11-20 06:00:00.5' as CreatedDate, true as IsUnreadByOwner
from range(1, {0}) t(i)
"""


def fill(api: Any, leads: int) -> None:
    with api.running.org.store.writing() as cursor:
        cursor.execute(LEADS.format(leads + 1))


def run(api: Any, soql: str, **given: Any) -> str:
    """Run a query job to its end and give its id."""
    reply = api.post("jobs/query", {"operation": "query", "query": soql, **given})
    assert reply.status_code == 200, reply.text
    api.running.org.jobs.settle(20)
    return str(reply.json()["id"])


def results(api: Any, job: str, **params: Any) -> tuple[str, str | None, str | None]:
    reply = api.get(f"jobs/query/{job}/results", params=params)
    assert reply.status_code == 200, reply.text
    headers = reply.headers
    return (
        reply.content.decode(),
        headers.get("Sforce-Locator"),
        headers.get("Sforce-NumberOfRecords"),
    )


def test_create_answers_with_the_recorded_keys_in_their_order(api: Any) -> None:
    made = api.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    assert list(made) == [
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state",
        "concurrencyMode", "contentType", "apiVersion", "lineEnding", "columnDelimiter",
    ]  # fmt: skip
    assert (made["state"], made["object"], made["apiVersion"]) == ("UploadComplete", "Lead", 60.0)
    assert made["id"].startswith("750")
    assert made["createdDate"].endswith(".000+0000")


def test_a_finished_job_tells_its_rows(api: Any) -> None:
    fill(api, 3)
    job = api.get(f"jobs/query/{run(api, 'SELECT Id FROM Lead')}").json()
    assert list(job)[-6:] == [
        "jobType", "lineEnding", "columnDelimiter", "numberRecordsProcessed", "retries",
        "totalProcessingTime",
    ]  # fmt: skip
    assert (job["state"], job["jobType"], job["numberRecordsProcessed"]) == (
        "JobComplete",
        "V2Query",
        3,
    )


def test_results_quote_every_value_and_write_null_as_empty_text(api: Any) -> None:
    fill(api, 2)
    soql = (
        "SELECT Id, Company, Title, AnnualRevenue, NumberOfEmployees, CreatedDate, "
        "IsUnreadByOwner, Owner.Name FROM Lead ORDER BY Id"
    )
    text, locator, count = results(api, run(api, soql))
    rest = '"1.23456785E7","7","2026-11-20T06:00:00.500Z","true",""\n'
    assert text == (
        '"Id","Company","Title","AnnualRevenue","NumberOfEmployees","CreatedDate",'
        '"IsUnreadByOwner","Owner.Name"\n'
        f'"00Q000000000001AAA","A ""B"" Co","line 1\nline 2",{rest}'
        f'"00Q000000000002AAA","A ""B"" Co","",{rest}'
    )
    assert (locator, count) == ("null", "2")


def test_an_empty_result_is_its_header(api: Any) -> None:
    text, locator, count = results(api, run(api, "SELECT Id, Name FROM Lead"))
    assert (text, locator, count) == ('"Id","Name"\n', "null", "0")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"columnDelimiter": "PIPE"}, '"Id"|"Company"\n"00Q000000000001AAA"|"A ""B"" Co"\n'),
        ({"columnDelimiter": "TAB"}, '"Id"\t"Company"\n"00Q000000000001AAA"\t"A ""B"" Co"\n'),
        ({"lineEnding": "CRLF"}, '"Id","Company"\r\n"00Q000000000001AAA","A ""B"" Co"\r\n'),
        ({"lineEnding": "CRLF", "columnDelimiter": "CARET"},
         '"Id"^"Company"\r\n"00Q000000000001AAA"^"A ""B"" Co"\r\n'),
    ],
)  # fmt: skip
def test_line_endings_and_delimiters(api: Any, given: dict[str, str], text: str) -> None:
    fill(api, 1)
    job = run(api, "SELECT Id, Company FROM Lead", **given)
    assert results(api, job)[0] == text


def test_pages_follow_the_locator_and_lose_nothing(api: Any) -> None:
    fill(api, 25)
    job = run(api, "SELECT Id FROM Lead")
    seen: list[str] = []
    locator: str | None = None
    sizes = []
    while locator != "null":
        more = {} if locator is None else {"locator": locator}
        text, locator, count = results(api, job, maxRecords=10, **more)
        seen += text.splitlines()[1:]
        sizes.append(count)
    assert sizes == ["10", "10", "5"]
    assert sorted(seen) == [f'"00Q{number:012d}AAA"' for number in range(1, 26)]


def test_the_locator_of_row_10000_is_the_recorded_one(api: Any) -> None:
    fill(api, 10_001)
    assert results(api, run(api, "SELECT Id FROM Lead"), maxRecords=10_000)[1] == "MTAwMDA"


def test_order_by_holds_over_all_pages(api: Any) -> None:
    fill(api, 5000)
    job = run(api, "SELECT Id FROM Lead ORDER BY Id DESC")
    first = results(api, job, maxRecords=4000)
    second = results(api, job, maxRecords=4000, locator=first[1])
    seen = first[0].splitlines()[1:] + second[0].splitlines()[1:]
    assert seen == [f'"00Q{number:012d}AAA"' for number in range(5000, 0, -1)]


def test_result_pages_name_up_to_five_pages(api: Any) -> None:
    fill(api, 7)
    job = run(api, "SELECT Id FROM Lead")
    found = api.get(f"jobs/query/{job}/resultPages", params={"maxRecords": 1}).json()
    links = [page["resultLink"] for page in found["resultPages"]]
    assert len(links) == 5
    assert found["done"] is False
    assert '"00Q' in api.get(links[1]).text
    rest = api.get(found["nextRecordsUrl"]).json()
    assert (len(rest["resultPages"]), rest["done"]) == (2, True)


def test_query_all_exports_deleted_records(api: Any) -> None:
    record_id = api.lead()
    api.call("DELETE", f"sobjects/Lead/{record_id}")
    soql = "SELECT Id, IsDeleted FROM Lead"
    assert results(api, run(api, soql))[2] == "0"
    text = results(api, run(api, soql, operation="queryAll"))[0]
    assert text == f'"Id","IsDeleted"\n"{record_id}","true"\n'


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"query": "SELECT COUNT(Id) FROM Lead"}, "API_ERROR",
         "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"),
        ({"query": "SELECT count() FROM Lead"}, "API_ERROR",
         "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"),
        ({"query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}, "API_ERROR",
         "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"),
        ({"query": "SELECT Id, Address FROM Lead"}, "API_ERROR",
         "Selecting compound data not supported in Bulk Query"),
        ({"query": "SELECT Id FROM Lead LIMIT 1 OFFSET 2"}, "API_ERROR",
         "OFFSET not supported in Bulk V2 Query"),
        ({"query": ""}, "API_ERROR", "Invalid value: '' supplied for property: 'query'"),
        ({"query": "SELECT Id FROM Lead", "operation": "insert"}, "API_ERROR",
         "Invalid value: 'insert' supplied for property: 'operation'"),
        ({"query": "SELECT Id FROM Lead", "lineEnding": "CR"}, "API_ERROR",
         "Invalid value: 'CR' supplied for property: 'lineEnding'"),
    ],
)  # fmt: skip
def test_what_bulk_does_not_do_is_refused_at_creation(
    api: Any, body: dict[str, str], code: str, message: str
) -> None:
    reply = api.post("jobs/query", {"operation": "query", **body})
    assert reply.status_code == 400
    assert reply.json() == [{"errorCode": code, "message": message}]


def test_a_property_of_null_is_left_to_its_default(api: Any) -> None:
    asked = {"operation": "query", "query": "SELECT Id FROM Lead", "columnDelimiter": None}
    assert api.post("jobs/query", asked).json()["columnDelimiter"] == "COMMA"


def test_a_wrong_query_is_refused_as_in_rest(api: Any) -> None:
    reply = api.post("jobs/query", {"operation": "query", "query": "SELECT Nope FROM Lead"})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_a_job_of_another_version_is_a_conflict(api: Any) -> None:
    job = run(api, "SELECT Id FROM Lead")
    assert api.get(f"/services/data/v61.0/jobs/query/{job}").status_code == 409


def test_a_complete_job_cannot_be_aborted(api: Any) -> None:
    job = run(api, "SELECT Id FROM Lead")
    reply = api.patch(f"jobs/query/{job}", {"state": "Aborted"})
    assert (reply.status_code, reply.json()) == (
        400,
        [{"errorCode": "INVALIDJOBSTATE", "message": "Aborting already Completed Job not allowed"}],
    )


def test_a_waiting_job_is_aborted_and_gives_no_results(api: Any) -> None:
    api.running.org.jobs.stop()  # nobody works now: the job waits
    made = api.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    reply = api.patch(f"jobs/query/{made['id']}", {"state": "Aborted"}).json()
    assert (reply["state"], list(reply)[-1]) == ("Aborted", "apiVersion")
    assert api.get(f"jobs/query/{made['id']}/results").status_code == 400
    api.running.org.jobs.start()


def test_a_deleted_job_is_gone(api: Any) -> None:
    job = run(api, "SELECT Id FROM Lead")
    assert [one["id"] for one in api.get("jobs/query").json()["records"]] == [job]
    assert api.call("DELETE", f"jobs/query/{job}").status_code == 204
    assert api.get(f"jobs/query/{job}").status_code == 404
    assert api.get("jobs/query").json() == {"done": True, "nextRecordsUrl": None, "records": []}


@pytest.mark.parametrize(
    "params", [{"locator": "%%%"}, {"locator": "OTk5"}, {"maxRecords": "0"}, {"maxRecords": "²"}]
)
def test_a_page_that_cannot_be_is_refused(api: Any, params: dict[str, str]) -> None:
    fill(api, 2)
    job = run(api, "SELECT Id FROM Lead")
    assert api.get(f"jobs/query/{job}/results", params=params).status_code == 400
