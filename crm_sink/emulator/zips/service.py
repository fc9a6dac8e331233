"""`/metadata/deployRequest`: deployments by REST (facts 8.1).

    POST /metadata/deployRequest      multipart: options in JSON, and the zip → 201
    GET  /metadata/deployRequest/ID   200; ?includeDetails=true for the components

Not imitated: quick deployments, cancelling. Likely but not on record: the code and words for a
request without options or zip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.routing import Route

from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.wire import parsed, reply
from crm_sink.emulator.zips import deployments
from crm_sink.emulator.zips.deploying import read_options

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org


async def create(request: Request) -> Response:
    """Answer `POST /metadata/deployRequest`."""
    org: Org = request.app.state.org
    given, content = await _parts(request)
    options = given.get("deployOptions", {})
    if not isinstance(options, dict):
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", "deployOptions must be an object")
    result = await run_in_threadpool(deployments.make, org, content, read_options(options))
    told = {**result, "status": "Pending", "done": False, "success": False, "details": None}
    return reply({"id": result["id"], "deployOptions": options, "deployResult": told}, 201)


def show(request: Request) -> Response:
    """Answer `GET /metadata/deployRequest/ID`."""
    details = request.query_params.get("includeDetails", "").lower() == "true"
    deploy_id = request.path_params["deploy"]
    found = deployments.find(request.app.state.org, deploy_id, details=details)
    if found is None:
        raise not_found()
    return reply(
        {
            "id": found["id"],
            "validatedDeployRequestId": None,
            "deployOptions": None,
            "deployResult": found,
        }
    )


async def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """Read the options and the zip; the name of the part with the options does not count."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        text = "The request must be multipart/form-data with deployOptions and a zip"
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", text)
    options, content = None, None
    async with request.form() as form:
        for key, part in form.multi_items():
            raw = await part.read() if isinstance(part, UploadFile) else part.encode()
            if key == "file":
                content = raw
            else:
                options = parsed(raw.decode("utf-8", "replace"))
    if not isinstance(options, dict) or content is None:
        text = "The request needs a part with deployOptions and a part named file"
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", text)
    return options, content


ROOT = "/services/data/v{version}/metadata/deployRequest"
routes = [
    Route(ROOT, create, methods=["POST"]),
    Route(ROOT + "/{deploy}", show, methods=["GET"]),
]
