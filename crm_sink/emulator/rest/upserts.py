"""One record by an external id: `/sobjects/X/Ext__c/value` (facts 2.5).

Any idLookup field works, Id too. Before API 46.0 an update is answered 204 and a create without
`created`.

Not imitated: a `.json` at the end of a value read as a format; related records and blobs by the
URL of a record (`/sobjects/Lead/ID/Owner`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator import ids
from crm_sink.emulator.dml.values import JSON, key_sql, typed_sql
from crm_sink.emulator.dml.whereabouts import among
from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.rest.conditional import versioned
from crm_sink.emulator.rest.order import order_of
from crm_sink.emulator.rest.reading import fields_of, read_versions
from crm_sink.emulator.rest.rows import is_key
from crm_sink.emulator.rest.sobjects import (
    ROOT,
    created,
    location,
    record_of,
    refuse,
    write_one,
)
from crm_sink.emulator.sql import name
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import json_object, reply

if TYPE_CHECKING:
    import duckdb
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.rest.outcomes import Outcome
    from crm_sink.emulator.schema import Field, ObjectType

SINCE_CREATED_KEY = 46.0
# Of an object, with more behind them (`/describe/layouts`): no fields.
RESOURCES = ("describe", "listviews", "quickactions")


async def upsert(request: Request) -> Response:
    """Answer `PATCH /sobjects/X/Ext__c/value`."""
    target = target_of(request)
    key = key_of(request, target)
    text, record = await record_of(request)
    if any(one.lower() == key.name.lower() for one in record):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    update_only = request.query_params.get("updateOnly", "").lower() == "true"
    order = order_of(request, "upsert", key, update_only=update_only)
    org: Org = request.app.state.org
    keyed = {key.name: request.path_params["value"], **record}
    several = await run_in_threadpool(_ids_of, org, target, key, request.path_params["value"])
    if len(several) > 1:
        return _choices(request, target, several)
    if not several and update_only:
        raise not_found()
    outcome = await run_in_threadpool(write_one, org, target, keyed, order)
    refuse(outcome, text)
    return _answer(request, target, outcome)


async def insert_by_id(request: Request) -> Response:
    """Answer `POST /sobjects/X/Id`: an insert that takes Id for the external id (v37+)."""
    if request.path_params["id"].lower() != "id":
        raise ApiError(
            405, "METHOD_NOT_ALLOWED",
            "HTTP Method 'POST' not allowed. Allowed are HEAD,GET,PATCH,DELETE",
        )  # fmt: skip
    target = target_of(request)
    record = await json_object(request)
    order = order_of(request, "insert")
    org: Org = request.app.state.org
    outcome = await run_in_threadpool(write_one, org, target, record, order)
    refuse(outcome, "")
    return created(request, target, outcome)


async def read(request: Request) -> Response:
    """Answer `GET /sobjects/X/Ext__c/value`."""
    org: Org = request.app.state.org
    target = target_of(request)
    found = await _named(request, target)
    if len(found) > 1:
        return _choices(request, target, found)
    fields = fields_of(target, request.query_params.get("fields"))
    version = request.path_params["version"]
    records = await run_in_threadpool(read_versions, org, target, found, version, fields)
    return versioned(request, *records[found[0]])


async def delete(request: Request) -> Response:
    """Answer `DELETE /sobjects/X/Ext__c/value`."""
    org: Org = request.app.state.org
    target = target_of(request)
    found = await _named(request, target)
    if len(found) > 1:
        return _choices(request, target, found)
    order = order_of(request, "delete")
    refuse(await run_in_threadpool(write_one, org, target, {"Id": found[0]}, order), "")
    return Response(status_code=204)


async def _named(request: Request, target: ObjectType) -> list[str]:
    """Give the ids of the records that the path's key and value name; mostly one.

    Raises:
        ApiError: 404, there is none.
    """
    key, value = key_of(request, target), request.path_params["value"]
    found = await run_in_threadpool(_ids_of, request.app.state.org, target, key, value)
    if not found:
        raise not_found()
    return found


def key_of(request: Request, target: ObjectType) -> Field:
    """Give the field that the path names records by.

    Raises:
        ApiError: 404, it is no field or names no records.
    """
    asked = request.path_params["field"]
    found = target.find(asked)
    if found is None and (asked.lower() in RESOURCES or ids.normal(asked)):
        raise not_found()
    if found is None or not is_key(found):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {asked}")
    return found


def _ids_of(org: Org, target: ObjectType, key: Field, value: str) -> list[str]:
    """Find the live records with that key, in the order of their ids."""
    if key.type == "id":
        value = ids.normal(value) or value
    with org.store.cursor() as cursor:
        places = _places_of(cursor, org, target, key, value)
        # No two live records have a unique key: who is found there is the one.
        near = _named_ids(cursor, target, key, value, among(places)) if places else []
        return near or _named_ids(cursor, target, key, value)


def _places_of(
    cursor: duckdb.DuckDBPyConnection, org: Org, target: ObjectType, key: Field, value: str
) -> list[int] | None:
    """Give where the record with a unique key is remembered to stand."""
    is_plain = value.isascii() and value.isprintable() and value == value.strip()
    if (
        org.store.is_joined
        or not is_plain
        or not (key.type == "id" or (key.unique and key.is_text))
    ):
        return None
    plain = value if key.case_sensitive or key.type == "id" else value.lower()
    return org.store.whereabouts.find(cursor, target, key, [plain])


def _named_ids(
    cursor: duckdb.DuckDBPyConnection,
    target: ObjectType,
    key: Field,
    value: str,
    where: str = "true",
) -> list[str]:
    live = "and not IsDeleted" if target.find("IsDeleted") else ""
    wanted = key_sql(key, typed_sql(key, "asked", JSON))
    rows = cursor.execute(
        f"select Id from {name(target.name)}, (select ?::varchar as asked) "
        f"where {key_sql(key, name(key.name))} = {wanted} {live} and {where} order by Id",
        [value],
    )
    return [str(row[0]) for row in rows.fetchall()]


def _answer(request: Request, target: ObjectType, outcome: Outcome) -> Response:
    old = float(request.path_params["version"]) < SINCE_CREATED_KEY
    if old:
        return created(request, target, outcome) if outcome.created else Response(status_code=204)
    body: dict[str, object] = {
        "id": outcome.id,
        "success": True,
        "errors": [],
        "created": outcome.created,
    }
    headers = {"Location": location(request, target, outcome.id)}
    return reply(body, 201 if outcome.created else 200, headers)


def _choices(request: Request, target: ObjectType, found: list[str]) -> Response:
    return reply([location(request, target, one) for one in found], 300)


routes = [
    Route(ROOT + "/{id}", insert_by_id, methods=["POST"]),
    Route(ROOT + "/{field}/{value:path}", upsert, methods=["PATCH"]),
    Route(ROOT + "/{field}/{value:path}", read, methods=["GET"]),
    Route(ROOT + "/{field}/{value:path}", delete, methods=["DELETE"]),
]
