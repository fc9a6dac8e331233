"""Up to 200 records in one call: `/composite/sobjects` (facts 3.1).

Rows fail alone, in a reply of HTTP 200 in request order; `allOrNone` rolls everything back. A
record must have `attributes`, at any place (recorded bodies have them first and last).

Not imitated: the exact code of a call with more than 200 records. Likely but not on record: the
code and words for a record of another type than the path of an upsert or a tree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from crm_sink.emulator import ids
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.locks.claim import Claim, in_turn
from crm_sink.emulator.rest.order import Order, order_of
from crm_sink.emulator.rest.outcomes import Outcome, write_ahead, write_rows
from crm_sink.emulator.rest.reading import fields_of, read_records
from crm_sink.emulator.rest.rows import NESTED, Rows, is_key, other_type, place_of, type_in
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import json_object, json_text, parsed, reply, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType

MOST_ROWS = 200
MOST_CHUNKS = 10
MOST_READ = 2000
ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header"
)
PATH = "/services/data/v{version}/composite/sobjects"


@dataclass(frozen=True, slots=True)
class Call:
    """One call's records by their place, and what is to be done with them."""

    records: list[Any]
    all_or_none: bool
    order: Order
    text: str


class _RollBack(Exception):
    """Undoes a transaction whose outcomes are known."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__("all or none")
        self.outcomes = outcomes


async def create(request: Request) -> Response:
    """Answer `POST /composite/sobjects`."""
    return await _write(request, order_of(request, "insert"))


async def update(request: Request) -> Response:
    """Answer `PATCH /composite/sobjects`."""
    return await _write(request, order_of(request, "update"))


async def upsert(request: Request) -> Response:
    """Answer `PATCH /composite/sobjects/X/Ext__c`."""
    target = target_of(request)
    asked = request.path_params["field"]
    key = target.find(asked)
    if key is None or not is_key(key):
        message = (
            f"Field name provided, {asked} does not match an External ID, Salesforce Id, or "
            f"indexed field for {target.name}"
        )
        raise ApiError(400, "INVALID_FIELD", message)
    return await _write(request, order_of(request, "upsert", key), target)


async def delete(request: Request) -> Response:
    """Answer `DELETE /composite/sobjects?ids=a,b`."""
    given = [one.strip() for one in request.query_params.get("ids", "").split(",")]
    listed = [one for one in given if one]
    _check_count(listed)
    all_or_none = request.query_params.get("allOrNone", "false").lower() == "true"
    records = [{"Id": one} for one in listed]
    call = Call(records, all_or_none, order_of(request, "delete"), "")
    org: Org = request.app.state.org
    prefixes = {one.key_prefix: one for one in org.store.objects.values()}
    targets = [prefixes.get(one[:3]) for one in listed]
    outcomes = await run_in_threadpool(_run, org, call, targets)
    return reply([outcome.as_row() for outcome in outcomes])


async def retrieve(request: Request) -> Response:
    """Answer `GET /composite/sobjects/X?ids=..&fields=..`, or a POST with both in its body."""
    target = target_of(request)
    if request.method == "POST":
        body = await json_object(request)
        listed, asked = texts(body.get("ids")), ",".join(texts(body.get("fields")))
    else:
        listed = [one for one in request.query_params.get("ids", "").split(",") if one]
        asked = request.query_params.get("fields", "")
    if len(listed) > MOST_READ:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", _too_many(MOST_READ))
    wanted = [ids.normal(one) for one in listed]
    for text, found in zip(listed, wanted, strict=True):
        if found is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {text}")
    fields = fields_of(target, asked)
    org: Org = request.app.state.org
    version = request.path_params["version"]
    known = [one for one in wanted if one is not None]
    records = await run_in_threadpool(read_records, org, target, known, version, fields)
    return reply([records.get(one) for one in known])


async def _write(request: Request, order: Order, target: ObjectType | None = None) -> Response:
    text = await json_text(request)
    body = parsed(text)
    records = body.get("records") if isinstance(body, dict) else None
    if not records or not isinstance(records, list):
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    _check_count(records)
    org: Org = request.app.state.org
    targets = [target or _type_of(org, record) for record in records]
    chunks = len(list(groupby(targets, key=lambda one: one.name if one else "")))
    if chunks > MOST_CHUNKS:
        message = (
            "Cannot have more than 10 chunks in a single operation. Please rearrange the data to "
            "reduce chunking."
        )
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    call = Call(records, bool(body.get("allOrNone")), order, text)
    outcomes = await run_in_threadpool(_run, org, call, targets)
    shown = [outcome.as_row() for outcome in outcomes]
    if order.operation == "upsert":
        for row, outcome in zip(shown, outcomes, strict=True):
            row["created"] = outcome.created and outcome.code is None
    return reply(shown)


def _run(org: Org, call: Call, targets: list[ObjectType | None]) -> list[Outcome]:
    """Write all rows, type by type, in one transaction."""
    kinds = _distinct(targets)
    staged = [_rows(org, call, targets, kind) for kind in kinds]
    if len(kinds) == 1 and None not in targets:
        written = write_ahead(org, staged[0], call.order)
        if written is not None:
            return written

    def write_all(cursor: duckdb.DuckDBPyConnection, claim: Claim) -> list[Outcome]:
        outcomes = [_unknown_type(call, at) for at, one in enumerate(targets) if one is None]
        for rows in staged:
            outcomes += write_rows(cursor, org, rows, call.order, claim)
        outcomes.sort(key=lambda outcome: outcome.number)
        outcomes = [_placed(one, call) if one.fields else one for one in outcomes]
        if call.all_or_none and any(outcome.code for outcome in outcomes):
            raise _RollBack(outcomes)
        return outcomes

    try:
        return in_turn(org, call.order.source.request or "", write_all)
    except _RollBack as undone:
        code = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        return [
            outcome if outcome.code else replace(outcome, code=code, message=ROLLED_BACK)
            for outcome in undone.outcomes
        ]


def _rows(org: Org, call: Call, targets: list[ObjectType | None], kind: ObjectType) -> Rows:
    """Read the records of one type."""
    rows = Rows(kind, org.store.objects)
    for number, record in enumerate(call.records):
        if targets[number] is kind:
            _add(rows, number, record, call.order.external)
    return rows


def _add(rows: Rows, number: int, record: Any, external: Field | None) -> None:
    if not isinstance(record, dict) or (external is not None and "attributes" not in record):
        rows.refuse(number, "JSON_PARSER_ERROR", NESTED)
        return
    other = other_type(record, rows.target)
    if other is not None:  # only an upsert's path names the object, too
        rows.refuse(number, "INVALID_TYPE", other)
        return
    rows.add(number, record)


def _distinct(targets: Iterable[ObjectType | None]) -> list[ObjectType]:
    found: dict[str, ObjectType] = {one.name: one for one in targets if one is not None}
    return list(found.values())


def _type_of(org: Org, record: Any) -> ObjectType | None:
    return org.store.objects.get(str(type_in(record)).lower())


def _unknown_type(call: Call, number: int) -> Outcome:
    """Refuse a row that names no object: by its attributes, or (a delete) by its id."""
    record = call.records[number]
    if call.order.operation == "delete":
        text = str(record["Id"])
        if ids.normal(text) is None:
            return Outcome(number, None, False, 0, "MALFORMED_ID", f"malformed id {text}")
        message = "invalid cross reference id"
        return Outcome(number, None, False, 0, "INVALID_CROSS_REFERENCE_KEY", message)
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict) or "type" not in attributes:
        return Outcome(number, None, False, 0, "JSON_PARSER_ERROR", NESTED)
    message = f"sObject type '{attributes['type']}' is not supported."
    return Outcome(number, None, False, 0, "INVALID_TYPE", message)


def _placed(outcome: Outcome, call: Call) -> Outcome:
    """Add to a JSON error where in the body its value stands."""
    if outcome.code != "JSON_PARSER_ERROR" or not outcome.fields:
        return outcome
    key = outcome.fields[0]
    before = sum(
        isinstance(record, dict) and any(one.lower() == key.lower() for one in record)
        for record in call.records[: outcome.number]
    )
    return replace(outcome, message=outcome.message + place_of(call.text, key, before))


def _check_count(listed: list[Any]) -> None:
    if not listed:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if len(listed) > MOST_ROWS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", _too_many(MOST_ROWS))


def _too_many(most: int) -> str:
    return f"record limit reached. cannot submit more than {most} records into this call"


routes = [
    Route(PATH, create, methods=["POST"]),
    Route(PATH, update, methods=["PATCH"]),
    Route(PATH, delete, methods=["DELETE"]),
    Route(PATH + "/{object}", retrieve, methods=["GET", "POST"]),
    Route(PATH + "/{object}/{field}", upsert, methods=["PATCH"]),
]
