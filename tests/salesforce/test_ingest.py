"""A chunk becomes one Bulk job: its cells, its action and its three steps."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from crm_sink.crm.contract import Action
from crm_sink.engine import Engine
from crm_sink.errors import CrmError
from crm_sink.salesforce import ingest
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import (
    ACCOUNT,
    AT,
    HOT,
    NOTE,
    SCORE,
    Client,
    Reply,
    Wire,
    changes,
    chunk_of,
    nothing,
)
from tests.salesforce.jobs import JOB, ONE, SCORES, one, org, uploaded

SENT = ["POST /jobs/ingest", f"PUT {JOB}/batches", f"PATCH {JOB}"]


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        ("83.0, true", "83"),
        ("83.0, false", ""),
        ("null, true", '"#N/A"'),
        ("null, false", ""),
    ],
)
def test_an_unchanged_field_is_an_empty_cell_and_a_cleared_one_is_na(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, row: str, cell: str
) -> None:
    org(wire)
    rows = f"('00Q000000000001AAA', 'k', {row})"
    chunk = chunk_of(changes(engine, tmp_path / "c.parquet", rows, SCORES), SCORE)
    client.crm.submit(chunk, engine, nothing)
    assert uploaded(wire) == f"Id,Score__c\n00Q000000000001AAA,{cell}\n"


def test_values_are_written_as_salesforce_reads_them(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """No BOM, LF only, quotes doubled, times in UTC, lookups by path, no exponent."""
    org(wire)
    rows = (
        "('00Q000000000001AAA', 'k', 912260031.0, true, E'say \"hi\",\\r\\nyou\\rthere', true, "
        "true, true, timestamp '2026-11-20 06:00:00', true, 'a-1', true)"
    )
    names = ", ".join(f'"{n}", "{n}.write"' for n in ("Score__c", "Note__c", "Hot__c", "At__c"))
    names += ', "Account.Ext__c", "Account.Ext__c.write"'
    chunk = chunk_of(
        changes(engine, tmp_path / "c.parquet", rows, names), SCORE, NOTE, HOT, AT, ACCOUNT
    )
    client.crm.submit(chunk, engine, nothing)
    assert uploaded(wire) == (
        "Id,Score__c,Note__c,Hot__c,At__c,Account.Ext__c\n"
        '00Q000000000001AAA,912260031,"say ""hi"",\nyou\nthere",true,'
        "2026-11-20T06:00:00.000Z,a-1\n"
    )


@pytest.mark.parametrize(
    ("action", "operation", "csv"),
    [
        (Action.UPDATE, "update", "Id,Score__c\n00Q000000000001AAA,83\n"),
        (Action.UPSERT, "upsert", "Ext__c,Score__c\nk-1,83\n"),
        (Action.CREATE, "insert", "Ext__c,Score__c\nk-1,83\n"),
        (Action.DELETE, "delete", "Id\n00Q000000000001AAA\n"),
    ],
)
def test_each_action_has_its_operation_and_key_column(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    *,
    action: Action,
    operation: str,
    csv: str,
) -> None:
    org(wire)
    relation = changes(engine, tmp_path / "c.parquet", ONE, SCORES)
    client.crm.submit(chunk_of(relation, SCORE, action=action), engine, nothing)
    job = wire.asked[0].json
    assert (job["object"], job["operation"], job["lineEnding"]) == ("Lead", operation, "LF")
    assert job.get("externalIdFieldName") == ("Ext__c" if action is Action.UPSERT else None)
    assert uploaded(wire) == csv


def test_each_step_is_remembered_before_the_next_begins(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    journal: list[tuple[int, str | None, bool, bool]] = []

    def remember(ticket: Ticket) -> None:
        calls = len(wire.asked)
        journal.append((calls, ticket.job, ticket.uploaded, ticket.closed))

    ticket = client.crm.submit(one(engine, tmp_path), engine, remember)
    assert journal == [
        (0, None, False, False),
        (1, "750", False, False),
        (2, "750", True, False),
        (3, "750", True, True),
    ]
    body = uploaded(wire).encode()
    assert ticket.fingerprint == hashlib.sha256(body).hexdigest()
    assert ticket.sent_bytes == len(body)
    assert list(tmp_path.glob("*.csv")) == []


def test_a_busy_org_gets_the_same_job_and_not_a_second_one(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    busy = Reply([{"message": "server too busy", "errorCode": "SERVER_UNAVAILABLE"}], 503)
    done = Reply(b"", 201, kind="text/plain")
    wire.on("PUT", f"{JOB}/batches", busy, done)
    client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert wire.paths() == [SENT[0], SENT[1], SENT[1], SENT[2]]


def test_a_file_that_is_larger_than_a_job_may_be_is_not_sent(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MAX_BYTES", 20)
    with pytest.raises(CrmError, match="a Bulk job takes 20") as raised:
        client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert raised.value.code == "CHUNK_TOO_LARGE"
    assert wire.asked == []


def test_a_job_is_looked_for_from_the_time_at_which_it_was_asked_for(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    journal: list[Ticket] = []
    client.crm.submit(one(engine, tmp_path), engine, journal.append)
    assert {ticket.details["sending"] for ticket in journal} == {"2026-11-20T06:00:00+00:00"}
