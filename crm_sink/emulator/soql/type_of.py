"""TYPEOF: other fields of a polymorphic parent for each object that it may be.

A parent of a type that no WHEN names gets the fields of ELSE; without an ELSE it is null.

Not imitated: parents of the parent inside TYPEOF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.soql.complaints import malformed, no_such_column, no_such_relationship
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.soql.select import Column, Node, json_value

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field, ObjectType
    from crm_sink.emulator.soql.scope import Scope
    from crm_sink.emulator.soql.tree import Path, TypeOf


class Kinds:
    """What a TYPEOF selects of each object that its parent may be."""

    def __init__(self, scope: Scope, asked: TypeOf) -> None:
        self._scope = scope
        self._asked = asked
        self._columns: list[Column] = []
        parts = scope.own(asked.path)
        self._alias, owner = scope.parent(parts[:-1], asked.path.at)
        self.link = _polymorphic(scope, owner, asked.path)

    def json(self) -> str:
        """Give the SQL of the parent's JSON, joining each object that it may be."""
        objects = self._scope.statement.reading.objects
        fields = {self._kind(path): paths for path, paths in self._asked.cases}
        if self._asked.otherwise is not None:
            known = (one for one in self.link.reference_to if one.lower() in objects)
            fields |= {one: self._asked.otherwise for one in known if one not in fields}
        version = self._scope.statement.reading.version
        nodes = [self._node(objects[kind.lower()], paths) for kind, paths in fields.items()]
        cases = (f'when {node.alias}."Id" is not null then {node.sql(version)}' for node in nodes)
        return f"case {' '.join(cases)} end"

    def column(self) -> Column:
        """Give the one column of all these fields; call it after `json`."""
        return Column(
            self.link.relationship or "",
            self.link,
            "",
            children=tuple({one.header: one for one in self._columns}.values()),
            is_type_of=True,
        )

    def _kind(self, path: Path) -> str:
        """Give an object of WHEN as it is spelled."""
        for one in self.link.reference_to:
            if one.lower() == path.text.lower():
                return one
        soql = self._scope.statement.soql
        text = f"'{path.text}' is not a type that '{self._asked.path.text}' may be"
        raise malformed(soql, path.at, text)

    def _node(self, target: ObjectType, paths: tuple[Path, ...]) -> Node:
        alias = self._scope.join(self._alias, self.link, target)
        node = Node(alias, target)
        for path in paths:
            field = target.find(path.text)
            if field is None:
                soql = self._scope.statement.soql
                raise no_such_column(soql, path.at, path.text, target.name)
            node.values[field.name] = json_value(target, field, alias)
            sql = "null" if field.type == "address" else value_sql(target, field, alias)
            self._columns.append(Column(field.name, field, sql))
        return node


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
