"""Writes down calls whose answer is on record, but whose request is only described in words.

A job's id stands as `JOB` until the org gives it one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.emulator.conformance.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = "/services/data/v60.0"
JOB = "750000000000JOBAAA"
JSON_TYPE = "application/json;charset=UTF-8"


def call(
    method: str, path: str, body: object = None, *, status: int = 200, answer: str | None = None
) -> Exchange:
    """Write down one call; a body that is no text is JSON."""
    sent = body if isinstance(body, str) or body is None else json.dumps(body)
    url = path if path.startswith("/") else f"{ROOT}/{path}"
    return Exchange("", "", method, url, status, answer, body=sent)


def query(soql: str, **given: object) -> Exchange:
    """Write down a query."""
    return call("GET", "query").at(query={"q": soql}, **given)


def unjudged(calls: Sequence[Exchange]) -> list[Exchange]:
    """Let calls only lead to the state in which the next one is judged."""
    return [one.at(judged=False) for one in calls]


def ingest(
    csv: str, operation: str = "insert", kind: str = "Account", **more: str
) -> list[Exchange]:
    """Give the four calls of an ingest job, up to its end."""
    created = json.dumps({"id": JOB})
    asked = {"object": kind, "operation": operation, **more}
    return [
        call("POST", "jobs/ingest", asked, answer=created),
        call("PUT", f"jobs/ingest/{JOB}/batches", csv, status=201),
        call("PATCH", f"jobs/ingest/{JOB}", {"state": "UploadComplete"}),
        call("GET", f"jobs/ingest/{JOB}"),
    ]


def selecting(soql: str) -> list[Exchange]:
    """Give the calls of a query job, up to its end."""
    asked = {"operation": "query", "query": soql}
    created = json.dumps({"id": JOB})
    return [
        call("POST", "jobs/query", asked, answer=created),
        call("GET", f"jobs/query/{JOB}"),
    ]
