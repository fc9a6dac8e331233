"""Records one by one: create, read, update, delete under `/sobjects/X` (facts 2.4).

Not imitated: blobs, record layouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator import ids
from crm_sink.emulator.dml import staging
from crm_sink.emulator.errors import ApiError, json_parser_error, not_found
from crm_sink.emulator.locks.claim import in_turn
from crm_sink.emulator.rest.conditional import check, is_conditional, versioned
from crm_sink.emulator.rest.order import order_of
from crm_sink.emulator.rest.outcomes import Outcome, write_ahead, write_rows
from crm_sink.emulator.rest.reading import fields_of, read_versions
from crm_sink.emulator.rest.rows import Rows, place_of
from crm_sink.emulator.sql import name
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import json_text, parsed, reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.rest.order import Order
    from crm_sink.emulator.schema import ObjectType

SPECIFIED_ID = "The Id field should not be specified in the sobject data."


async def create(request: Request) -> Response:
    """Answer `POST /sobjects/X`."""
    target = target_of(request)
    text, record = await record_of(request)
    org: Org = request.app.state.org
    order = order_of(request, "insert")
    outcome = await run_in_threadpool(write_one, org, target, record, order)
    refuse(outcome, text)
    return created(request, target, outcome)


async def read(request: Request) -> Response:
    """Answer `GET /sobjects/X/Id`."""
    target = target_of(request)
    record_id = id_of(request, target)
    fields = fields_of(target, request.query_params.get("fields"))
    org: Org = request.app.state.org
    version = request.path_params["version"]
    found = await run_in_threadpool(read_versions, org, target, [record_id], version, fields)
    if record_id not in found:
        raise await run_in_threadpool(missing, org, target, record_id)
    return versioned(request, *found[record_id])


async def update(request: Request) -> Response:
    """Answer `PATCH /sobjects/X/Id`."""
    target = target_of(request)
    record_id = id_of(request, target)
    text, record = await record_of(request)
    org: Org = request.app.state.org
    await _meet_conditions(request, target, record_id)
    order = order_of(request, "update")
    outcome = await run_in_threadpool(write_one, org, target, {"Id": record_id, **record}, order)
    refuse(outcome, text)
    return Response(status_code=204)


async def delete(request: Request) -> Response:
    """Answer `DELETE /sobjects/X/Id`."""
    target = target_of(request)
    record = {"Id": id_of(request, target)}
    org: Org = request.app.state.org
    await _meet_conditions(request, target, record["Id"])
    order = order_of(request, "delete")
    refuse(await run_in_threadpool(write_one, org, target, record, order), "")
    return Response(status_code=204)


async def _meet_conditions(request: Request, target: ObjectType, record_id: str) -> None:
    """Refuse a write of a record that was changed since the client read it."""
    if not is_conditional(request):
        return
    org: Org = request.app.state.org
    version = request.path_params["version"]
    fields = fields_of(target, None)
    found = await run_in_threadpool(read_versions, org, target, [record_id], version, fields)
    if record_id in found:
        check(request, *found[record_id])


def id_of(request: Request, target: ObjectType) -> str:
    """Give the path's id in 18 characters.

    Raises:
        ApiError: 404, it is no id of that object.
    """
    found = ids.normal(request.path_params["id"])
    if found is None or found[:3] != target.key_prefix:
        raise not_found()
    return found


async def record_of(request: Request) -> tuple[str, dict[str, Any]]:
    """Give a body that must be one record without an Id, and its text.

    Raises:
        ApiError: It is not.
    """
    text = await json_text(request)
    record = parsed(text)
    if not isinstance(record, dict):
        raise json_parser_error(
            "Cannot deserialize instance of sobject from the request body at [line:1, column:1]"
        )
    if any(key.lower() == "id" for key in record):
        raise ApiError(400, "INVALID_FIELD", SPECIFIED_ID)
    return text, record


def write_one(org: Org, target: ObjectType, record: dict[str, Any], order: Order) -> Outcome:
    """Write one record and give what became of it."""
    rows = Rows(target, org.store.objects)
    rows.add(0, record)
    written = write_ahead(org, rows, order)
    if written is not None:
        return written[0]
    return in_turn(
        org,
        order.source.request or "",
        lambda cursor, claim: write_rows(cursor, org, rows, order, claim)[0],
    )


def refuse(outcome: Outcome, text: str) -> None:
    """Turn a refused row into the answer to a request for that one row (facts 2.3).

    Raises:
        ApiError: The row was refused.
    """
    if outcome.code is None:
        return
    if outcome.code == "JSON_PARSER_ERROR":
        place = place_of(text, outcome.fields[0]) if outcome.fields else ""
        raise json_parser_error(outcome.message + place)
    if outcome.duplicate is not None:
        more = {"duplicateResut": outcome.duplicate}
        raise ApiError(400, outcome.code, outcome.message, more=more)
    about_record = outcome.rank == staging.TARGET and outcome.code in (
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
    )
    plain = outcome.code == "INVALID_FIELD" and outcome.rank == staging.CALLER
    fields = None if plain else outcome.fields
    raise ApiError(404 if about_record else 400, outcome.code, outcome.message, fields)


def created(request: Request, target: ObjectType, outcome: Outcome) -> Response:
    """Answer that a record was made, and where it is."""
    body: dict[str, object] = {"id": outcome.id, "success": True, "errors": []}
    return reply(body, 201, {"Location": location(request, target, outcome.id)})


def location(request: Request, target: ObjectType, record_id: str | None) -> str:
    """Give a record's path."""
    return f"/services/data/v{request.path_params['version']}/sobjects/{target.name}/{record_id}"


def missing(org: Org, target: ObjectType, record_id: str) -> ApiError:
    """Tell a deleted record from one that never was."""
    found = None
    if target.find("IsDeleted"):
        query = f"select 1 from {name(target.name)} where Id = ? and IsDeleted"
        found = org.store.cursor().execute(query, [record_id]).fetchone()
    if found is None:
        return not_found()
    return ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])


ROOT = "/services/data/v{version}/sobjects/{object}"
routes = [
    Route(ROOT, create, methods=["POST"]),
    Route(ROOT + "/{id}", read, methods=["GET"]),
    Route(ROOT + "/{id}", update, methods=["PATCH"]),
    Route(ROOT + "/{id}", delete, methods=["DELETE"]),
]
