"""What every call of Bulk 1.0 passes first: version, session and allowance, with its own words.

The session comes in `X-SFDC-Session`; it costs one call like any other (facts 5, 9). The gate of
the REST API lets these paths through.

Not imitated: Sforce-Limit-Info on Bulk 1.0's replies. Likely but not on record: that a session in
`Authorization: Bearer` is taken here too; the wording for a version that is no more.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from crm_sink.emulator.bulk1 import errors, forms
from crm_sink.emulator.bulk1.errors import AsyncError
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.versions import is_offered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org

    Endpoint = Callable[[Request], Awaitable[Response]]


def admitted(endpoint: Endpoint) -> Endpoint:
    """Give an endpoint that lets in who may come in, and tells errors as Bulk 1.0 does."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            _admit(request)
            return await endpoint(request)
        except AsyncError as error:
            return forms.refusal(request, error)

    return answered


def _admit(request: Request) -> None:
    org: Org = request.app.state.org
    if not is_offered(request.path_params["version"]):
        text = f"Api version {request.path_params['version']} is not supported"
        raise AsyncError(errors.INVALID_VERSION, text)
    token = request.headers.get("x-sfdc-session")
    if token is None:
        token = request.headers.get("authorization", "").partition(" ")[2]
    if not token or not org.sessions.is_valid(token.strip()):
        raise AsyncError(errors.INVALID_SESSION, "Invalid session id")
    try:
        org.limits.use()
    except ApiError as error:
        raise AsyncError(errors.EXCEEDED, error.message) from None


@admitted
async def unknown(request: Request) -> Response:
    """Answer a path that is none."""
    raise AsyncError(errors.INVALID_URL, "Unknown resource")
