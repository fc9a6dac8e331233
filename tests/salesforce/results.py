"""The results of a Bulk job as the tests of this room give them, and what is read from them."""

from __future__ import annotations

from pathlib import Path

from crm_sink.crm.contract import Action, Api, Chunk
from crm_sink.engine import Engine
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


def upserts(engine: Engine, tmp_path: Path, *keys: str) -> Chunk:
    rows = ", ".join(f"(null::varchar, '{key}', 8.0, true)" for key in keys)
    relation = changes(engine, tmp_path / "c.parquet", rows, '"Score__c", "Score__c.write"')
    return chunk_of(relation, SCORE, action=Action.UPSERT)
