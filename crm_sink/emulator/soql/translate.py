"""A SOQL statement as one DuckDB statement with bound parameters.

Names are checked here against the org's objects; nothing is run.

Not imitated: query cost limits, the 20-relationship limits, selective-query rules. Likely but not
on record: the words for HAVING without GROUP BY.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.soql.complaints import malformed, no_such_object
from crm_sink.emulator.soql.fields import FieldList
from crm_sink.emulator.soql.functions import AGGREGATES
from crm_sink.emulator.soql.groups import Groups
from crm_sink.emulator.soql.keys import named
from crm_sink.emulator.soql.operands import Operands
from crm_sink.emulator.soql.parse import parse
from crm_sink.emulator.soql.scope import Reading, Scope, Statement
from crm_sink.emulator.soql.select import csv_text
from crm_sink.emulator.soql.tree import Call, Query
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from crm_sink.emulator.schema import ObjectType
    from crm_sink.emulator.soql.keys import Keys
    from crm_sink.emulator.soql.select import Column

# "The maximum offset is 2,000 rows" (SOQL reference, OFFSET).
MAX_OFFSET = 2000


@dataclass(frozen=True, slots=True)
class Translation:
    """A query in SQL. `kind` is records, aggregate or count.

    `record` makes one record's JSON text; `tail` is everything from FROM on but the order and
    the limit, which `select` adds. `is_ordered` says whether the query itself asks for an order,
    `keys` by which keys it names its records, if it does.
    """

    kind: str
    target: ObjectType
    columns: tuple[Column, ...]
    record: str
    tail: str
    order: str
    limit: int | None
    offset: int
    parameters: dict[str, object]
    is_ordered: bool = False
    keys: Keys | None = None

    @property
    def has_long_text(self) -> bool:
        """Whether a text area over 255 characters is selected, which makes pages shorter."""
        return any(column.field.is_long_text for column in self.columns)

    def select(self, what: str, at_most: int | None = None) -> str:
        """Give the statement that selects `what` from the rows of the query, in order."""
        limits = [limit for limit in (self.limit, at_most) if limit is not None]
        limit = f" limit {min(limits)}" if limits else ""
        offset = f" offset {self.offset}" if self.offset else ""
        return f"select {what} {self.tail} {self.order}{limit}{offset}"

    def among(self, where: str) -> Translation:
        """Give the query over some rows of its object's table alone, which a condition names."""
        table = name(self.target.name)
        rows = f"(select * from {table} where {where})"
        return replace(self, tail=self.tail.replace(f"from {table} as", f"from {rows} as", 1))

    def count(self) -> str:
        """Give the statement that counts the rows of the query."""
        return f"select count(*) from ({self.select('1 as one')})"

    def csv(self) -> str:
        """Give the statement whose columns are the texts of a Bulk result.

        A query that asks for no order gets none: ten million ids need no sorting.
        """
        asked = self if self.is_ordered else replace(self, order="")
        values = ", ".join(f"{column.sql} as v{k}" for k, column in enumerate(self.columns))
        texts = ", ".join(
            f"{csv_text(f'v{k}', column.field)} as {name(column.header)}"
            for k, column in enumerate(self.columns)
        )
        return f"select {texts} from ({asked.select(values)})"


def translate(soql: str, reading: Reading) -> Translation:
    """Translate a statement.

    Raises:
        ApiError: 400 with Salesforce's code and words for whatever is wrong with it.
    """
    query = parse(soql)
    statement = Statement(soql, reading)
    if query.offset > MAX_OFFSET:
        text = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", text)
    target = reading.objects.get(query.target.text.lower())
    if target is None:
        raise no_such_object(soql, query.target.at, query.target.text)
    operands = Operands(Scope(statement, target, query.alias))
    where, keys = operands.where(query), None
    if _is_count(query, soql):
        return _translation(operands, query, where, kind="count")
    if query.group or _has_aggregates(query):
        groups = Groups(operands, query)
        columns, record = groups.columns(), groups.record()
        tail, order = where + groups.tail(), groups.order()
        kind = "aggregate"
    else:
        if query.having is not None:
            raise malformed(soql, query.target.at, "HAVING is allowed only with GROUP BY")
        fields = FieldList(operands, query)
        columns, record = fields.columns(), fields.record()
        tail, order = where, operands.order(query)
        kind = "records"
        keys = named(query, operands.scope)
    found = _translation(operands, query, tail, kind, columns=columns, record=record, order=order)
    return replace(found, keys=keys)


def _translation(
    operands: Operands,
    query: Query,
    where: str,
    kind: str,
    *,
    columns: tuple[Column, ...] = (),
    record: str = "1",
    order: str = "",
) -> Translation:
    """Put the parts together, last of all FROM: each part may have asked for a join."""
    scope = operands.scope
    return Translation(
        kind=kind,
        target=scope.target,
        columns=columns,
        record=record,
        tail=f"from {scope.source} where {where}",
        order=order,
        limit=query.limit,
        offset=query.offset,
        parameters=scope.statement.parameters,
        is_ordered=bool(query.order),
    )


def _is_count(query: Query, soql: str) -> bool:
    """Whether it is the old `SELECT count() FROM X`, which counts and gives no records."""
    calls = [item.operand for item in query.items if isinstance(item.operand, Call)]
    bare = [call for call in calls if call.name.lower() == "count" and call.argument is None]
    if bare and len(query.items) > 1:
        raise malformed(soql, bare[0].at, "COUNT() must be the only element in the SELECT list")
    return bool(bare)


def _has_aggregates(query: Query) -> bool:
    return any(
        isinstance(item.operand, Call) and item.operand.name.lower() in AGGREGATES
        for item in query.items
    )
