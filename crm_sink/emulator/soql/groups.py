"""The field list of an aggregate query, with GROUP BY, HAVING and its ORDER BY.

Not imitated: GROUP BY ROLLUP and CUBE, GROUPING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.soql.complaints import malformed, unexpected
from crm_sink.emulator.soql.functions import AGGREGATES, aggregate_sql, may_aggregate
from crm_sink.emulator.soql.operands import sort_keys
from crm_sink.emulator.soql.select import Column, json_text
from crm_sink.emulator.soql.tree import Call, Path
from crm_sink.emulator.soql.values import not_filterable
from crm_sink.emulator.soql.where import Conditions
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.soql.operands import Operands
    from crm_sink.emulator.soql.tree import Compare, Item, Operand, Ordering, Query


class Groups:
    """What an aggregate query groups by and gives."""

    def __init__(self, operands: Operands, query: Query) -> None:
        self._operands = operands
        self._soql = operands.scope.statement.soql
        self._query = query
        self._keys = [self._key(operand) for operand in query.group]
        self._aliases: dict[str, tuple[str, Field]] = {}
        self._columns = self._read_items()

    def columns(self) -> tuple[Column, ...]:
        """Give the columns: group keys by field name or alias, bare aggregates as expr0, expr1."""
        return self._columns

    def record(self) -> str:
        """Give the SQL of one AggregateResult's JSON."""
        pairs = ["'attributes', json_object('type', 'AggregateResult')"]
        pairs += [f"{literal(c.header)}, {json_text(c.sql, c.field)}" for c in self._columns]
        return f"json_object({', '.join(pairs)})"

    def _read_items(self) -> tuple[Column, ...]:
        found: list[Column] = []
        unnamed = 0
        for item in self._query.items:
            sql, field, is_aggregate = self._item(item)
            header = item.alias or (f"expr{unnamed}" if is_aggregate else field.name)
            unnamed += is_aggregate and not item.alias
            if header.lower() in self._aliases:
                at = item.operand.at if item.operand else 0
                raise malformed(self._soql, at, f"duplicate alias: {header}")
            self._aliases[header.lower()] = (sql, field)
            found.append(Column(header, field, sql, is_aggregate, _shown(item, header)))
        return tuple(found)

    def tail(self) -> str:
        """Give the SQL of GROUP BY and HAVING."""
        text = f" group by {', '.join(self._keys)}" if self._keys else ""
        if self._query.having is None:
            return text
        conditions = Conditions(self._operands.scope, self._sql, self._no_semi_join)
        return f"{text} having {conditions.sql(self._query.having)}"

    def order(self) -> str:
        """Give the SQL of ORDER BY; without one, groups come in the order of their keys."""
        keys = [key for one in self._query.order for key in self._ordering(one)]
        keys = keys or [f"{key} nulls first" for key in self._keys]
        return f"order by {', '.join(keys)}" if keys else ""

    def _no_semi_join(self, condition: Compare, query: Query) -> str:
        raise malformed(self._soql, query.target.at, "semi-joins are not allowed in HAVING")

    def _key(self, operand: Operand) -> str:
        sql, field, shown = self._operands.sql(operand)
        if not field.groupable:
            raise not_filterable(self._soql, operand.at, shown, "grouped")
        return sql

    def _item(self, item: Item) -> tuple[str, Field, bool]:
        operand = item.operand
        if operand is None:
            raise malformed(self._soql, 0, "nested queries are not allowed with GROUP BY")
        if isinstance(operand, Call) and operand.name.lower() in AGGREGATES:
            return *self._aggregate(operand), True
        sql, field, shown = self._operands.sql(operand)
        if sql not in self._keys:
            text = operand.text if isinstance(operand, Path) else shown
            raise malformed(self._soql, operand.at, f"Field must be grouped or aggregated: {text}")
        return sql, field, isinstance(operand, Call)

    def _aggregate(self, call: Call) -> tuple[str, Field]:
        if call.argument is None:
            raise unexpected(self._soql, call.at, ")")
        sql, field, shown = self._operands.sql(call.argument)
        if not may_aggregate(call.name, field):
            text = f"field {shown} does not support aggregate operator {call.name.upper()}"
            raise malformed(self._soql, call.at, text)
        return aggregate_sql(call.name, sql, field)

    def _sql(self, operand: Operand) -> tuple[str, Field, str]:
        """Give the SQL of an operand of HAVING or ORDER BY: an aggregate, a key or an alias."""
        if isinstance(operand, Call) and operand.name.lower() in AGGREGATES:
            return *self._aggregate(operand), operand.name
        if isinstance(operand, Path) and operand.text.lower() in self._aliases:
            return *self._aliases[operand.text.lower()], operand.text
        sql, field, shown = self._operands.sql(operand)
        if sql not in self._keys:
            raise malformed(self._soql, operand.at, f"Field must be grouped or aggregated: {shown}")
        return sql, field, shown

    def _ordering(self, one: Ordering) -> list[str]:
        sql, field, _ = self._sql(one.operand)
        return sort_keys(sql, field, one)


def _shown(item: Item, header: str) -> str:
    call = item.operand
    if not isinstance(call, Call) or call.argument is None:
        return header
    inner = call.argument.text if isinstance(call.argument, Path) else call.argument.name
    return f"{call.name.lower()}({inner})"
