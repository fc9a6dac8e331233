"""Results that are late, lack a row or do not fit what was sent are not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Api
from crm_sink.engine import Engine
from crm_sink.errors import CrmError, Fate
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import Client, Reply, Wire
from tests.salesforce.results import (
    BAD_HEADER,
    JOB,
    A,
    B,
    C,
    bad,
    collect,
    good,
    job,
    results,
    updates,
    upserts,
)


def test_results_that_are_late_are_fetched_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 1)
    results(wire, good(A))
    late = bad(B, "ENTITY_IS_DELETED:entity is deleted:--")
    empty, whole = Reply(BAD_HEADER), Reply(BAD_HEADER + late)
    wire.on("GET", f"{JOB}/failedResults/", empty, empty, whole)
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert [(outcome[2], outcome[4]) for outcome in found] == [
        (True, None),
        (False, "ENTITY_IS_DELETED"),
    ]


def test_a_row_that_is_in_no_result_is_said_to_be_missing(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 1)
    results(wire, good(A))
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert [(outcome[2], outcome[4]) for outcome in found] == [
        (True, None),
        (False, "RESULT_MISSING"),
    ]


@pytest.mark.parametrize(("ok", "processed"), [("", 0), (good(A), 1)])
def test_rows_that_the_org_never_had_are_told_apart_by_the_jobs_count(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, ok: str, processed: int
) -> None:
    """The upload was answered 201; nothing of it arrived, or its first row alone."""
    job(wire, processed, 0)
    results(wire, ok)
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    codes = [outcome[4] for outcome in found]
    assert codes == [None] * processed + ["NOT_RECEIVED"] * (2 - processed)


def test_a_job_that_tells_no_counts_does_not_tell_what_it_never_had(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("GET", JOB, Reply({"id": "750", "state": "JobComplete"}))
    results(wire)
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert [outcome[4] for outcome in found] == ["RESULT_MISSING"]


def test_a_count_that_comes_late_is_asked_for_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """At first the job counts none of its two rows; both were worked, and one tells nothing."""
    early, late = (
        {"id": "750", "state": "JobComplete", "numberRecordsFailed": 0} | counts
        for counts in ({"numberRecordsProcessed": 0}, {"numberRecordsProcessed": 2})
    )
    wire.on("GET", JOB, Reply(early), Reply(late))
    results(wire, good(A))
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert [outcome[4] for outcome in found] == [None, "RESULT_MISSING"]


@pytest.mark.parametrize(
    ("ok", "processed", "what"),
    [
        (good(A) + good(C), 2, "1 results are of rows that were never sent"),
        (good(A) + good(A), 2, "a row has two results"),
        (good(A) + good(B) + good(C), 3, "1 results are of rows that were never sent"),
    ],
)
def test_results_that_do_not_fit_what_was_sent_stop_the_run(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    *,
    ok: str,
    processed: int,
    what: str,
) -> None:
    job(wire, processed, 1)
    results(wire, ok)
    with pytest.raises(CrmError, match=what) as raised:
        collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert (raised.value.code, raised.value.fate) == ("RESULTS_DISAGREE", Fate.STOP)
    assert list(tmp_path.glob("*.csv")) == []


@pytest.mark.parametrize("failed", [0, 2])
def test_failures_that_are_not_as_many_as_the_job_counts_are_not_believed(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, failed: int
) -> None:
    """The job counts none, or two; the results show one. All of them are fetched then."""
    job(wire, 2, failed)
    results(wire, good(A), bad(B, "ENTITY_IS_DELETED:entity is deleted:--"))
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert [outcome[2] for outcome in found] == [True, False]


def test_a_failure_of_a_row_that_was_never_sent_stops_the_run(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 1)
    results(wire, good(A), bad(C, "ENTITY_IS_DELETED:entity is deleted:--"))
    with pytest.raises(CrmError, match="never sent"):
        collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))


def test_a_job_that_is_not_done_cannot_be_collected(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 0, "InProgress")
    with pytest.raises(CrmError, match="not done yet") as raised:
        collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert raised.value.fate is Fate.RETRY


def test_a_ticket_without_a_job_has_no_results(
    client: Client, engine: Engine, tmp_path: Path
) -> None:
    chunk = updates(engine, tmp_path, A)
    with pytest.raises(CrmError, match="never sent"):
        client.crm.collect(chunk, Ticket(Api.BULK, None), engine, tmp_path / "o.parquet")


def test_results_without_the_column_by_which_rows_are_known_are_refused(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 0)
    reply = Reply(f'"sf__Id","sf__Created",Score__c\n"{A}","true","8.0"\n')
    wire.on("GET", f"{JOB}/successfulResults/", reply)
    with pytest.raises(CrmError, match="lack the column"):
        collect(client, engine, tmp_path, upserts(engine, tmp_path, "p-1"))


KEY_HEADER = b'"sf__Id","sf__Created",Ext__c,Score__c\n'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "are empty"),
        (KEY_HEADER + b'"\xff","false","\xff","8.0"\n', "are not UTF-8 text"),
        (b"\xff\xfe\x00\n", "are not UTF-8 text"),
        (KEY_HEADER + b'"a","b"\n', "are not the CSV that Salesforce writes"),
        (b'"sf__Created",Ext__c\n"true","p-1"\n', "lack the column sf__Id"),
    ],
)
def test_results_that_cannot_be_read_are_named_with_their_job_and_no_value(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, body: bytes, fault: str
) -> None:
    """They are fetched three times first. The job is done: whoever resumes fetches them again."""
    job(wire, 1, 0)
    wire.on("GET", f"{JOB}/failedResults/", Reply('"sf__Id","sf__Error",Ext__c\n'))
    wire.on("GET", f"{JOB}/unprocessedrecords/", Reply("Ext__c\n"))
    wire.on("GET", f"{JOB}/successfulResults/", Reply(body, kind="text/csv"))
    with pytest.raises(CrmError, match=f"the successfulResults of job 750 {fault}") as raised:
        collect(client, engine, tmp_path, upserts(engine, tmp_path, "p-1"))
    assert (raised.value.code, raised.value.fate) == ("RESULTS_UNREADABLE", Fate.STOP)
    assert "GET /jobs/ingest/{id}/successfulResults" in str(raised.value)
    assert "crm-sink resume" in str(raised.value.hint)
    assert wire.paths().count(f"GET {JOB}/successfulResults/") == 3
    assert list(tmp_path.glob("*.csv")) == []


def test_failures_without_the_column_of_their_reasons_are_named(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 1)
    results(wire)
    wire.on("GET", f"{JOB}/failedResults/", Reply(f'"sf__Id",Id\n"{A}","{A}"\n'))
    with pytest.raises(CrmError, match="failedResults of job 750 lack the column sf__Error"):
        collect(client, engine, tmp_path, updates(engine, tmp_path, A))


def test_failures_of_an_old_api_version_name_no_record(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Before v53 failedResults have no sf__Id."""
    job(wire, 1, 1)
    reply = Reply(f'"sf__Error",Id\n"ENTITY_IS_DELETED:entity is deleted:--","{A}"\n')
    wire.on("GET", f"{JOB}/failedResults/", reply)
    [(_, record, _, _, code, *_)] = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert (record, code) == (A, "ENTITY_IS_DELETED")


def test_results_that_were_damaged_on_their_way_once_are_fetched_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 0)
    results(wire, good(A))
    wire.on("GET", f"{JOB}/failedResults/", Reply("", kind="text/csv"), Reply(BAD_HEADER))
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert [outcome[2] for outcome in found] == [True]
