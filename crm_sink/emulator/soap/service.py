"""`/services/Soap/u|c|m/XX.0`: partner, enterprise and metadata calls in SOAP envelopes.

`SOAPAction` may be anything: what is asked stands in the body. Every call but `login` needs a
session in its `SessionHeader` and costs one call.

Not imitated: the calls of the partner and enterprise API on records (query, create, upsert, …),
which are answered with a fault that says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.metadata import calls
from crm_sink.emulator.soap import login
from crm_sink.emulator.soap.envelope import Call, Fault, answer, read, refusal
from crm_sink.emulator.versions import is_offered
from crm_sink.emulator.zips import deploy_calls, retrieve_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org

    Operation = Callable[[Request, Call], str]

SESSION: Mapping[str, Operation] = {
    "login": login.login,
    "getUserInfo": login.user_info,
    "getServerTimestamp": login.server_timestamp,
    "logout": login.logout,
}
OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "u": SESSION,
    "c": SESSION,
    "m": {**calls.OPERATIONS, **deploy_calls.OPERATIONS, **retrieve_calls.OPERATIONS},
}


async def call(request: Request) -> Response:
    """Answer one envelope."""
    service = request.path_params["service"]
    try:
        asked = read(await request.body())
        _admit(request, asked)
        operation = OPERATIONS[service].get(asked.operation)
        if operation is None:
            text = f"The local org does not imitate the SOAP call {asked.operation}"
            raise Fault("UNKNOWN_EXCEPTION", text)
        content = await run_in_threadpool(operation, request, asked)
    except Fault as fault:
        return refusal(service, fault)
    return answer(service, asked.operation, content)


def _admit(request: Request, asked: Call) -> None:
    org: Org = request.app.state.org
    if not is_offered(request.path_params["version"]):
        text = f"Invalid Api version specified on URL: {request.path_params['version']}"
        raise Fault("UNSUPPORTED_API_VERSION", text)
    if asked.operation == "login" and request.path_params["service"] != "m":
        return
    if asked.session is None or not org.sessions.is_valid(asked.session):
        text = "Invalid Session ID found in SessionHeader: Illegal Session"
        raise Fault("INVALID_SESSION_ID", text)
    try:
        org.limits.use()
    except ApiError as error:
        raise Fault(error.code, error.message) from None


def _at(service: str, end: str) -> Route:
    """Make the route of one service, whose letter the endpoint is told."""

    async def endpoint(request: Request) -> Response:
        request.path_params["service"] = service
        return await call(request)

    return Route(f"/services/Soap/{service}/{{version}}{end}", endpoint, methods=["POST"])


# After the version may come the org's id, or what simple-salesforce calls a resource.
routes = [_at(service, end) for service in OPERATIONS for end in ("", "/{rest:path}")]
