"""Many records are read through a Bulk 2.0 query job, its pages streamed to files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from crm_sink.crm.contract import Api, Read
from crm_sink.engine import Engine, Relation
from crm_sink.errors import CrmError, Fate
from crm_sink.schema import FieldSchema
from tests.conftest import FakeClock
from tests.salesforce.conftest import ACCOUNT, AT, EXT, NOTE, SCORE, Client, Reply, Wire

RESULTS = "/jobs/query/751/results"
HEADER = '"Id","SystemModstamp","Ext__c","Note__c"\n'
TIME = "2026-05-01T07:25:37.000Z"


def page(body: str, rows: int, locator: str = "null") -> Reply:
    headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(rows)}
    return Reply(body, headers=headers)


def job(wire: Wire, *pages: Reply, states: tuple[str, ...] = ("JobComplete",)) -> None:
    """Let the org know a query job that walks through the states and has these pages."""
    wire.on("POST", "/jobs/query", Reply({"id": "751", "state": "UploadComplete"}))
    wire.on("GET", "/jobs/query/751", *[Reply({"id": "751", "state": state}) for state in states])
    wire.on("GET", RESULTS, *pages)


def read(
    client: Client, engine: Engine, tmp_path: Path, *fields: FieldSchema
) -> list[tuple[object, ...]]:
    query = Read("Lead", EXT, fields, None, Api.BULK)
    present = client.crm.read(query, engine, tmp_path / "present.parquet")
    assert present == Relation(tmp_path / "present", present.rows)
    return engine.rows(f"select * exclude (modified) from {present.scan()} order by id")


def test_all_records_with_a_key_are_asked_for(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, page('"Id","SystemModstamp","Ext__c","Score__c","Account.Ext__c"\n', 0))
    read(client, engine, tmp_path, SCORE, ACCOUNT)
    soql = (
        "SELECT Id, SystemModstamp, Ext__c, Score__c, Account.Ext__c FROM Lead WHERE Ext__c != null"
    )
    assert wire.asked[0].json == {"operation": "query", "query": soql}


def test_values_become_their_types(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Numbers come with an exponent, times with Z, a null as a quoted empty cell."""
    body = (
        '"Id","SystemModstamp","Ext__c","Score__c","At__c","Account.Ext__c"\n'
        f'"00Q000000000001AAA","{TIME}","A-1","9.12260031E8","2026-11-20T06:00:00.000Z","x"\n'
        f'"00Q000000000002AAA","{TIME}","A-2","","",""\n'
    )
    job(wire, page(body, 2))
    assert read(client, engine, tmp_path, SCORE, AT, ACCOUNT) == [
        ("00Q000000000001AAA", "a-1", 912260031.0, datetime(2026, 11, 20, 6), "x"),
        ("00Q000000000002AAA", "a-2", None, None, None),
    ]


@pytest.mark.parametrize("text", ["a\nb", 'say "hi"', "a,b", "\n", "é😀", ' x\n"",""\n y'])
def test_text_is_as_the_org_holds_it(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, text: str
) -> None:
    quoted = text.replace('"', '""')
    job(wire, page(f'{HEADER}"00Q000000000001AAA","{TIME}","k","{quoted}"\n', 1))
    assert read(client, engine, tmp_path, NOTE) == [("00Q000000000001AAA", "k", text)]


