"""The object that a request's path names. Knows nothing of what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.errors import not_found

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType


def target_of(request: Request) -> ObjectType:
    """Give the object that the path names, in any case.

    Raises:
        ApiError: 404, the org has no such object.
    """
    org: Org = request.app.state.org
    found = org.store.objects.get(request.path_params["object"].lower())
    if found is None:
        raise not_found()
    return found
