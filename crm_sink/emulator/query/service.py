"""`/query`, `/queryAll` and their further pages.

The records of a page come out of DuckDB as JSON texts and are joined, never read.

Not imitated: `explain`, fresh values on later pages, limits on query cost.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.query import cursors, nearby
from crm_sink.emulator.query.columns import column_metadata
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.wire import JSON_TYPE, reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

# "Sforce-Query-Options: batchSize between 200 and 2,000" (REST guide); recorded: 1,000 once a long
# text column is selected.
SMALLEST, LARGEST, LARGEST_WIDE = 200, 2000, 1000
BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def run(request: Request) -> Response:
    """Answer `GET /query?q=…`; deleted records are left out."""
    return _run(request, all_rows=False)


def run_all(request: Request) -> Response:
    """Answer `GET /queryAll?q=…`, deleted records included."""
    return _run(request, all_rows=True)


def more(request: Request) -> Response:
    """Answer a `nextRecordsUrl`."""
    org: Org = request.app.state.org
    kept, start = cursors.find(org, request.path_params["locator"])
    return _page(request, kept, start, cursors.page(org, kept, start))


def page_rows(found: Translation, header: str) -> int:
    """Give how many records a page holds, from the request's Sforce-Query-Options."""
    largest = LARGEST_WIDE if found.has_long_text else LARGEST
    named = BATCH_SIZE.search(header)
    asked = count_in(named[1]) if named else None
    return largest if asked is None else min(largest, max(SMALLEST, asked))


def _run(request: Request, *, all_rows: bool) -> Response:
    org: Org = request.app.state.org
    soql = request.query_params.get("q")
    if not soql:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    version = request.path_params["version"]
    now = org.now().replace(tzinfo=None)
    found = translate(soql, Reading(org.store.objects, now, version, all_rows, org.user_id))
    if request.query_params.get("columns", "").lower() == "true":
        return reply(column_metadata(found))
    if found.kind == "count":
        return _answer(_count(org, found), [])
    rows = page_rows(found, request.headers.get("sforce-query-options", ""))
    records = nearby.records(org, found, rows + 1)
    if len(records) <= rows:
        return _answer(len(records), records)
    kept, first = cursors.keep(org, found, rows)
    return _page(request, kept, 0, first)


def _count(org: Org, found: Translation) -> int:
    with org.store.cursor() as cursor:
        row = cursor.execute(found.count(), found.parameters).fetchone()
    return int(row[0]) if row else 0


def _page(request: Request, kept: cursors.Cursor, start: int, records: list[str]) -> Response:
    after = start + len(records)
    if after >= kept.total:
        return _answer(kept.total, records)
    version = request.path_params["version"]
    return _answer(kept.total, records, f"/services/data/v{version}/query/{kept.id}-{after}")


def _answer(total: int, records: list[str], next_url: str | None = None) -> Response:
    done = "true" if next_url is None else f'false,"nextRecordsUrl":{json.dumps(next_url)}'
    text = f'{{"totalSize":{total},"done":{done},"records":[{",".join(records)}]}}'
    return Response(text.encode(), media_type=JSON_TYPE)


routes = [
    Route("/services/data/v{version}/query", run, methods=["GET"]),
    Route("/services/data/v{version}/queryAll", run_all, methods=["GET"]),
    Route("/services/data/v{version}/query/{locator}", more, methods=["GET"]),
    Route("/services/data/v{version}/queryAll/{locator}", more, methods=["GET"]),
]
