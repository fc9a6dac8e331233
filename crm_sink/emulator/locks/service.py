"""`/__locks__`: looks at row locks, and holds some as another user of the org would.

    GET    /__locks__   200 {"held": {record id: job id, request id or "person"}}
    POST   /__locks__   {"ids": [...]} → 201 with what is held now; 409 {"error": text, "held":
                        [ids]} when others hold one of them, and nothing is locked
    DELETE /__locks__   204; frees what was locked by POST

Writes of a locked record or of its children wait `lock_wait_seconds` and then fail (see `claim`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_sink.emulator.ids import normal

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org


async def show(request: Request) -> Response:
    """Tell what is locked."""
    org: Org = request.app.state.org
    return JSONResponse({"held": org.locks.told()})


async def hold(request: Request) -> Response:
    """Lock records as a person who works on them does."""
    org: Org = request.app.state.org
    try:
        listed = [normal(str(one)) for one in json.loads(await request.body())["ids"]]
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": "send an object with ids, a list of record ids"}, 400)
    if None in listed:
        return JSONResponse({"error": "an id has 15 or 18 characters"}, 400)
    others = org.locks.take(org.person_at_work, [one for one in listed if one is not None])
    if others:
        return JSONResponse({"error": "locked by others", "held": sorted(others)}, 409)
    return JSONResponse({"held": org.locks.told()}, 201)


async def free(request: Request) -> Response:
    """Free what was locked over HTTP."""
    org: Org = request.app.state.org
    org.locks.release(org.person_at_work)
    return Response(status_code=204)


routes = [
    Route("/__locks__", show, methods=["GET"]),
    Route("/__locks__", hold, methods=["POST"]),
    Route("/__locks__", free, methods=["DELETE"]),
]
