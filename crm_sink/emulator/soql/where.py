"""Conditions as SQL that is always true or false, never null, as Salesforce judges them.

`!= 'x'` and NOT IN keep records without a value; texts are compared without regard to case.

Not imitated: collation of the org's language (case is folded as Unicode does).
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.soql.complaints import malformed, refuse, unexpected
from crm_sink.emulator.soql.dates import date_range
from crm_sink.emulator.soql.tree import Call, Compare, Condition, Either, Every, Not, Path, Value
from crm_sink.emulator.soql.values import check, like_pattern, not_filterable, read, unescape

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.soql.scope import Scope
    from crm_sink.emulator.soql.tree import Query

# More literals than this are joined as a list instead of compared one by one.
LONG_LIST = 20

# How an operand and a semi-join's query are turned into SQL: given by `translate`.
if TYPE_CHECKING:
    OperandSql = Callable[[Path | Call], tuple[str, Field, str]]
    SemiJoinSql = Callable[[Compare, Query], str]


class Conditions:
    """Turns the conditions of one scope into SQL."""

    def __init__(self, scope: Scope, operand: OperandSql, semi_join: SemiJoinSql) -> None:
        self._statement = scope.statement
        self._soql = scope.statement.soql
        self._operand = operand
        self._semi_join = semi_join

    def sql(self, condition: Condition) -> str:
        """Give the SQL of a condition; raises ApiError for what Salesforce refuses."""
        match condition:
            case Not(inner):
                return f"(not {self.sql(inner)})"
            case Every(inner):
                return "(" + " and ".join(self.sql(one) for one in inner) + ")"
            case Either(inner):
                return "(" + " or ".join(self._either(one) for one in inner) + ")"
            case Compare():
                return self._compare(condition)

    def _either(self, condition: Condition) -> str:
        if isinstance(condition, Compare) and condition.query is not None:
            text = "Semi join sub-selects are not allowed with the 'OR' operator"
            raise malformed(self._soql, condition.operand.at, text)
        return self.sql(condition)

    def _compare(self, condition: Compare) -> str:
        sql, field, name = self._operand(condition.operand)
        if not field.filterable:
            raise not_filterable(self._soql, condition.operand.at, name, "filtered")
        for value in condition.values:
            check(self._soql, value, field, name)
        operator = condition.operator
        if condition.query is not None:
            found = f"coalesce({sql} in ({self._semi_join(condition, condition.query)}), false)"
            return f"(not {found})" if operator == "not in" else found
        if operator in ("includes", "excludes"):
            return self._includes(sql, field, condition)
        if operator == "like":
            return self._like(sql, field, condition)
        if operator in ("in", "not in"):
            found = self._in(sql, field, condition.values)
            return f"(not {found})" if operator == "not in" else found
        return self._one(sql, field, operator, condition.values[0])

    def _one(self, sql: str, field: Field, operator: str, value: Value) -> str:
        if value.kind == "date_literal":
            return self._in_range(sql, field, operator, value)
        literal = read(self._soql, value, field)
        if literal is None:
            found = {"=": f"({sql} is null)", "!=": f"({sql} is not null)"}.get(operator)
            if found is None:
                raise self._bad_operator(field, value.at)
            return found
        place = self._statement.bind(literal)
        if operator == "!=":
            return f"({_folded(sql, field)} is distinct from {_folded(place, field)})"
        return f"coalesce({_folded(sql, field)} {operator} {_folded(place, field)}, false)"

    def _in_range(self, sql: str, field: Field, operator: str, value: Value) -> str:
        """Compare with a range of days; only the edges that are used become parameters."""
        first, after = self._range(value)
        bind = self._statement.bind
        if operator in ("=", "!="):
            from_, to = bind(_edge(first, field)), bind(_edge(after, field))
            inside = f"coalesce({sql} >= {from_} and {sql} < {to}, false)"
            return inside if operator == "=" else f"(not {inside})"
        sign, day = {"<": ("<", first), "<=": ("<", after), ">": (">=", after)}.get(
            operator, (">=", first)
        )
        return f"coalesce({sql} {sign} {bind(_edge(day, field))}, false)"

    def _range(self, value: Value) -> tuple[date, date]:
        found = date_range(value.text, self._statement.reading.now.date())
        if found is None:
            raise unexpected(self._soql, value.at, value.text)
        return found

    def _in(self, sql: str, field: Field, values: tuple[Value, ...]) -> str:
        ranges = [value for value in values if value.kind == "date_literal"]
        literals = [read(self._soql, value, field) for value in values if value not in ranges]
        given = [literal for literal in literals if literal is not None]
        found = [self._in_range(sql, field, "=", value) for value in ranges]
        if len(given) < len(literals):
            found.append(f"({sql} is null)")
        if len(given) > LONG_LIST:
            one = _folded(f"unnest({self._statement.bind(given)})", field)
            place = f"select {one}"
            found.append(f"coalesce({_folded(sql, field)} in ({place}), false)")
        elif given:
            bind = self._statement.bind
            places = ", ".join(_folded(bind(literal), field) for literal in given)
            found.append(f"coalesce({_folded(sql, field)} in ({places}), false)")
        return "(" + " or ".join(found) + ")"

    def _like(self, sql: str, field: Field, condition: Compare) -> str:
        if not field.is_text or field.type in ("id", "reference"):
            raise self._bad_operator(field, condition.operand.at)
        value = condition.values[0]
        if value.kind == "null":
            return f"({sql} is null)"
        place = self._statement.bind(like_pattern(value.text))
        return f"coalesce({sql} ilike {place} escape '\\', false)"

    def _includes(self, sql: str, field: Field, condition: Compare) -> str:
        if field.type != "multipicklist":
            raise self._bad_operator(field, condition.operand.at)
        # 'A;B' asks for both in one record; the listed groups are alternatives.
        groups = [unescape(value.text).split(";") for value in condition.values]
        parts = f"coalesce(string_split({sql}, ';'), [])"
        found = [f"list_has_all({parts}, {self._statement.bind(group)})" for group in groups]
        text = "(" + " or ".join(found) + ")"
        return f"(not {text})" if condition.operator == "excludes" else text

    def _bad_operator(self, field: Field, at: int) -> ApiError:
        return refuse(self._soql, at, "INVALID_FIELD", f"invalid operator on {field.type} field")


def _folded(sql: str, field: Field) -> str:
    """Fold case for comparing, but of ids and of fields that say they are case-sensitive."""
    if not field.is_text or field.type in ("id", "reference") or field.case_sensitive:
        return sql
    return f"lower({sql})"


def _edge(day: date, field: Field) -> date:
    return datetime.combine(day, time()) if field.type == "datetime" else day
