"""What DuckDB itself understands of an expression: its columns, its calls, and what is not allowed.

The second reading, after sqlglot's (see `expression`). It is DuckDB that will run the text, so no
difference between two parsers can carry a sub-query or a file function past the check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_sink.mapping.sql.form import TOO_DEEP

if TYPE_CHECKING:
    import duckdb

    from crm_sink.mapping.file.document import Data

# What an expression may be made of (the `class` of DuckDB's serialised syntax tree).
PLAIN = frozenset(
    [
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "OPERATOR",
        "TYPE",
    ]
)
NAMED = {
    "SUBQUERY": "a sub-query",
    "WINDOW": "a window function",
    "STAR": "a star",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by its position",
    "DEFAULT": "DEFAULT",
}
PREFIX = "select ("


@dataclass(frozen=True, slots=True)
class Use:
    """A column or function that an expression names, and the offset of its first character."""

    name: str
    offset: int


@dataclass(slots=True)
class Reading:
    """What was found in one expression. `error` is DuckDB's own, when it cannot be parsed."""

    columns: list[Use] = field(default_factory=list)
    calls: list[Use] = field(default_factory=list)
    refused: list[Use] = field(default_factory=list)
    error: Use | None = None


class Reader:
    """A DuckDB connection that parses and never runs anything."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def read(self, sql: str) -> Reading:
        """Parse an expression in brackets, exactly as it will stand in the query."""
        text = f"select {sql} as v"
        row = self._connection.execute("select json_serialize_sql(?)", [text]).fetchone()
        assert row is not None, "a select without a table has one row"
        where = _Offsets(text, len("select "))
        try:
            return self._understood(json.loads(row[0]), where)
        except RecursionError:
            return Reading(error=Use(TOO_DEEP, 0))

    def _understood(self, tree: dict[str, Any], where: _Offsets) -> Reading:
        reading = Reading()
        if tree.get("error"):
            position = where.of(int(tree.get("position") or 0))
            message = str(tree.get("error_message", "cannot be parsed"))
            is_deep = "expression depth" in message
            reading.error = Use(TOO_DEEP if is_deep else message, position)
            return reading
        if not _is_one_expression(tree):
            reading.refused.append(Use("more than one expression", 0))
            return reading
        _walk(tree["statements"][0]["node"]["select_list"], reading, frozenset(), where)
        return reading


class _Offsets:
    """DuckDB counts bytes from the start of the query; people count characters."""

    def __init__(self, text: str, before: int) -> None:
        self._bytes = text.encode()
        self._before = before

    def of(self, position: int) -> int:
        return max(len(self._bytes[:position].decode(errors="ignore")) - self._before, 0)


def _is_one_expression(tree: dict[str, Data]) -> bool:
    statements = tree.get("statements")
    if not isinstance(statements, list) or len(statements) != 1:
        return False
    statement = statements[0]
    node = statement.get("node") if isinstance(statement, dict) else None
    if not isinstance(node, dict) or node.get("type") != "SELECT_NODE" or node.get("modifiers"):
        return False
    source, chosen = node.get("from_table"), node.get("select_list")
    plain = isinstance(source, dict) and source.get("type") == "EMPTY"
    one = isinstance(chosen, list) and len(chosen) == 1
    clauses = ("where_clause", "group_expressions", "having", "qualify", "sample")
    return plain and one and not any(node.get(clause) for clause in clauses)


def _walk(node: Data, reading: Reading, bound: frozenset[str], where: _Offsets) -> None:
    """Collect from a syntax tree; `bound` are the names that a lambda around it has bound."""
    if isinstance(node, list):
        for child in node:
            _walk(child, reading, bound, where)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("class")
    location = node.get("query_location")
    offset = where.of(location) if isinstance(location, int) and location < 2**31 else 0
    if kind == "LAMBDA":
        bound = bound | _lambda_names(node.get("lhs"))
        _walk(node.get("expr"), reading, bound, where)
        return
    if kind == "COLUMN_REF":
        names = node.get("column_names")
        first = str(names[0]) if isinstance(names, list) and names else ""
        if first.lower() not in bound:
            reading.columns.append(Use(first, offset))
        return
    if kind == "FUNCTION":
        _call(node, reading, offset)
    elif isinstance(kind, str) and kind not in PLAIN:
        reading.refused.append(Use(NAMED.get(kind, kind.lower()), offset))
        return
    if node.get("type") == "GROUPING_FUNCTION":
        reading.refused.append(Use("GROUPING", offset))
    for child in node.values():
        _walk(child, reading, bound, where)


def _call(node: dict[str, Data], reading: Reading, offset: int) -> None:
    name = str(node.get("function_name", "")).lower()
    if node.get("schema") or node.get("catalog"):
        owner = node.get("schema") or node.get("catalog")
        reading.refused.append(Use(f"{owner}.{name}(...): write {name}({owner}, ...)", offset))
    elif node.get("filter") or node.get("distinct"):
        reading.refused.append(Use("an aggregate", offset))
    elif not node.get("is_operator"):
        reading.calls.append(Use(name, offset))


def _lambda_names(parameters: Data) -> frozenset[str]:
    if isinstance(parameters, list):
        return frozenset().union(*(_lambda_names(part) for part in parameters))
    if not isinstance(parameters, dict):
        return frozenset()
    names = parameters.get("column_names")
    found = (
        frozenset(str(name).lower() for name in names) if isinstance(names, list) else frozenset()
    )
    inner = [value for value in parameters.values() if isinstance(value, dict | list)]
    return found.union(*(_lambda_names(part) for part in inner))
