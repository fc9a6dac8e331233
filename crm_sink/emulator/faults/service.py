"""`/__faults__`: asks the local org to fail. No part of Salesforce; needs no session.

    POST   /__faults__         a rule, a list of rules, or {"rules": [...]} → 201 {"rules": [...]},
                               each with its `name` (given, or f1, f2, ...); 400 {"error": text}
    GET    /__faults__         200 {"rules": [{...rule, "matched": n, "fired": n}],
                               "fired": [{"number", "rule", "kind", "at", and of "method", "path",
                               "object", "job", "source", "rows" what applies}]  (the last 1,000),
                               "stuck": [job ids], "vanished": [job ids]}
    DELETE /__faults__         204; forgets rules, counts and events; stuck jobs go on, vanished
                               ones are found again
    DELETE /__faults__/{name}  204; the same for one rule; 404 {"error": text}

Every rule has a `kind`, and may have:
    name         unique; otherwise made
    object       API name, in any case: of the path, the job, the query, or the (first) record
    after        skip the first N matches                            (not for row-error)
    every        then fire on each Nth match only                    (not for row-error)
    probability  0 < p <= 1, drawn with `seed` (default 0): once a match, in order; for rows from
                 the row itself, so that the same rows are struck whatever the order
    count        fire at most N times in all
Rules are asked in the order in which they were added. Of those that fire on one call, delays add
up, and the first other one ends the matter: later rules do not see the call.

Kinds that strike a call also take `method` (one or a list) and `path`: a pattern with `*` over the
path without its query, default `/services/*`; without a leading slash it goes on from
`/services/data/vXX.0/`, as in `jobs/ingest/*/batches`.
    drop-before    the connection closes without an answer; nothing was done
    drop-after     the request was done; the connection closes without an answer
    slow           `seconds` (at most 60) pass before the request is looked at
    truncated      `keep` (0 <= k < 1, default 0.5) of the body, then the connection closes; with
                   `mend_length` the answer ends properly, and only its text shows the cut. Of a
                   body that streams, all but a part of the last piece is sent
    status         `status` 400 to 599; `body` json (default), html or empty; `code`, `message` of
                   the JSON; `retry_after` (header); `processed`: the request was done all the same
    html           200 with an HTML page; `processed` as above
    content-type   the right body as `content_type` (default text/html)
    expired        401 INVALID_SESSION_ID; with `revoke` the token is dead from now on
    quota          403 REQUEST_LIMIT_EXCEEDED, TotalRequests Limit exceeded.
    concurrency    403 REQUEST_LIMIT_EXCEEDED, ConcurrentPerOrgLongTxn Limit exceeded.
    vanished-job   404 for this call and all later ones to the job that the path names; it is gone
                   from the list. What was accepted is worked all the same
    flaky-results  of a CSV answer: `how` missing or doubled (the first `rows`, default 1), or
                   reordered (the columns backwards)
    altered        of a JSON answer, top-level keys (of each object, in an array): `add` {key:
                   number} to numbers that are there, `set` {key: value}, `remove` [keys]
Kinds that strike an ingest job when it is first taken up; they take `operation` too:
    stuck-job      InProgress after `after_rows` rows (default 0), until the rule is deleted; with
                   more than the job has, all rows are written and it still does not end
    failed-job     Failed for its header (0 processed), or, with `after_rows`, after that many rows
                   with the rest in unprocessedrecords; `message` is the errorMessage
Rows of jobs, collections and single records, after all other checks:
    row-error      `code` and `message` and `fields`, or a `preset`: lock, apex-limit, apex-lock,
                   batch-retries, validation. Which: `operation`, `api` (ingest or rest), `ids`,
                   `keys` {field: [texts as sent]}, `probability`. How often each row:
                   `attempts` (default 1; null for ever). `collateral`: the other rows of its 200
                   fail too, with "Too many retries of batch save ..."

Rules live in memory: a restart of the org forgets them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_sink.emulator.faults.rule import BadRule, read_rules

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org


async def show(request: Request) -> Response:
    """Tell the rules, what fired, and which jobs are held or gone."""
    org: Org = request.app.state.org
    return JSONResponse(org.faults.told())


async def add(request: Request) -> Response:
    """Put rules in force."""
    org: Org = request.app.state.org
    try:
        added = org.faults.add(read_rules(json.loads(await request.body())))
    except (BadRule, UnicodeDecodeError, json.JSONDecodeError) as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"rules": [rule.told() for rule in added]}, 201)


async def clear(request: Request) -> Response:
    """Take all rules out of force."""
    return await run_in_threadpool(_remove, request.app.state.org, None)


async def remove(request: Request) -> Response:
    """Take one rule out of force."""
    return await run_in_threadpool(_remove, request.app.state.org, request.path_params["name"])


def _remove(org: Org, name: str | None) -> Response:
    freed = org.faults.remove(name)
    if freed is None:
        return JSONResponse({"error": f"there is no rule named {name!r}"}, 404)
    for job in freed:
        org.jobs.take_up(job)
    return Response(status_code=204)


routes = [
    Route("/__faults__", show, methods=["GET"]),
    Route("/__faults__", add, methods=["POST"]),
    Route("/__faults__", clear, methods=["DELETE"]),
    Route("/__faults__/{name}", remove, methods=["DELETE"]),
]
