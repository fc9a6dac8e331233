"""TYPEOF: other fields of a polymorphic parent for each object that it may be.

A parent of a type that no WHEN names gets the fields of ELSE; without an ELSE it is null.

Not imitated: parents of the parent inside TYPEOF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.soql.complaints import malformed, no_such_column, no_such_relationship
from crm_sink.emulator.soql.names import kinds_of
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.soql.select import Column, Node, json_value

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field, ObjectType
    from crm_sink.emulator.soql.scope import Scope
    from crm_sink.emulator.soql.tree import Path, TypeOf


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a TYPEOF selects: the parent's JSON as SQL, and the one column of all its fields."""

    name: str
    json: str
    column: Column


def kinds(scope: Scope, asked: TypeOf) -> Kinds:
    """Select of each object that a parent may be what is asked of it, joining those objects.

    Raises:
        ApiError: 400, the parent is none of several kinds, or a kind or a field is none of its.
    """
    parts = scope.own(asked.path)
    alias, owner = scope.parent(parts[:-1], asked.path.at)
    link = _polymorphic(scope, owner, asked.path)
    objects = scope.statement.reading.objects
    fields = {_kind(scope, asked, link, path): paths for path, paths in asked.cases}
    if asked.otherwise is not None:
        others = (one.name for one in kinds_of(objects, link) if one.name not in fields)
        fields |= dict.fromkeys(others, asked.otherwise)
    nodes, columns = [], {}
    for kind, paths in fields.items():
        target = objects[kind.lower()]
        nodes.append(Node(scope.join(alias, link, target), target))
        for path in paths:
            column = _take(scope, nodes[-1], path)
            columns[column.header] = column
    version = scope.statement.reading.version
    cases = (f'when {node.alias}."Id" is not null then {node.sql(version)}' for node in nodes)
    name = link.relationship or ""
    column = Column(name, link, "", children=tuple(columns.values()), is_type_of=True)
    return Kinds(name, f"case {' '.join(cases)} end", column)


def _kind(scope: Scope, asked: TypeOf, link: Field, path: Path) -> str:
    """Give an object of WHEN as it is spelled."""
    for one in kinds_of(scope.statement.reading.objects, link):
        if one.name.lower() == path.text.lower():
            return one.name
    text = f"'{path.text}' is not a type that '{asked.path.text}' may be"
    raise malformed(scope.statement.soql, path.at, text)


def _take(scope: Scope, node: Node, path: Path) -> Column:
    """Let a node select a field, and give the field's column."""
    field = node.owner.find(path.text)
    if field is None:
        raise no_such_column(scope.statement.soql, path.at, path.text, node.owner.name)
    node.values[field.name] = json_value(node.owner, field, node.alias)
    sql = "null" if field.type == "address" else value_sql(node.owner, field, node.alias)
    return Column(field.name, field, sql)


def _polymorphic(scope: Scope, owner: ObjectType, path: Path) -> Field:
    """Find the lookup of a TYPEOF.

    Raises:
        ApiError: There is none, or it leads to one object only.
    """
    last = path.parts[-1].lower()
    link = next((f for f in owner.fields.values() if (f.relationship or "").lower() == last), None)
    soql = scope.statement.soql
    if link is None:
        raise no_such_relationship(soql, path.at, path.parts[-1])
    if len(link.reference_to) < 2:
        text = f"TYPEOF can only be used with a polymorphic field, which '{path.text}' is not"
        raise malformed(soql, path.at, text)
    return link
