"""`/tooling`: custom fields made, read, changed and deleted by id (facts 8.5), and queries.

    POST   /tooling/sobjects/CustomField       {"FullName", "Metadata"} → 201
    GET    /tooling/sobjects/CustomField/ID    200
    PATCH  /tooling/sobjects/CustomField/ID    {"Metadata"} → 204
    DELETE /tooling/sobjects/CustomField/ID    204
    GET    /tooling/query?q=…                  200

Not imitated: describes, executeAnonymous, tests, completions. Likely but not on record: the
`warnings` and `infos` of a reply; the words for a name that is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator import ids
from crm_sink.emulator.altering import altering
from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.metadata import components, custom_field
from crm_sink.emulator.metadata.body import Refused
from crm_sink.emulator.sql import literal
from crm_sink.emulator.tooling import query
from crm_sink.emulator.tooling.tables import CUSTOM_FIELD
from crm_sink.emulator.wire import json_object, reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.metadata.components import Component
    from crm_sink.emulator.org import Org


async def create(request: Request) -> Response:
    """Answer `POST /tooling/sobjects/CustomField`."""
    org: Org = request.app.state.org
    body = await json_object(request)
    full_name, metadata = body.get("FullName"), body.get("Metadata")
    if not isinstance(full_name, str) or not isinstance(metadata, dict):
        missing = [key for key in ("FullName", "Metadata") if not body.get(key)]
        text = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", text, missing)
    made = await run_in_threadpool(_save, org, full_name, metadata, "create")
    told = {"id": made.id, "success": True, "errors": [], "warnings": [], "infos": []}
    return reply(told, 201)


async def change(request: Request) -> Response:
    """Answer `PATCH /tooling/sobjects/CustomField/ID`."""
    org: Org = request.app.state.org
    found = _found(request)
    metadata = (await json_object(request)).get("Metadata")
    if not isinstance(metadata, dict):
        text = "Required fields are missing: [Metadata]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", text, ["Metadata"])
    await run_in_threadpool(_save, org, found.full_name, metadata, "update")
    return Response(status_code=204)


def show(request: Request) -> Response:
    """Answer `GET /tooling/sobjects/CustomField/ID`."""
    org: Org = request.app.state.org
    version = request.path_params["version"]
    columns = ", ".join(field.name for field in CUSTOM_FIELD.fields.values())
    wanted = literal(ids.normal(request.path_params["id"]) or "")
    soql = f"SELECT {columns} FROM CustomField WHERE Id = {wanted}"
    _, _, records = query.find(org, soql, version)
    if not records:
        raise not_found()
    return reply(records[0])


def delete(request: Request) -> Response:
    """Answer `DELETE /tooling/sobjects/CustomField/ID`."""
    found = _found(request)
    with altering(request.app.state.org) as alteration:
        custom_field.delete(alteration, found.full_name)
    return Response(status_code=204)


def _save(org: Org, full_name: str, metadata: dict[str, Any], mode: str) -> Component:
    try:
        with altering(org) as alteration:
            custom_field.save(alteration, full_name, metadata, mode=mode)
            saved = components.find(alteration.cursor, custom_field.TYPE, full_name)
    except Refused as refused:
        fields = ["DeveloperName"] if refused.code == "DUPLICATE_DEVELOPER_NAME" else []
        raise ApiError(400, refused.code, refused.message, fields) from None
    assert saved is not None
    return saved


def _found(request: Request) -> Component:
    org: Org = request.app.state.org
    with org.store.cursor() as cursor:
        found = components.find_id(cursor, ids.normal(request.path_params["id"]) or "")
    if found is None or found.type != custom_field.TYPE:
        raise not_found()
    return found


ROOT = "/services/data/v{version}/tooling"
routes = [
    Route(ROOT + "/query", query.run, methods=["GET"]),
    Route(ROOT + "/sobjects/CustomField", create, methods=["POST"]),
    Route(ROOT + "/sobjects/CustomField/{id}", show, methods=["GET"]),
    Route(ROOT + "/sobjects/CustomField/{id}", change, methods=["PATCH"]),
    Route(ROOT + "/sobjects/CustomField/{id}", delete, methods=["DELETE"]),
]
