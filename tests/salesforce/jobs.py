"""A Bulk job as the tests of this room make it: literal answers of the org and one row to send."""

from __future__ import annotations

from pathlib import Path

from crm_sink.crm.contract import Api, Chunk
from crm_sink.engine import Engine
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import SCORE, Reply, Wire, changes, chunk_of

JOB = "/jobs/ingest/750"
ONE = "('00Q000000000001AAA', 'k-1', 83.0, true)"
SCORES = '"Score__c", "Score__c.write"'


def org(wire: Wire, *states: str, made: tuple[str, ...] = ("750",)) -> None:
    """Let the org make these jobs; job 750 is in these states when asked."""
    wire.on("POST", "/jobs/ingest", *[Reply({"id": job, "state": "Open"}) for job in made])
    for job in made:
        wire.on("PUT", f"/jobs/ingest/{job}/batches", Reply(b"", 201, kind="text/plain"))
        wire.on("PATCH", f"/jobs/ingest/{job}", Reply({"id": job, "state": "UploadComplete"}))
    wire.on("GET", JOB, *[Reply({"id": "750", "state": state}) for state in states or ("Open",)])


def uploaded(wire: Wire) -> str:
    return next(asked.body.decode() for asked in wire.asked if asked.method == "PUT")


def one(engine: Engine, tmp_path: Path, ticket: Ticket | None = None) -> Chunk:
    return chunk_of(changes(engine, tmp_path / "c.parquet", ONE, SCORES), SCORE, ticket=ticket)


SENT_TICKET = Ticket(Api.BULK, "750", uploaded=True, closed=True)
