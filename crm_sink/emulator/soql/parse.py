"""Read a SOQL text into a tree, or say in Salesforce's words where it goes wrong.

Knows the grammar only: whether objects and fields exist is `translate`'s business.

Not imitated: GROUP BY ROLLUP and CUBE, WITH DATA CATEGORY, bind variables.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path as File

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.soql.complaints import unexpected
from crm_sink.emulator.soql.tree import (
    Call,
    Compare,
    Condition,
    Either,
    Every,
    Item,
    Not,
    Operand,
    Ordering,
    Path,
    Query,
    TypeOf,
    Value,
)

# "SOQL statements: maximum length 100,000 characters" (SOQL limits).
MAX_LENGTH = 100_000

Node = Tree[Token]

KINDS = {
    "STRING": "string",
    "NUMBER": "number",
    "DATE": "date",
    "DATETIME": "datetime",
    "TRUE": "boolean",
    "FALSE": "boolean",
    "NULL": "null",
    "NAME": "date_literal",
    "DATE_LITERAL_N": "date_literal",
}


def parse(soql: str) -> Query:
    """Read a statement.

    Raises:
        ApiError: 400 MALFORMED_QUERY.
    """
    if len(soql) > MAX_LENGTH:
        text = f"SOQL statements cannot be longer than {MAX_LENGTH} characters"
        raise ApiError(400, "MALFORMED_QUERY", text)
    try:
        return _query(_nodes(_grammar().parse(soql))[0], soql)
    except UnexpectedInput as error:
        raise _complaint(soql, error) from None
    except RecursionError:
        raise ApiError(400, "MALFORMED_QUERY", "The query is nested too deeply") from None


@cache
def _grammar() -> Lark:
    text = File(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=False)


def _complaint(soql: str, error: UnexpectedInput) -> ApiError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return unexpected(soql, error.token.start_pos or 0, str(error.token))
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream or 0
        if soql[at] == "'":
            # Nothing else than a text can begin with a quote: its end is missing.
            return unexpected(soql, at, "'")
        return unexpected(soql, at, soql[at])
    return unexpected(soql, len(soql), "<EOF>")


def _nodes(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _tokens(node: Node) -> list[Token]:
    return [child for child in node.children if isinstance(child, Token)]


def _query(node: Node, soql: str) -> Query:
    parts = {str(child.data): child for child in _nodes(node)}
    names = [token for token in _tokens(parts["object_ref"]) if token.type == "NAME"]
    return Query(
        items=tuple(_item(child, soql) for child in _nodes(parts["select_list"])),
        target=Path((str(names[0]),), names[0].start_pos or 0),
        alias=str(names[1]) if len(names) > 1 else None,
        where=_clause(parts["where"], soql),
        group=tuple(_operand(child) for child in _nodes(parts["group"])),
        having=_clause(parts["having"], soql),
        order=tuple(_ordering(one) for one in _nodes(parts["order"])),
        limit=_count(parts["limit"], soql),
        offset=_count(parts["offset"], soql) or 0,
        all_rows=bool(parts["all_rows"].children),
        is_mine=[str(one).lower() for one in _tokens(parts["scope"])][2:] == ["mine"],
    )


def _count(node: Node, soql: str) -> int | None:
    if not node.children:
        return None
    number = _tokens(node)[1]
    found = count_in(number)
    if found is None:
        raise unexpected(soql, number.start_pos or 0, str(number))
    return found


def _item(node: Node, soql: str) -> Item:
    inner = _nodes(node)[0]
    if node.data == "child_item":
        return Item(None, query=_query(inner, soql))
    if node.data == "typeof_item":
        return Item(None, type_of=_type_of(node))
    alias = _tokens(node)
    return Item(_operand(inner), str(alias[0]) if alias else None)


def _type_of(node: Node) -> TypeOf:
    path, *rest = _nodes(node)
    cases = []
    for one in (child for child in rest if child.data == "when"):
        name = next(token for token in _tokens(one) if token.type == "NAME")
        cases.append((Path((str(name),), name.start_pos or 0), _paths(_nodes(one)[0])))
    otherwise = [child for child in rest if child.data == "path_list"]
    return TypeOf(_path(path), tuple(cases), _paths(otherwise[0]) if otherwise else None)


def _paths(node: Node) -> tuple[Path, ...]:
    return tuple(_path(child) for child in _nodes(node))


def _operand(node: Node) -> Operand:
    if node.data == "operand":
        return _path(_nodes(node)[0])
    name = _tokens(node)[0]
    inner = _nodes(node)
    return Call(str(name), _operand(inner[0]) if inner else None, name.start_pos or 0)


def _path(node: Node) -> Path:
    parts = _tokens(node)
    return Path(tuple(str(part) for part in parts), parts[0].start_pos or 0)


def _ordering(node: Node) -> Ordering:
    operand, *rest = _nodes(node)
    words = {token.type for child in rest for token in _tokens(child)}
    return Ordering(_operand(operand), "DESC" in words, "LAST" in words)


def _clause(node: Node, soql: str) -> Condition | None:
    return _condition(_nodes(node)[0], soql) if node.children else None


def _condition(node: Node, soql: str) -> Condition:
    kind = str(node.data)
    if kind in ("single", "nested", "not_", "all_of", "any_of"):
        inner = tuple(_condition(child, soql) for child in _nodes(node))
        if kind == "not_":
            return Not(inner[0])
        if len(inner) == 1:
            return inner[0]
        return Every(inner) if kind == "all_of" else Either(inner)
    return _compare(node, kind, soql)


def _compare(node: Node, kind: str, soql: str) -> Compare:
    inner = _nodes(node)
    if kind in ("compare", "like"):
        operator = str(_tokens(node)[0]).lower().replace("<>", "!=")
        return Compare(_operand(inner[0]), operator, (_value(inner[1]),))
    operator = {"in_": "in", "not_in": "not in"}.get(kind, kind)
    return _set_condition(inner, operator, soql)


def _set_condition(inner: list[Node], operator: str, soql: str) -> Compare:
    operand, values = _operand(inner[0]), inner[1]
    if values.data == "joined":
        return Compare(operand, operator, (), _query(_nodes(values)[0], soql))
    return Compare(operand, operator, tuple(_value(child) for child in _nodes(values)))


def _value(node: Node) -> Value:
    token = _tokens(node)[0]
    return Value(KINDS[token.type], str(token), token.start_pos or 0)
