"""Tells a refusal as the API that was called does: in REST's JSON, as Bulk 1.0 or SOAP would.

Facts 1.6: an expired session is 401 by REST, 400 by Bulk 1.0 and a fault of status 500 by SOAP.

Not imitated: what a proxy in front of the org would say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from crm_sink.emulator.bulk1 import errors, forms
from crm_sink.emulator.bulk1.errors import AsyncError
from crm_sink.emulator.soap import envelope
from crm_sink.emulator.wire import refusal

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

    from crm_sink.emulator.errors import ApiError

BULK1, SOAP = "/services/async/", "/services/Soap/"
SERVICES = frozenset(envelope.NAMESPACES)


def refused(scope: Scope, error: ApiError) -> Response:
    """Answer a request with a refusal."""
    path = scope["path"]
    if path.startswith(BULK1):
        return forms.refusal(Request(scope), _async_error(error))
    service = path.removeprefix(SOAP).partition("/")[0]
    if path.startswith(SOAP) and service in SERVICES:
        return envelope.refusal(service, envelope.Fault(error.code, error.message))
    return refusal(error)


def _async_error(error: ApiError) -> AsyncError:
    if error.code == "INVALID_SESSION_ID":
        return AsyncError(errors.INVALID_SESSION, "Invalid session id")
    if error.code == "REQUEST_LIMIT_EXCEEDED":
        return AsyncError(errors.EXCEEDED, error.message)
    return AsyncError(errors.INTERNAL, error.message)
