"""The columns that a mapping computes: each expression once, what becomes of it, and why not.

Each mapped field is three SQL columns, one level above the other: `e` is `{'v': value}`, or null
when the expression raised an error; `c` is the value in the field's type; `x` is null, or the
reject's code. The key is column 0, the fields follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.mapping.problem import Problem
from crm_sink.mapping.sql.form import in_brackets
from crm_sink.schema import TEXT_TYPES, FieldType
from crm_sink.tables import own_text
from crm_sink.transform.fit.coerce import coerce
from crm_sink.transform.fit.coercion import Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.kinds import Kind, kind_of
from crm_sink.transform.fit.numbers import as_key
from crm_sink.transform.trouble import describe_failure

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.mapping.model import FieldSpec, LoadedMapping
    from crm_sink.schema import FieldSchema

EXPRESSION_FAILED = Words(
    "the expression cannot be computed for this row",
    "Look for casts and lookups that fail: try_cast gives null instead.",
)


BARE = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\W\d]\w*))\s*')  # a column, and nothing beside it

_Wanted = tuple["FieldSchema", str, "FieldSpec | None", tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Column:
    """One destination column: the key, or a field."""

    number: int
    field: FieldSchema
    sql: str  # the expression in brackets
    kind: Kind
    coercion: Coercion

    @property
    def e(self) -> str:
        """The column of `{'v': value}`, or null."""
        return f"__e{self.number}"

    @property
    def c(self) -> str:
        """The column of the value in the field's type."""
        return f"__c{self.number}"

    @property
    def x(self) -> str:
        """The column of the reject's code."""
        return f"__x{self.number}"

    @property
    def words(self) -> dict[str, Words]:
        """The texts of every code that this column can give."""
        return {"EXPRESSION_FAILED": EXPRESSION_FAILED, **self.coercion.words}


def slot(number: int) -> Slot:
    """Give the names of a column's input and output."""
    return Slot(f"__e{number}.v", f"__c{number}")


def build_columns(
    loaded: LoadedMapping,
    fields: dict[str, FieldSchema],
    key: FieldSchema,
    *,
    table: str,
    engine: Engine,
) -> tuple[list[Column], list[Problem]]:
    """Bind every expression to the prediction columns, and choose how it is coerced.

    Args:
        loaded: The mapping.
        fields: The destination fields.
        key: The field that is matched on.
        table: The predictions, for their columns' types; no row is read.
        engine: Where they are bound.

    Returns:
        The columns, key first; and the expressions that cannot be bound, or whose type can never
        become the field's.
    """
    specs = {path.lower(): (path, spec) for path, spec in loaded.mapping.fields.items()}
    kept = {name(column) for column in engine.columns(table)}
    column = loaded.mapping.match.column
    sql = _own_text(column, key, kept) or name(column)
    wanted: list[_Wanted] = [(key, sql, None, ("match", "column"))]
    for field in fields.values():
        written, given = specs[field.name.lower()]
        sql = _own_text(given.value or "", field, kept) or value_sql(given)
        part = "value" if given.value is not None else "constant"
        wanted.append((field, sql, given, ("fields", written, part)))
    kinds = _kinds([sql for _, sql, _, _ in wanted], table, engine)
    columns: list[Column] = []
    problems: list[Problem] = []
    for number, ((field, sql, spec, path), kind) in enumerate(zip(wanted, kinds, strict=True)):
        place = loaded.place(*path)
        if isinstance(kind, Words):
            problems.append(Problem(loaded.file, *place, kind.message, kind.hint))
            continue
        coercion = _coercion(field, kind, number, spec)
        if isinstance(coercion, Mismatch):
            message = f"{loaded.mapping.object}.{field.name} {coercion.message}"
            problems.append(Problem(loaded.file, *place, message, coercion.hint))
            continue
        columns.append(Column(number, field, sql, kind, coercion))
        words = None if spec is None or spec.value is not None else _unfit(columns[-1], engine)
        if words is not None:
            message = f"{loaded.mapping.object}.{field.name}: {words.message}"
            problems.append(Problem(loaded.file, *place, message, words.hint))
    return columns, problems


def _unfit(constant: Column, engine: Engine) -> Words | None:
    """Give what is wrong with a constant, or None when it fits: no row need be read for that."""
    value = f"select {{'v': {constant.sql}}} as {constant.e}"
    made = f"select *, {constant.coercion.value} as {constant.c} from ({value})"
    code = engine.value(f"select {constant.coercion.code} from ({made})")
    return None if code is None else constant.words[code]


def value_sql(spec: FieldSpec) -> str:
    """Give the SQL of a field's value: its expression in brackets, or its constant."""
    if spec.value is not None:
        return in_brackets(spec.value)
    if isinstance(spec.constant, str):
        return literal(spec.constant)
    return str(spec.constant).lower() if isinstance(spec.constant, bool) else str(spec.constant)


def _own_text(expression: str, field: FieldSchema, kept: set[str]) -> str | None:
    """Give the SQL of a typed CSV column's own text, where an expression is no more than it.

    To an expression the version `1.10` is the number 1.1; in a text field it stays 1.10. A key
    written as `7.0` is meant as 7: pandas makes floats of whole numbers where one is missing.
    """
    bare = BARE.fullmatch(expression)
    if bare is None or field.type not in TEXT_TYPES - {FieldType.ID, FieldType.REFERENCE}:
        return None
    text = own_text((bare[1] or bare[2]).replace('""', '"'))
    if text not in kept:
        return None
    is_key = field.external_id or field.unique or field.lookup is not None
    return f"regexp_replace(trim({text}), '^([0-9]+)\\.0$', '\\1')" if is_key else text


def _coercion(
    field: FieldSchema, kind: Kind, number: int, spec: FieldSpec | None
) -> Coercion | Mismatch:
    truncate = spec is not None and spec.truncate
    keeps_null = spec is not None and spec.nulls == "keep"
    coercion = coerce(field, kind, slot(number), truncate=truncate, keeps_null=keeps_null)
    is_key = spec is None or field.lookup is not None
    if not is_key or isinstance(coercion, Mismatch):
        return coercion
    return as_key(field, coercion, slot(number))


def _kinds(expressions: list[str], table: str, engine: Engine) -> list[Kind | Words]:
    """Ask DuckDB for the type of each expression; one by one only when some do not bind."""
    import duckdb

    listed = ", ".join(f"{sql} as __k{at}" for at, sql in enumerate(expressions))
    try:
        types = engine.columns(f"(select {listed} from {table})")
        return [kind_of(kind) for kind in types.values()]
    except duckdb.Error:
        return [kind_in(sql, table, engine) for sql in expressions]


def kind_in(sql: str, table: str, engine: Engine) -> Kind | Words:
    """Give the kind of one expression over a table, or why it cannot be bound to it."""
    import duckdb

    try:
        (kind,) = engine.columns(f"(select {sql} as __k from {table})").values()
    except duckdb.Error as error:
        return describe_failure(error)
    return kind_of(kind)
