"""Each change of a Bulk job gets exactly one outcome, found by id or key and never by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api, Chunk
from crm_sink.engine import Engine
from crm_sink.schema import FieldSchema, FieldType
from tests.salesforce.conftest import Client, Reply, Wire
from tests.salesforce.results import (
    JOB,
    TICKET,
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
