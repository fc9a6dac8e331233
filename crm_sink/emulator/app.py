"""The org's web application: the routes of every service behind one gate.

Each service module has a list `routes`; a new service is one more line in `SERVICES`. Errors that
a service raises become Salesforce's JSON here and nowhere else.

Not imitated: Apex REST, streaming.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route

from crm_sink.emulator import (
    bulk_query,
    calls,
    changing,
    control,
    describe,
    limits,
    pages,
    query,
    search,
    versions,
)
from crm_sink.emulator.bulk1 import service as bulk1
from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.faults import service as faults
from crm_sink.emulator.gate import Gate
from crm_sink.emulator.ingest import service as ingest
from crm_sink.emulator.listviews import service as listviews
from crm_sink.emulator.locks import service as locks
from crm_sink.emulator.log import service as log
from crm_sink.emulator.login import auth, frontdoor
from crm_sink.emulator.pretty import PrettyPrint
from crm_sink.emulator.rest import (
    collections,
    composite,
    replication,
    sobjects,
    tree,
    upserts,
)
from crm_sink.emulator.soap import service as soap
from crm_sink.emulator.tooling import service as tooling
from crm_sink.emulator.wire import refusal
from crm_sink.emulator.zips import service as zips

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org

SERVICES = (
    calls,
    control,
    changing,
    faults,
    locks,
    log,
    versions,
    auth,
    frontdoor,
    limits,
    zips,
    listviews,  # before `sobjects`: /sobjects/X/listviews is no record's id
    describe,  # before `sobjects`: /sobjects/X/describe is no record's id
    replication,  # before `sobjects`: /sobjects/X/updated is no record's id
    sobjects,
    upserts,
    tree,
    composite,  # before `collections`: /composite/batch is no object
    collections,
    ingest,
    query,
    search,
    bulk_query,
    bulk1,
    soap,
    tooling,
    pages,
)
METHODS = ("HEAD", "GET", "POST", "PATCH", "PUT", "DELETE")


def create_app(org: Org) -> Starlette:
    """Put the org behind HTTP. The org is `request.app.state.org` to every endpoint."""
    ingest.install(org)
    bulk_query.install(org)
    bulk1.install(org)
    routes = [route for service in SERVICES for route in service.routes]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Gate, org=org),
            # The fastest level: results of a million rows are compressed while they stream.
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=1),
            Middleware(PrettyPrint),
        ],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _hung_up,
            Exception: _broken,
        },
    )
    app.router.redirect_slashes = False
    app.state.org = org
    return app


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # a form that is none
        return refusal(ApiError(400, "API_ERROR", str(error.detail)))
    if error.status_code != 405:
        return refusal(not_found())
    allowed = ",".join(_allowed(request))
    message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
    response = refusal(ApiError(405, "METHOD_NOT_ALLOWED", message))
    response.headers["Allow"] = allowed
    return response


async def _hung_up(request: Request, error: Exception) -> Response:
    """Answer a caller that died in the middle of its request: nobody will read it."""
    return Response(status_code=400)


async def _broken(request: Request, error: Exception) -> Response:
    message = "An unexpected error occurred. See the log of the local org."
    response = refusal(ApiError(500, "UNKNOWN_EXCEPTION", message))
    response.headers["Connection"] = "close"  # as the server does after an error
    return response


def _allowed(request: Request) -> list[str]:
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return [method for method in METHODS if method in found]
