"""Each change of a Bulk job gets exactly one outcome, found by id or key and never by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api, Chunk
from crm_sink.engine import Engine
from crm_sink.errors import CrmError, Fate
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import SCORE, Client, Reply, Wire, changes, chunk_of

JOB = "/jobs/ingest/750"
TICKET = Ticket(Api.BULK, "750", uploaded=True, closed=True)
OK_HEADER = '"sf__Id","sf__Created",Id,Score__c\n'
BAD_HEADER = '"sf__Id","sf__Error",Id,Score__c\n'
A, B, C = (f"00Q00000000000{n}AAA" for n in (1, 2, 3))

Outcome = tuple[object, ...]


def job(
    wire: Wire, processed: int, failed: int, state: str = "JobComplete", error: str = ""
) -> None:
    counts = {"numberRecordsProcessed": processed, "numberRecordsFailed": failed}
    more = {"errorMessage": error} if error else {}
    wire.on("GET", JOB, Reply({"id": "750", "state": state} | counts | more))


def results(wire: Wire, ok: str = "", bad: str = "", rest: str = "") -> None:
    wire.on("GET", f"{JOB}/successfulResults/", Reply(OK_HEADER + ok))
    wire.on("GET", f"{JOB}/failedResults/", Reply(BAD_HEADER + bad))
    wire.on("GET", f"{JOB}/unprocessedrecords/", Reply("Id,Score__c\n" + rest))


def updates(engine: Engine, tmp_path: Path, *ids: str) -> Chunk:
    rows = ", ".join(f"('{record}', 'k-{n}', 8.0, true)" for n, record in enumerate(ids))
    relation = changes(engine, tmp_path / "c.parquet", rows, '"Score__c", "Score__c.write"')
    return chunk_of(relation, SCORE)


def collect(client: Client, engine: Engine, tmp_path: Path, chunk: Chunk) -> list[Outcome]:
    outcomes = client.crm.collect(chunk, TICKET, engine, tmp_path / "o.parquet")
    assert list(tmp_path.glob("*.csv")) == []
    columns = "key, id, ok, created, code, message, fields"
    return engine.rows(f"select {columns} from {outcomes.scan()} order by key")


def good(record: str) -> str:
    return f'"{record}","false","{record}","8.0"\n'


def bad(record: str, error: str) -> str:
    quoted = error.replace('"', '""')
    return f'"{record}","{quoted}","{record}","8.0"\n'


def test_updates_are_found_by_id_in_any_order(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 3, 1)
    results(wire, good(C) + good(A), bad(B, "ENTITY_IS_DELETED:entity is deleted:--"))
    assert collect(client, engine, tmp_path, updates(engine, tmp_path, A, B, C)) == [
        ("k-0", A, True, False, None, None, None),
        ("k-1", B, False, False, "ENTITY_IS_DELETED", "entity is deleted", None),
        ("k-2", C, True, False, None, None, None),
    ]


@pytest.mark.parametrize(
    ("error", "code", "message", "fields"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Name]",
            "Name",
        ),
        (
            "DUPLICATE_VALUE:duplicate value found: X__c duplicates value on record with id: 1:--",
            "DUPLICATE_VALUE",
            "duplicate value found: X__c duplicates value on record with id: 1",
            None,
        ),
        (
            'FIELD_CUSTOM_VALIDATION_EXCEPTION:Line one:\n"two":A__c B__c --',
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            'Line one:\n"two"',
            "A__c,B__c",
        ),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: System.LimitException: Too many SOQL "
            "queries: 101:--",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: System.LimitException: Too many SOQL queries: 101",
            None,
        ),
        ("SOME_CODE:no tail", "SOME_CODE", "no tail", None),
        ("no code at all", "UNKNOWN_EXCEPTION", "no code at all", None),
    ],
)
def test_an_error_is_split_at_its_first_and_last_colon(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    *,
    error: str,
    code: str,
    message: str,
    fields: str | None,
) -> None:
    job(wire, 1, 1)
    results(wire, "", bad(A, error))
    (outcome,) = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert outcome[4:] == (code, message, fields)


def test_an_id_of_fifteen_characters_is_the_same_record(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 0)
    results(wire, f'"{A[:15]}","false","{A[:15]}","8.0"\n')
    (outcome,) = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert outcome[:3] == ("k-0", A, True)


def test_ids_that_differ_only_in_case_are_two_records(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    upper, lower = "00Q00000000000AAAA", "00Q00000000000aAAA"
    job(wire, 2, 1)
    results(wire, good(upper), bad(lower, "ENTITY_IS_DELETED:entity is deleted:--"))
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, upper, lower))
    assert [outcome[2] for outcome in found] == [True, False]


def upserts(engine: Engine, tmp_path: Path, *keys: str) -> Chunk:
    rows = ", ".join(f"(null::varchar, '{key}', 8.0, true)" for key in keys)
    relation = changes(engine, tmp_path / "c.parquet", rows, '"Score__c", "Score__c.write"')
    return chunk_of(relation, SCORE, action=Action.UPSERT)


def test_creates_are_found_by_their_text_key(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """The values come back re-serialised, the key as text; an upsert's key may differ in case."""
    job(wire, 2, 1)
    ok = f'"sf__Id","sf__Created",Ext__c,Score__c\n"{A}","true","P-1","8.0"\n'
    error = "STRING_TOO_LONG:Note: data value too large: x (max length=25):Note__c --"
    failed = f'"sf__Id","sf__Error",Ext__c,Score__c\n"","{error}","q","8.0"\n'
    wire.on("GET", f"{JOB}/successfulResults/", Reply(ok))
    wire.on("GET", f"{JOB}/failedResults/", Reply(failed))
    assert collect(client, engine, tmp_path, upserts(engine, tmp_path, "p-1", "q")) == [
        ("p-1", A, True, True, None, None, None),
        (
            "q",
            None,
            False,
            False,
            "STRING_TOO_LONG",
            "Note: data value too large: x (max length=25)",
            "Note__c",
        ),
    ]


