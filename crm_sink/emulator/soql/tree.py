"""What a SOQL statement says, as frozen values. Names are as written; `at` counts characters.

Not imitated: GROUP BY ROLLUP and CUBE, DISTANCE, WITH DATA CATEGORY.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """A field, maybe through parents: `Owner.Profile.Name`."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as it was written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of at most one field: `COUNT(Id)`, `CALENDAR_YEAR(CreatedDate)`, `FIELDS(ALL)`."""

    name: str
    argument: Operand | None
    at: int


Operand = Path | Call


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. `kind` is string, number, date, datetime, boolean, null or date_literal."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    """An operand against values, or against a semi-join. Operators are lower case."""

    operand: Operand
    operator: str
    values: tuple[Value, ...]
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """Conditions joined by AND."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Conditions joined by OR."""

    conditions: tuple[Condition, ...]


Condition = Compare | Not | Every | Either


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF Owner WHEN User THEN Username ELSE Name END`; no ELSE is None."""

    path: Path
    cases: tuple[tuple[Path, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the field list: an operand with its alias, a child sub-query, or a TYPEOF."""

    operand: Operand | None
    alias: str | None = None
    query: Query | None = None
    type_of: TypeOf | None = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """One entry of ORDER BY; null values come first unless asked otherwise."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement, or a sub-query."""

    items: tuple[Item, ...]
    target: Path
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    is_mine: bool = False
