"""`/__log__`: every applied change, in order. No part of Salesforce; needs no session.

    GET    /__log__         200 {"changes": [change], "next": text or null}
    GET    /__log__/counts  200 {"records": n, "changes": n, "most": n, "repeated": {id: times},
                            "last": text}
    GET    /__log__/totals  200 {endpoint: {"calls", "writes", "written", "refused"}}; what jobs
                            wrote stands under "bulk jobs"
    DELETE /__log__         204; forgets all changes

The first two take the same filters, all optional and joined by *and*: `object` (any case), `id`
(15 or 18 characters), `job`, `request`, and `since`: what an earlier `next` or `last` told. `limit`
is the size of a page: 1 to 10,000, by default 1,000; the next page is asked for with
`since=<next>`.
400 {"error": text} for a filter that cannot be.

A change is {"number": of the write (a call, or a batch of a job), "row": the row's place in it,
"at", "call": "PATCH /services/data/v{version}/...", "request": the X-SFDC-Request-Id of the answer,
"job": id, "operation": insert, update, upsert, delete or hardDelete, "created": bool, "object",
"id", "fields": [names], "old": {field: value}, "new": {field: value}, "assignment_rule": the rule
that ran over the record, its id or "default", or null}. A job's change has no call and no request,
a call's no job. Only fields that the row itself set are named, without the key that an upsert found
its record by; the old values of a created record are null. Without
`log_values` (see `/__settings__`) fields, old and new are empty.

`counts` is for proofs: each of 50,000 records written exactly once is `records` 50,000 and `most`
1. `repeated` holds the first 100 of those that were written several times; `last` is the number of
the last write, to be handed on as `since` before the next act of a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_sink.emulator.log import reading, totals
from crm_sink.emulator.log.reading import Asked
from crm_sink.emulator.numbers import count_in

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

PAGE = 1000
LONGEST_PAGE = 10_000
FILTERS = frozenset({"object", "id", "job", "request", "since"})


async def show(request: Request) -> Response:
    """Answer with a page of changes."""
    try:
        limit = count_in(request.query_params.get("limit", str(PAGE))) or 0
        if not 1 <= limit <= LONGEST_PAGE:
            raise ValueError(f"limit is 1 to {LONGEST_PAGE}")
        asked = _asked(request.query_params, {"limit"})
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(await run_in_threadpool(reading.page, request.app.state.org, asked, limit))


async def count(request: Request) -> Response:
    """Answer how often each record was changed."""
    try:
        asked = _asked(request.query_params, set())
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(await run_in_threadpool(reading.counts, request.app.state.org, asked))


async def add_up(request: Request) -> Response:
    """Answer with the totals by endpoint."""
    return JSONResponse(await run_in_threadpool(totals.told, request.app.state.org))


async def clear(request: Request) -> Response:
    """Forget all changes."""
    await run_in_threadpool(reading.clear, request.app.state.org)
    return Response(status_code=204)


def _asked(given: QueryParams, more: set[str]) -> Asked:
    alien = set(given) - FILTERS - more
    if alien:
        raise ValueError(f"unknown: {', '.join(sorted(alien))}")
    since = given.get("since", "0")
    parts = [count_in(part) for part in since.split(".", 1)]
    # A bare number stands for the whole of that write.
    number, place = parts if len(parts) > 1 else (parts[0], 1 << 62)
    if number is None or place is None:
        raise ValueError(f"since is a number, or the `next` of a page: {since}")
    filters = {key: given.get(key) for key in ("object", "id", "job", "request")}
    return Asked(**filters, since=(number, place))


routes = [
    Route("/__log__", show, methods=["GET"]),
    Route("/__log__", clear, methods=["DELETE"]),
    Route("/__log__/counts", count, methods=["GET"]),
    Route("/__log__/totals", add_up, methods=["GET"]),
]
