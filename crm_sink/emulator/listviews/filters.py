"""A list view's filters as conditions: `Score__c greaterOrEqual 70`.

Several values stand between commas and are alternatives: `equals Hot,Warm` is IN. A filter whose
standard column is not known, and `within`, let every record pass; `passed_over` names them.

Not imitated: filters on geolocations (`within`), scopes other than Everything and Mine. Likely but
not on record: the words for an operation, a value or a logic that is none.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from crm_sink.emulator.listviews import moments
from crm_sink.emulator.listviews.columns import resolve
from crm_sink.emulator.listviews.conditions import Compare, Condition, group
from crm_sink.emulator.listviews.literals import BadValue, one_literal, text_literal
from crm_sink.emulator.listviews.logic import BadLogic, combine
from crm_sink.emulator.metadata.body import Body, elements, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.listviews.columns import Column
    from crm_sink.emulator.schema import ObjectType

# FilterOperation of the metadata WSDL, and the operator of one value.
OPERATIONS = {
    "equals": "equals",
    "notEqual": "notEquals",
    "lessThan": "lessThan",
    "greaterThan": "greaterThan",
    "lessOrEqual": "lessThanOrEqualTo",
    "greaterOrEqual": "greaterThanOrEqualTo",
    "contains": "like",
    "notContain": "notLike",
    "startsWith": "like",
    "includes": "includes",
    "excludes": "excludes",
    "within": "within",
}
SCOPES = frozenset(
    {
        "Everything", "Mine", "MineAndMyGroups", "Queue", "Delegated", "MyTerritory",
        "MyTeamTerritory", "Team", "AssignedToMe", "SalesTeam",
    }
)  # fmt: skip
NEGATIVE = ("notEqual", "notContain")
PATTERNS = {"contains": "%{}%", "notContain": "%{}%", "startsWith": "{}%"}


def condition(
    objects: Mapping[str, ObjectType], target: ObjectType, body: Body
) -> tuple[Condition | None, list[str]]:
    """Give the condition of a list view, None for all records, and the filters passed over.

    Raises:
        Refused: An operation, a value or the logic cannot be read.
    """
    found: list[Condition | None] = []
    passed_over = []
    for given in elements(body, "filters"):
        one = _filter(objects, target, given)
        found.append(one)
        if one is None:
            passed_over.append(f"{given.get('field', '')} {given.get('operation', '')}".strip())
    logic = str(body.get("booleanFilter") or "")
    if not logic:
        return group("and", found), passed_over
    try:
        return combine(logic, found), passed_over
    except BadLogic:
        raise invalid(f"Invalid booleanFilter: {logic}") from None


def check_scope(body: Body) -> None:
    """Refuse a scope that the WSDL does not have.

    Raises:
        Refused: It is none.
    """
    scope = str(body.get("filterScope", ""))
    if scope not in SCOPES:
        raise invalid(f"'{scope}' is not a valid value for the enum 'FilterScope'")


def _filter(objects: Mapping[str, ObjectType], target: ObjectType, given: Body) -> Condition | None:
    operation, text = str(given.get("operation", "")), str(given.get("value") or "")
    if operation not in OPERATIONS:
        raise invalid(f"'{operation}' is not a valid value for the enum 'FilterOperation'")
    column = resolve(objects, target, str(given.get("field", "")))
    if column is None or operation == "within":
        return None
    try:
        return _judge(column, operation, _split(text))
    except BadValue as bad:
        raise invalid(f"Invalid value for filter on {given.get('field')}: {bad}") from None


def _judge(column: Column, operation: str, texts: list[str]) -> Condition | None:
    operator, field = OPERATIONS[operation], column.field
    if operation in PATTERNS:
        values = [text_literal(one, PATTERNS[operation]) for one in texts]
    elif field.type in ("date", "datetime"):
        parts = [moments.compare(column.path, field.type, operator, one) for one in texts]
        return group("and" if operation in NEGATIVE else "or", parts)
    else:
        values = [one_literal(field, one) for one in texts]
    if operator in ("includes", "excludes"):
        return Compare(column.path, operator, tuple(values))
    if len(values) > 1 and operation in ("equals", "notEqual"):
        several = "in" if operation == "equals" else "notIn"
        return Compare(column.path, several, tuple(values))
    alone: list[Condition | None] = [Compare(column.path, operator, (one,)) for one in values]
    return group("and" if operation in NEGATIVE else "or", alone)


def _split(text: str) -> list[str]:
    """Give the values between commas; quotes hold one with a comma together."""
    line = " ".join(text.splitlines()).strip()
    (found,) = csv.reader([line], skipinitialspace=True) if line else ([""],)
    return [one.strip() for one in found]
