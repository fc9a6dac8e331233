"""The field list of a query over records: fields, parents, children, FIELDS().

Not imitated: FIELDS() in TYPEOF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.soql.children import children_of
from crm_sink.emulator.soql.complaints import malformed, no_such_children, unexpected
from crm_sink.emulator.soql.functions import PLAIN
from crm_sink.emulator.soql.operands import Operands
from crm_sink.emulator.soql.scope import Scope
from crm_sink.emulator.soql.select import Column, Node, json_value
from crm_sink.emulator.soql.tree import Call, Path, Query
from crm_sink.emulator.soql.type_of import kinds
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.soql.children import Child
    from crm_sink.emulator.soql.tree import Item, TypeOf

# "FIELDS(ALL) and FIELDS(CUSTOM) need a LIMIT of at most 200" (SOQL reference).
FIELDS_LIMIT = 200


class FieldList:
    """What a query selects, as columns and as the JSON of a record."""

    def __init__(self, operands: Operands, query: Query) -> None:
        self._operands = operands
        self._scope = operands.scope
        self._query = query
        self._root = Node(self._scope.alias, self._scope.target)
        self._columns: list[Column] = []
        self._seen: set[str] = set()
        for item in query.items:
            self._take(item)

    def columns(self) -> tuple[Column, ...]:
        """Give the columns in the order of the field list; children carry columns of their own."""
        return tuple(self._columns)

    def record(self) -> str:
        """Give the SQL of one record's JSON."""
        return self._root.sql(self._scope.statement.reading.version)

    def _take(self, item: Item) -> None:
        soql = self._scope.statement.soql
        if item.query is not None:
            self._take_children(item.query)
            return
        if item.type_of is not None:
            self._take_kinds(item.type_of)
            return
        operand = item.operand
        if isinstance(operand, Call) and operand.name.lower() == "fields":
            self._take_all(operand)
            return
        is_plain = isinstance(operand, Path)
        while isinstance(operand, Call) and operand.name.lower() in PLAIN:
            operand = operand.argument
        if not isinstance(operand, Path):
            at = operand.at if operand else 0
            raise malformed(soql, at, "functions need GROUP BY in this query")
        if not is_plain and item.alias is not None:
            self._take_alias(operand, item.alias)
            return
        if item.alias is not None:
            # "You can only use aliases in queries that use aggregation."
            text = "only aggregate expressions use field aliasing"
            raise malformed(soql, operand.at, text)
        self._take_path(operand)

    def _take_path(self, path: Path) -> None:
        found = self._scope.find(path)
        parts = self._scope.own(path)
        node, names = self._root, []
        for depth in range(1, len(parts)):
            alias, owner = self._scope.parent(parts[:depth], path.at)
            shown = _relationship(node, parts[depth - 1])
            names.append(shown)
            below = node.values.setdefault(shown, Node(alias, owner))
            if isinstance(below, Node):
                node = below
        header = ".".join([*names, found.field.name])
        self._note(header)
        shown_value = json_value(found.owner, found.field, found.alias)
        if found.field.name == "Type" and not found.owner.find("Type"):
            shown_value = found.sql
        node.values[found.field.name] = shown_value
        self._columns.append(Column(header, found.field, found.sql))

    def _take_alias(self, path: Path, alias: str) -> None:
        """Take what a function gives under a name of its own: `FORMAT(Amount) shown`."""
        found = self._scope.find(path)
        self._note(alias)
        self._root.values[alias] = json_value(found.owner, found.field, found.alias)
        self._columns.append(Column(alias, found.field, found.sql))

    def _take_kinds(self, asked: TypeOf) -> None:
        found = kinds(self._scope, asked)
        self._note(found.name)
        self._root.values[found.name] = found.json
        self._columns.append(found.column)

    def _note(self, header: str) -> None:
        """Remember that a name is taken.

        Raises:
            ApiError: 400, it was taken before.
        """
        if header in self._seen:
            text = f"duplicate field selected: {header}"
            raise ApiError(400, "INVALID_FIELD", text)
        self._seen.add(header)

    def _take_all(self, call: Call) -> None:
        soql = self._scope.statement.soql
        kind = call.argument.text.lower() if isinstance(call.argument, Path) else ""
        if kind not in ("all", "standard", "custom"):
            raise unexpected(soql, call.at, "FIELDS")
        if kind != "standard" and not 0 < (self._query.limit or 0) <= FIELDS_LIMIT:
            text = f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}"
            raise malformed(soql, call.at, text)
        for field in self._scope.target.fields.values():
            if (kind == "all" or field.custom == (kind == "custom")) and not self._has(field):
                self._take_path(Path((field.name,), call.at))

    def _has(self, field: Field) -> bool:
        return field.name in self._seen

    def _take_children(self, query: Query) -> None:
        child = self._child(query)
        statement = self._scope.statement
        operands = Operands(Scope(statement, child.child, query.alias))
        fields = FieldList(operands, query)
        scope = operands.scope
        link = f'{scope.alias}.{name(child.field.name)} = {self._scope.alias}."Id"'
        where, order = operands.where(query), operands.order(query)
        limit = "" if query.limit is None else f" limit {query.limit}"
        rows = (
            f"select {fields.record()} as j, row_number() over ({order}) as k "
            f"from {scope.source} where {link} and {where} {order}{limit}"
        )
        page = "'totalSize', count(*), 'done', true, 'records', list(j order by k)"
        shown = child.relationship or ""
        self._root.values[shown] = (
            f"(select case when count(*) = 0 then null else json_object({page}) end from ({rows}))"
        )
        self._columns.append(Column(shown, child.field, "", children=fields.columns()))

    def _child(self, query: Query) -> Child:
        wanted = query.target.parts[-1].lower()
        for child in children_of(self._scope.statement.reading.objects, self._scope.target):
            if child.relationship and child.relationship.lower() == wanted:
                return child
        soql = self._scope.statement.soql
        raise no_such_children(soql, query.target.at, query.target.parts[-1])


def _relationship(node: Node, part: str) -> str:
    """Give a relationship's name as the object spells it."""
    names = [field.relationship for field in node.owner.fields.values() if field.relationship]
    return next(one for one in names if one.lower() == part.lower())