def test_a_number_key_is_compared_by_value(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 0)
    ok = f'"sf__Id","sf__Created",N__c\n"{A}","false","9.12260031E8"\n'
    wire.on("GET", f"{JOB}/successfulResults/", Reply(ok))
    relation = upserts(engine, tmp_path, "912260031").changes
    number = FieldSchema("N__c", FieldType.DOUBLE, external_id=True)
    chunk = Chunk("run-1", 0, "Lead", Action.UPSERT, Api.BULK, number, (), relation)
    assert collect(client, engine, tmp_path, chunk)[0][:3] == ("912260031", A, True)


def test_a_job_that_failed_half_way_leaves_unprocessed_rows(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 1, "Failed", "InternalServerError : Unable to process")
    lock = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
    results(wire, good(A), bad(B, lock), f"{C},8\n")
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B, C))
    assert [(outcome[2], outcome[4]) for outcome in found] == [
        (True, None),
        (False, "UNABLE_TO_LOCK_ROW"),
        (False, "UNPROCESSED"),
    ]
    assert found[2][5] == "InternalServerError : Unable to process"


def test_a_job_that_failed_at_its_header_gives_every_row_its_reason(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 0, 0, "Failed", "InvalidBatch : Field name not found : Scoer__c")
    found = collect(client, engine, tmp_path, updates(engine, tmp_path, A, B))
    assert [outcome[2:6] for outcome in found] == [
        (False, False, "INVALIDBATCH", "InvalidBatch : Field name not found : Scoer__c")
    ] * 2
    assert wire.paths() == [f"GET {JOB}"]


def test_a_job_that_was_aborted_by_hand_did_not_come_to_its_rows(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 0, 0, "Aborted")
    (outcome,) = collect(client, engine, tmp_path, updates(engine, tmp_path, A))
    assert outcome[2:6] == (False, False, "UNPROCESSED", "job 750 was aborted before its first row")


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


def test_an_update_is_told_by_its_failures_and_its_successes_are_not_fetched(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 2, 0)
    results(wire)
    assert collect(client, engine, tmp_path, updates(engine, tmp_path, A, B)) == [
        ("k-0", A, True, False, None, None, None),
        ("k-1", B, True, False, None, None, None),
    ]
    assert wire.paths() == [f"GET {JOB}", f"GET {JOB}/failedResults/"]


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


def test_collecting_again_gives_the_same(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, 1, 0)
    results(wire, good(A))
    chunk = updates(engine, tmp_path, A)
    first, again = (collect(client, engine, tmp_path, chunk) for _ in range(2))
    assert first == again


def test_the_table_has_its_columns_and_types(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    from crm_sink import tables

    job(wire, 2, 1)
    results(wire, good(A), bad(B, "ENTITY_IS_DELETED:entity is deleted:--"))
    chunk = updates(engine, tmp_path, A, B)
    outcomes = client.crm.collect(chunk, TICKET, engine, tmp_path / "o.parquet")
    kinds = engine.columns(outcomes.scan())
    wanted = dict(tables.OUTCOMES)
    kinds["row"] = wanted["row"]
    assert kinds == wanted
