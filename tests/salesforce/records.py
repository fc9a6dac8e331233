"""Two records in a Collections call as the tests of this room send them, and its answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from crm_sink.crm.contract import Action, Api, Chunk, Progress
from crm_sink.engine import Engine
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import SCORE, Client, Reply, changes, chunk_of, nothing

PATH = "/composite/sobjects"
USERINFO, ME = "/services/oauth2/userinfo", "005000000000001AAA"
A, B = "00Q000000000001AAA", "00Q000000000002AAA"
SCORES = '"Score__c", "Score__c.write"'
GOOD = {"id": A, "success": True, "errors": []}
BAD = {
    "success": False,
    "errors": [
        {
            "statusCode": "STRING_TOO_LONG",
            "message": "Note: data value too large: x (max length=25)",
            "fields": ["Note__c"],
        }
    ],
}
LOST = Reply([], cut=0)


def two(
    engine: Engine, tmp_path: Path, action: Action = Action.UPDATE, ticket: Ticket | None = None
) -> Chunk:
    rows = f"('{A}', 'k-1', 83.0, true), ('{B}', 'k-2', 12.0, true)"
    if action not in (Action.UPDATE, Action.DELETE):
        rows = "(null::varchar, 'k-1', 83.0, true), (null::varchar, 'k-2', 12.0, true)"
    relation = changes(engine, tmp_path / "c.parquet", rows, SCORES)
    return chunk_of(relation, SCORE, action=action, api=Api.COLLECTIONS, ticket=ticket)


def sent(client: Client, engine: Engine, tmp_path: Path, chunk: Chunk) -> list[tuple[object, ...]]:
    """Submit and collect a chunk; give its outcomes."""
    ticket = client.crm.submit(chunk, engine, nothing)
    assert client.crm.progress(ticket) is Progress.DONE
    outcomes = client.crm.collect(chunk, ticket, engine, tmp_path / "o.parquet")
    left = {path.name for path in tmp_path.glob("*.*")}
    assert left == {"c.parquet", "o.parquet", "answer-0.outcomes"}
    columns = "key, id, ok, created, code, message, fields"
    return engine.rows(f"select {columns} from {outcomes.scan()} order by key")


def held(*scores: tuple[str, float], by: str | None = None, at: datetime | None = None) -> Reply:
    """Answer a query with records that hold these scores; and who made them, and when."""
    records = [
        {
            "CreatedById": by,
            "CreatedDate": at and f"{at:%Y-%m-%dT%H:%M:%S}.000+0000",
            "Id": record,
            "SystemModstamp": "2026-05-01T07:25:37.000+0000",
            "Ext__c": f"K-{record[14]}",
            "Score__c": score,
        }
        for record, score in scores
    ]
    return Reply({"done": True, "records": records})