def test_line_ends_in_quotes_are_read_right_in_a_large_file(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """20 MB of text that looks like rows: no place to cut the file can be guessed from it."""
    note = '""\n""00Q000000000009AAA"",""x"",""y"",""z""\n' * 10
    rows = [f'"00Q{n:012}AAA","{TIME}","k-{n}","{note}{n}"\n' for n in range(40_000)]
    job(wire, page(HEADER + "".join(rows), 40_000))
    found = read(client, engine, tmp_path, NOTE)
    plain = note.replace('""', '"')
    assert len(found) == 40_000
    assert all(row[1] == f"k-{n}" and row[2] == f"{plain}{n}" for n, row in enumerate(found))


def test_pages_are_fetched_until_the_locator_is_the_text_null(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    rows = [f'{HEADER}"00Q00000000000{n}AAA","{TIME}","k","n{n}"\n' for n in (1, 2)]
    job(wire, page(rows[0], 1, "MTAwMDA"), page(rows[1], 1))
    assert [row[2] for row in read(client, engine, tmp_path, NOTE)] == ["n1", "n2"]
    assert [asked.query.get("locator") for asked in wire.asked[-2:]] == [None, "MTAwMDA"]
    assert list(tmp_path.glob("*.csv")) == []


def test_each_page_is_a_file_of_its_own(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Two pages of one record each: one is read while the other is fetched."""
    one, two = (f'"00Q00000000000{n}AAA","{TIME}","k-{n}","n{n}"\n' for n in (1, 2))
    job(wire, page(HEADER + one, 1, "MQ"), page(HEADER + two, 1))
    read(client, engine, tmp_path, NOTE)
    files = sorted((tmp_path / "present").iterdir())
    assert [
        engine.value(f"select key from (select match_key as key from '{file}')") for file in files
    ] == ["k-1", "k-2"]


def test_with_keys_only_their_records_are_kept(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    rows = "".join(f'"00Q00000000000{n}AAA","{TIME}","K-{n}",""\n' for n in (1, 2, 3))
    job(wire, page(HEADER + rows, 3))
    keys = engine.save("select 'k-2' as key", tmp_path / "keys.parquet")
    query = Read("Lead", EXT, (NOTE,), keys, Api.BULK)
    present = client.crm.read(query, engine, tmp_path / "present.parquet")
    assert engine.rows(f"select match_key from {present.scan()}") == [("k-2",)]


def test_with_keys_too_a_page_is_as_long_as_the_org_says(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """A record that is not in it would be taken for a deleted one."""
    job(wire, page(HEADER + f'"00Q000000000001AAA","{TIME}","K-1",""\n', 2))
    keys = engine.save("select 'k-2' as key", tmp_path / "keys.parquet")
    with pytest.raises(CrmError, match="gave 1 records; 2 are due"):
        client.crm.read(Read("Lead", EXT, (NOTE,), keys, Api.BULK), engine, tmp_path / "p.parquet")


def test_polls_are_quick_at_first_and_then_slower(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, clock: FakeClock
) -> None:
    states = ("UploadComplete", "InProgress", "InProgress", "JobComplete")
    job(wire, page(HEADER, 0), states=states)
    read(client, engine, tmp_path, NOTE)
    assert clock.slept == pytest.approx([0.3, 0.45, 0.675])


def test_a_failed_job_is_told_with_salesforces_words(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire)
    failed = {"id": "751", "state": "Failed", "errorMessage": "InvalidBatch : no such column"}
    wire.on("GET", "/jobs/query/751", Reply(failed))
    with pytest.raises(CrmError, match="Failed: InvalidBatch : no such column") as raised:
        read(client, engine, tmp_path, NOTE)
    assert raised.value.fate is Fate.STOP


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (page(HEADER, 3), "TRUNCATED"),
        (Reply(HEADER), "UNEXPECTED_ANSWER"),
        (page('"Id","SystemModstamp","Ext__c"\n', 0), "UNEXPECTED_ANSWER"),
    ],
)
def test_a_page_that_is_not_what_was_asked_for_is_refused(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, reply: Reply, code: str
) -> None:
    job(wire, reply)
    with pytest.raises(CrmError) as raised:
        read(client, engine, tmp_path, NOTE)
    assert raised.value.code == code
    assert list(tmp_path.glob("*.csv")) == []


def test_a_lost_page_is_fetched_again_and_the_others_are_not(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    job(wire, page(HEADER, 0, "MQ"), Reply("Id\n" * 99, cut=10), page(HEADER, 0))
    read(client, engine, tmp_path, NOTE)
    assert wire.paths("POST") == ["POST /jobs/query"]
    assert wire.paths("GET").count(f"GET {RESULTS}") == 3
    assert json.loads(wire.asked[0].body)["operation"] == "query"
