"""The operands of one scope as SQL, with its WHERE and ORDER BY.

Not imitated: `USING SCOPE` but for `mine` and `everything`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.soql.complaints import malformed, no_such_object, refuse
from crm_sink.emulator.soql.functions import AGGREGATES, DATE_PARTS, PLAIN, part_sql
from crm_sink.emulator.soql.scope import Reference, Scope
from crm_sink.emulator.soql.tree import Call, Operand, Path
from crm_sink.emulator.soql.values import not_filterable
from crm_sink.emulator.soql.where import Conditions
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from crm_sink.emulator.errors import ApiError
    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.soql.tree import Compare, Ordering, Query


class Operands:
    """Turns paths and calls of one scope into SQL."""

    def __init__(self, scope: Scope, *, is_inner: bool = False) -> None:
        self.scope = scope
        self._is_inner = is_inner

    def sql(self, operand: Operand) -> tuple[str, Field, str]:
        """Give an operand's SQL, the field that describes it, and its name for messages."""
        if isinstance(operand, Path):
            found = self.find(operand)
            return found.sql, found.field, found.field.name
        return self._call(operand)

    def find(self, path: Path) -> Reference:
        """Find a field that can stand in a condition: not a compound address."""
        found = self.scope.find(path)
        if found.field.type == "address":
            raise not_filterable(self.scope.statement.soql, path.at, found.field.name, "filtered")
        return found

    def where(self, query: Query, *, with_deleted: bool = False) -> str:
        """Give the SQL of a query's WHERE, with deleted records left out unless asked for."""
        conditions = Conditions(self.scope, self.sql, self._semi_join)
        found = [conditions.sql(query.where)] if query.where else []
        everything = with_deleted or query.all_rows or self.scope.statement.reading.all_rows
        if not everything and self.scope.target.find("IsDeleted"):
            found.append(f'not {self.scope.alias}."IsDeleted"')
        if query.is_mine:
            found.append(self._mine(query))
        return " and ".join(found) or "true"

    def _mine(self, query: Query) -> str:
        """Give the SQL of `USING SCOPE mine`: the records that the user owns."""
        statement, target = self.scope.statement, self.scope.target
        if target.find("OwnerId") is None:
            text = f"The object '{target.name}' does not support the scope 'mine'"
            raise refuse(statement.soql, query.target.at, "INVALID_QUERY_SCOPE", text)
        return f'{self.scope.alias}."OwnerId" = {statement.bind(statement.reading.user_id)}'

    def order(self, query: Query) -> str:
        """Give the SQL of a query's ORDER BY; records that tie come by id."""
        keys = [key for one in query.order for key in self._ordering(one)]
        return "order by " + ", ".join([*keys, f'{self.scope.alias}."Id"'])

    def _ordering(self, one: Ordering) -> list[str]:
        sql, field, shown = self.sql(one.operand)
        if not field.sortable:
            raise not_filterable(self.scope.statement.soql, one.operand.at, shown, "sorted")
        return sort_keys(sql, field, one)

    def _semi_join(self, condition: Compare, query: Query) -> str:
        """Give the SQL of `SELECT AccountId FROM Contact WHERE ...` inside IN."""
        statement = self.scope.statement
        target = statement.reading.objects.get(query.target.text.lower())
        if target is None:
            raise no_such_object(statement.soql, query.target.at, query.target.text)
        if len(query.items) != 1 or query.items[0].operand is None:
            text = "SELECT clause of an inner query must have exactly one field"
            raise malformed(statement.soql, query.target.at, text)
        if self._is_inner:
            text = "Nesting of semi join sub-selects is not supported"
            raise malformed(statement.soql, query.target.at, text)
        if target is self.scope.target:
            text = "The inner and outer selects should not be on the same object type"
            raise malformed(statement.soql, query.target.at, text)
        inner = Operands(Scope(statement, target, query.alias), is_inner=True)
        sql = inner.named(query.items[0].operand, condition.operand, self)
        where = inner.where(query)
        return f"select {sql} from {inner.scope.source} where {where} and {sql} is not null"

    def named(self, selected: Operand, compared: Operand, outer: Operands) -> str:
        """Give the SQL of what a semi-join selects: ids of what the outer operand may name."""
        if isinstance(selected, Path) and isinstance(compared, Path):
            found, left = self.find(selected), outer.find(compared)
            if _named(found) & _named(left):
                return found.sql
        text = (
            f"The selected field '{_text(selected)}' in the subquery and the left operand field in "
            f"the where expression in the outer query '{_text(compared)}' should point to the same "
            "object type"
        )
        raise malformed(self.scope.statement.soql, compared.at, text)

    def _call(self, call: Call) -> tuple[str, Field, str]:
        word = call.name.lower()
        if word in PLAIN and call.argument is not None:
            return self.sql(call.argument)
        if word not in DATE_PARTS or call.argument is None:
            raise self._unknown(call)
        sql, field, _ = self.sql(call.argument)
        if field.type not in ("date", "datetime"):
            raise self._unknown(call)
        made, shown = part_sql(word, sql)
        return made, shown, call.name

    def _unknown(self, call: Call) -> ApiError:
        soql = self.scope.statement.soql
        if call.name.lower() in AGGREGATES:
            text = f"Grouped field should not be aggregated: {call.name}"
            return malformed(soql, call.at, text)
        return malformed(soql, call.at, f"Invalid Function: {call.name}")


def _named(found: Reference) -> frozenset[str]:
    """Give the objects whose ids a field may hold; none of a field that holds no ids."""
    if found.field.type == "id":
        return frozenset({found.owner.name})
    return frozenset(found.field.reference_to)


def _text(operand: Operand) -> str:
    return operand.text if isinstance(operand, Path) else operand.name


def sort_keys(sql: str, field: Field, one: Ordering) -> list[str]:
    """Give the sort keys of one ORDER BY entry; nulls come first unless asked otherwise."""
    tail = f"{'desc' if one.descending else 'asc'} nulls {'last' if one.nulls_last else 'first'}"
    if not field.is_text or field.type in ("id", "reference"):
        return [f"{sql} {tail}"]
    if field.type != "picklist" or not field.values:
        return [f"lower({sql}) {tail}"]
    # "Picklist values are sorted by the order of the picklist" (SOQL reference, ORDER BY);
    # values that are not in it come after those that are.
    values = ", ".join(literal(value.value.lower()) for value in field.values)
    place = f"coalesce(list_position([{values}], lower({sql})), {len(field.values) + 1})"
    return [f"case when {sql} is null then null else {place} end {tail}", f"lower({sql}) {tail}"]
