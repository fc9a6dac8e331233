"""Parents with their children in one call: `/composite/tree/X` (facts 3.5).

Records are made level by level, all or none; the answer tells of the roots first.

Not imitated: the five kinds of objects that a call may hold.
Likely but not on record: the words of a tree that is too large or too deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from crm_sink.emulator.errors import ApiError, json_parser_error
from crm_sink.emulator.locks.claim import Claim, in_turn
from crm_sink.emulator.rest.order import Order, order_of
from crm_sink.emulator.rest.outcomes import Outcome, write_rows
from crm_sink.emulator.rest.rows import Rows, other_type
from crm_sink.emulator.soql.children import children_of
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import NO_LIST, json_object, reply

if TYPE_CHECKING:
    import duckdb
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

MOST_RECORDS = 200
MOST_LEVELS = 5
NO_REFERENCE = "Include a reference ID for each record in the request."
TWICE = "Duplicate ReferenceId provided in the request."


@dataclass(frozen=True, slots=True)
class Node:
    """One record of a tree, and which one it belongs to.

    `lookup` is the field that names the parent; both are empty for a root. `other` says that it is
    called a record of another object than its place's.
    """

    target: ObjectType
    reference: str
    values: dict[str, Any]
    parent: int | None = None
    lookup: str = ""
    other: str = ""


class _Refused(Exception):
    """Undoes a tree: which nodes were refused, and why."""

    def __init__(self, faults: list[tuple[Node, Outcome]]) -> None:
        super().__init__("refused")
        self.faults = faults


async def create(request: Request) -> Response:
    """Answer `POST /composite/tree/X`: 201, or 400 with the errors of each record at fault."""
    org: Org = request.app.state.org
    body = await json_object(request)
    levels = _levels(org, target_of(request), body.get("records"))
    order = order_of(request, "insert")
    try:
        _check(levels)
        made = await run_in_threadpool(_write, org, levels, order)
    except _Refused as refused:
        told = [
            {"referenceId": node.reference, "errors": outcome.as_row()["errors"]}
            for node, outcome in refused.faults
        ]
        return reply({"hasErrors": True, "results": told}, 400)
    found = [{"referenceId": node.reference, "id": record_id} for node, record_id in made]
    return reply({"hasErrors": False, "results": found}, 201)


def _levels(org: Org, target: ObjectType, records: Any) -> list[list[Node]]:
    """Sort the records of all trees by their depth.

    Raises:
        ApiError: There are none or too many, or a key leads to no children.
    """
    if not isinstance(records, list) or not records:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    level = [_node(target, record) for record in records]
    levels = []
    while level:
        levels.append(level)
        level = [
            child
            for place, node in enumerate(level)
            for key in list(node.values)
            for child in _children(org, node, key, place)
        ]
    count = sum(map(len, levels))
    if count > MOST_RECORDS or len(levels) > MOST_LEVELS:
        text = f"At most {MOST_RECORDS} records on {MOST_LEVELS} levels in one call"
        raise ApiError(400, "LIMIT_EXCEEDED", text)
    return levels


def _check(levels: list[list[Node]]) -> None:
    """Refuse a record of another type than its place, and a reference id that two records have."""
    nodes = [node for level in levels for node in level]
    others = [(node, _fault("INVALID_TYPE", node.other)) for node in nodes if node.other]
    if others:
        raise _Refused(others)
    seen: dict[str, int] = {}
    for node in nodes:
        seen[node.reference] = seen.get(node.reference, 0) + 1
    twins = {node.reference: node for node in nodes if seen[node.reference] > 1}
    if twins:
        raise _Refused([(node, _fault("INVALID_INPUT", TWICE)) for node in twins.values()])


def _fault(code: str, message: str) -> Outcome:
    return Outcome(0, None, created=False, code=code, message=message)


def _node(target: ObjectType, record: Any, parent: int | None = None, lookup: str = "") -> Node:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict) or "referenceId" not in attributes:
        raise ApiError(400, "INVALID_INPUT", NO_REFERENCE)
    values = {key: value for key, value in record.items() if key != "attributes"}
    reference, other = str(attributes["referenceId"]), other_type(record, target) or ""
    return Node(target, reference, values, parent, lookup, other)


def _children(org: Org, node: Node, key: str, place: int) -> list[Node]:
    """Take the children under a relationship's name out of a node's values."""
    value = node.values[key]
    if not isinstance(value, dict) or "records" not in value:
        return []
    for child in children_of(org.store.objects, node.target):
        if child.relationship is not None and child.relationship.lower() == key.lower():
            del node.values[key]
            records = value["records"]
            if not isinstance(records, list):
                raise json_parser_error(NO_LIST)
            return [_node(child.child, one, place, child.field.name) for one in records]
    text = f"No such column '{key}' on sobject of type {node.target.name}"
    raise ApiError(400, "INVALID_FIELD", text)


def _write(org: Org, levels: list[list[Node]], order: Order) -> list[tuple[Node, str]]:
    def write_all(cursor: duckdb.DuckDBPyConnection, claim: Claim) -> list[tuple[Node, str]]:
        made: list[tuple[Node, str]] = []
        above: list[str] = []
        for level in levels:
            outcomes = _write_level(cursor, org, (level, above), order, claim)
            faults = [
                (node, outcome)
                for node, outcome in zip(level, outcomes, strict=True)
                if outcome.code is not None
            ]
            if faults:
                raise _Refused(faults)
            above = [str(outcome.id) for outcome in outcomes]
            made += zip(level, above, strict=True)
        return made

    return in_turn(org, order.source.request or "", write_all)


def _write_level(
    cursor: duckdb.DuckDBPyConnection,
    org: Org,
    given: tuple[list[Node], list[str]],
    order: Order,
    claim: Claim,
) -> list[Outcome]:
    """Write the nodes of one level, object by object, with the ids of the level above."""
    level, above = given
    found: list[Outcome] = []
    for target in {node.target.name: node.target for node in level}.values():
        rows = Rows(target, org.store.objects)
        for number, node in enumerate(level):
            if node.target is target:
                parent = {} if node.parent is None else {node.lookup: above[node.parent]}
                rows.add(number, {**node.values, **parent})
        found += write_rows(cursor, org, rows, order, claim)
    return sorted(found, key=lambda outcome: outcome.number)


routes = [Route("/services/data/v{version}/composite/tree/{object}", create, methods=["POST"])]
