"""Conditions of a list view, as SOQL and as the `whereCondition` of its describe.

The JSON is that of SoqlWhereCondition: a test, a group of conditions, or the contrary of one.

Not imitated: SoqlSubQueryCondition.
"""

from __future__ import annotations

from dataclasses import dataclass

WORDS = {
    "equals": "=",
    "notEquals": "!=",
    "lessThan": "<",
    "lessThanOrEqualTo": "<=",
    "greaterThan": ">",
    "greaterThanOrEqualTo": ">=",
    "like": "LIKE",
}
LISTS = {"in": "IN", "notIn": "NOT IN", "includes": "INCLUDES", "excludes": "EXCLUDES"}


@dataclass(frozen=True, slots=True)
class Compare:
    """A field, an operator of `WORDS` or `LISTS` (or notLike), and values as SOQL writes them."""

    field: str
    operator: str
    values: tuple[str, ...]

    def soql(self) -> str:
        """Give the condition as SOQL."""
        if self.operator in LISTS:
            return f"{self.field} {LISTS[self.operator]} ({','.join(self.values)})"
        if self.operator == "notLike":
            return f"(NOT {self.field} LIKE {self.values[0]})"
        return f"{self.field} {WORDS[self.operator]} {self.values[0]}"

    def told(self) -> dict[str, object]:
        """Give the condition as describe tells it."""
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by `and` or `or`; one without conditions lets every record pass."""

    conjunction: str
    conditions: tuple[Condition, ...]

    def soql(self) -> str:
        """Give the conditions as SOQL; an empty text when there are none."""
        parts = [one.soql() for one in self.conditions]
        return parts[0] if len(parts) == 1 else _joined(parts, self.conjunction)

    def told(self) -> dict[str, object]:
        """Give the conditions as describe tells them."""
        if len(self.conditions) == 1:
            return self.conditions[0].told()
        told = [one.told() for one in self.conditions]
        return {"conditions": told, "conjunction": self.conjunction}


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    condition: Condition

    def soql(self) -> str:
        """Give the condition as SOQL."""
        return f"(NOT {self.condition.soql()})"

    def told(self) -> dict[str, object]:
        """Give the condition as describe tells it."""
        return {"condition": self.condition.told()}


Condition = Compare | Group | Not
EVERYTHING = Group("and", ())


def group(conjunction: str, conditions: list[Condition | None]) -> Condition | None:
    """Join conditions; what is None is left out, and a single one stays as it is."""
    found = tuple(one for one in conditions if one is not None and one != EVERYTHING)
    if len(found) < 2:
        return found[0] if found else None
    return Group(conjunction, found)


def _joined(parts: list[str], conjunction: str) -> str:
    return "(" + f" {conjunction.upper()} ".join(parts) + ")" if parts else ""
