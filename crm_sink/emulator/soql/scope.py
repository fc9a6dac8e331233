"""Where the names of one query lead: its object, its parents by joins, and its parameters.

Owns no SQL of conditions or results; see `where` and `select`.

Not imitated: more than one object in FROM.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from crm_sink.emulator.schema import Field, ObjectType
from crm_sink.emulator.soql.complaints import malformed, no_such_column, no_such_relationship
from crm_sink.emulator.soql.names import kinds_of, name_object, rows_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crm_sink.emulator.soql.tree import Path

# "In each specified relationship, no more than five levels can be specified" (SOQL reference).
MAX_LEVELS = 5

TYPE_OF_NAME = Field("Type", "Type", "picklist", length=40)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query is read against: the org's objects, its time, and who asks how.

    `user_id` is whose records `USING SCOPE mine` means.
    """

    objects: Mapping[str, ObjectType]
    now: datetime
    version: str = "60.0"
    all_rows: bool = False
    user_id: str = ""


@dataclass(slots=True)
class Statement:
    """What all scopes of one statement share: its text, its parameters and fresh aliases."""

    soql: str
    reading: Reading
    parameters: dict[str, object] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def bind(self, value: object) -> str:
        """Take a value as a parameter and give its placeholder."""
        key = f"p{len(self.parameters)}"
        self.parameters[key] = value
        return f"${key}"

    def alias(self) -> str:
        """Give a table alias that the statement has not used yet."""
        return f"t{next(self.numbers)}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that a path has found: its SQL, its definition, and the object that has it."""

    sql: str
    field: Field
    owner: ObjectType
    alias: str


class Scope:
    """The names that one query (or sub-query) can see."""

    def __init__(self, statement: Statement, target: ObjectType, alias: str | None) -> None:
        self.statement = statement
        self.target = target
        self.alias = statement.alias()
        self.joins: dict[tuple[str, ...], tuple[str, ObjectType]] = {}
        self._join_sql: list[str] = []
        self._own_names = {target.name.lower(), (alias or target.name).lower()}

    @property
    def source(self) -> str:
        """The FROM text with every join that was asked for so far."""
        return " ".join([f"{name(self.target.name)} as {self.alias}", *self._join_sql])

    def find(self, path: Path) -> Reference:
        """Follow a path to its field.

        Raises:
            ApiError: 400 INVALID_FIELD for a field or relationship that does not exist.
        """
        parts = self.own(path)
        alias, owner = self.parent(parts[:-1], path.at)
        found = owner.find(parts[-1])
        if found is None and len(parts) > 1 and parts[-1].lower() == "type":
            return Reference(literal(owner.name), TYPE_OF_NAME, owner, alias)
        if found is None:
            raise no_such_column(self.statement.soql, path.at, parts[-1], owner.name)
        return Reference(value_sql(owner, found, alias), found, owner, alias)

    def own(self, path: Path) -> tuple[str, ...]:
        """Give the parts of a path without the query's own alias or object name before them."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in self._own_names:
            return parts[1:]
        return parts

    def parent(self, parts: tuple[str, ...], at: int) -> tuple[str, ObjectType]:
        """Give alias and object of a chain of relationships, joining what is not joined yet."""
        if not parts:
            return self.alias, self.target
        key = tuple(part.lower() for part in parts)
        if key in self.joins:
            return self.joins[key]
        if len(parts) > MAX_LEVELS:
            raise malformed(self.statement.soql, at, f"too many relationship levels: {len(parts)}")
        alias, owner = self.parent(parts[:-1], at)
        link = next((f for f in owner.fields.values() if _leads(f, key[-1])), None)
        kinds = kinds_of(self.statement.reading.objects, link) if link else []
        if link is None or not kinds:
            raise no_such_relationship(self.statement.soql, at, parts[-1])
        if len(kinds) > 1:
            target, source = name_object(kinds), f"({rows_sql(kinds, value_sql)})"
        else:
            target, source = kinds[0], name(kinds[0].name)
        joined = self._join(alias, link, source)
        self.joins[key] = (joined, target)
        return joined, target

    def join(self, alias: str, link: Field, target: ObjectType) -> str:
        """Join the records of one object that a lookup leads to, and give their alias."""
        return self._join(alias, link, name(target.name))

    def _join(self, alias: str, link: Field, source: str) -> str:
        joined = self.statement.alias()
        on = f'{joined}."Id" = {alias}.{name(link.name)}'
        self._join_sql.append(f"left join {source} as {joined} on {on}")
        return joined


def _leads(field: Field, relationship: str) -> bool:
    return field.relationship is not None and field.relationship.lower() == relationship


def value_sql(owner: ObjectType, field: Field, alias: str) -> str:
    """Give the SQL of a field's value; a person's Name is put together, an address is not here."""
    if field.type != "address" and owner.is_compound(field):
        # "Name: concatenation of FirstName, MiddleName, LastName, and Suffix" (Lead reference).
        return f"""nullif(concat_ws(' ', {alias}."FirstName", {alias}."LastName"), '')"""
    return f"{alias}.{name(field.name)}"
