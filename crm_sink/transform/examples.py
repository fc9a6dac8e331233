"""A mapping's examples, run through the very queries that a run uses.

A mapping carries its own tests: a prediction, and the field values that must become of it, or the
field for which it must be rejected. Each example is a batch of one row. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import literal, name
from crm_sink.mapping.names import did_you_mean
from crm_sink.mapping.problem import Problem
from crm_sink.schema import NUMBER_TYPES, FieldType
from crm_sink.transform.columns import build_columns
from crm_sink.transform.condition import condition_problems
from crm_sink.transform.constants import constant_problems
from crm_sink.transform.fit.coerce import coerce
from crm_sink.transform.fit.coercion import Mismatch, Slot
from crm_sink.transform.fit.kinds import Kind
from crm_sink.transform.given import empty_table, given_table, typed
from crm_sink.transform.layers import layers_of
from crm_sink.transform.rejects import good_query, rejects_query
from crm_sink.transform.trouble import describe_failure
from crm_sink.transform.twins import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.engine import Engine
    from crm_sink.mapping.file.document import Data
    from crm_sink.mapping.model import Example, LoadedMapping
    from crm_sink.schema import FieldSchema

ALONE = Keys(rows=1, met=1, superseded=0, twins=None)


def run_examples(
    loaded: LoadedMapping,
    fields: dict[str, FieldSchema],
    key: FieldSchema,
    engine: Engine,
    *,
    columns: dict[str, str] | None = None,
) -> list[Problem]:
    """Give what the examples show to be wrong, each at the example's place.

    Args:
        loaded: The mapping.
        fields: The destination fields (see `mapping.resolve`).
        key: The field that is matched on.
        engine: Opened with `macros.MACROS`.
        columns: Name and DuckDB type of the source's columns. A given value becomes what the
            column holds; where columns are not known, types are taken from the values.

    Returns:
        Problems. Examples or none, also every constant that does not fit its field and, with
        `columns`, every expression that does not fit them.
    """
    import duckdb

    if columns is not None:
        table = empty_table(columns)
        _, problems = build_columns(loaded, fields, key, table=table, engine=engine)
        problems += condition_problems(loaded, table=table, engine=engine)
    else:
        problems = constant_problems(loaded, fields, key, engine)
    if problems:
        return sorted(problems)
    found: list[Problem] = []
    case = _Case(loaded, fields, key, engine, columns)
    for number, example in enumerate(loaded.mapping.examples):
        try:
            found += _run(case, number, example)
        except duckdb.Error as error:
            words = describe_failure(error)
            found.append(case.problem(("examples", number), words.message, words.hint))
    return list(dict.fromkeys(found))


class _Case:
    """What every example is run with."""

    def __init__(
        self,
        loaded: LoadedMapping,
        fields: dict[str, FieldSchema],
        key: FieldSchema,
        engine: Engine,
        columns: dict[str, str] | None,
    ) -> None:
        self.loaded = loaded
        self.fields = fields
        self.key = key
        self.engine = engine
        self.columns = columns

    def problem(self, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        """Make a problem at a place of the mapping."""
        return Problem(self.loaded.file, *self.loaded.place(*path), message, hint)


def _run(case: _Case, number: int, example: Example) -> Iterator[Problem]:
    given: dict[str, Data] = dict(example.given)
    unknown = [*_unknown_columns(case, number, given), *_unfit_values(case, number, given)]
    if unknown:
        yield from unknown
        return
    column = case.loaded.mapping.match.column
    if column.lower() not in {known.lower() for known in given} and case.key.type not in (
        FieldType.ID,
        FieldType.REFERENCE,
    ):
        given[column] = "1"  # an example need not name a record
    is_csv = case.loaded.mapping.source.csv is not None
    table = given_table(_with_used(case, given), case.columns, is_csv=is_csv)
    built, problems = build_columns(
        case.loaded, case.fields, case.key, table=table, engine=case.engine
    )
    problems += condition_problems(case.loaded, table=table, engine=case.engine)
    if problems:
        yield from problems
        return
    layers = layers_of(case.loaded, built, table=table, kinds=case.columns or {})
    texts = [f"{tables.text_of(field, name(field.name))}" for field in case.fields.values()]
    good = case.engine.rows(f"select {', '.join(texts)} from ({good_query(layers)})")
    rejects = case.engine.rows(
        f"select field, message, hint from ({rejects_query(layers, ALONE, None)})"
    )
    if example.reject is not None:
        yield from _refused(case, number, example.reject, [row[0] for row in rejects], bool(good))
    elif rejects:
        for field, message, hint in rejects:
            text = f"the example is rejected for {field or 'when'}: {message}"
            yield case.problem(("examples", number), text, hint or "")
    elif not good:
        yield case.problem(("examples", number), "the example does not meet `when`")
    else:
        values = dict(zip(case.fields, good[0], strict=True))
        yield from _compared(case, number, example, values)


def _unknown_columns(case: _Case, number: int, given: dict[str, Data]) -> list[Problem]:
    if case.columns is None:
        return []
    known = {column.lower() for column in case.columns}
    return [
        case.problem(
            ("examples", number, "given", column),
            f"the source has no column {column}",
            did_you_mean(column, case.columns, say="It has"),
        )
        for column in given
        if column.lower() not in known
    ]


def _unfit_values(case: _Case, number: int, given: dict[str, Data]) -> Iterator[Problem]:
    """Give the values that the source's column can never hold."""
    import duckdb

    kinds = {column.lower(): kind for column, kind in (case.columns or {}).items()}
    for column, value in given.items():
        kind = kinds.get(column.lower())
        try:
            if kind is not None:
                case.engine.value(f"select hash({typed(value, kind)})")
        except duckdb.Error:
            message = f"column {column} is {kind} in the source, and cannot be {value!r}"
            yield case.problem(("examples", number, "given", column), message)


def _with_used(case: _Case, given: dict[str, Data]) -> dict[str, Data]:
    """Add the columns that expressions use and the example leaves out, as null."""
    present = {column.lower() for column in given}
    used = [use.name for each in case.loaded.expressions.values() for use in each.columns]
    twins = case.loaded.mapping.match.twins
    if not isinstance(twins, str):
        used.append(twins.newest)
    missing = {column: None for column in used if column.lower() not in present}
    return {**given, **missing}


def _refused(
    case: _Case, number: int, wanted: str, fields: list[str | None], passed: bool
) -> Iterator[Problem]:
    at = ("examples", number, "reject")
    if passed:
        yield case.problem(at, f"the example is not rejected, but should be for {wanted}")
    elif not fields:
        yield case.problem(at, "the example does not meet `when`, so it is not rejected")
    elif wanted.lower() not in {(field or "").lower() for field in fields}:
        found = ", ".join(field or "when" for field in fields)
        yield case.problem(at, f"the example is rejected for {found}, not for {wanted}")


def _compared(
    case: _Case, number: int, example: Example, values: dict[str, str | None]
) -> Iterator[Problem]:
    names = {field.lower(): field for field in case.fields}
    for path, expected in (example.expect or {}).items():
        at = ("examples", number, "expect", path)
        field = case.fields[names[path.lower()]]
        found = values[field.name]
        wanted = _as_text(case, field, expected)
        if wanted is None and expected is not None:
            yield case.problem(at, f"{field.name} can never be {expected!r}")
        elif not _equal(field, wanted, found):
            message = f"{field.name} is {_shown(found)}, but {_shown(wanted)} is expected"
            yield case.problem(at, message)


def _as_text(case: _Case, field: FieldSchema, expected: Data) -> str | None:
    """Give an expected value as the text that the field would hold."""
    if expected is None:
        return None
    if isinstance(expected, list):
        expected = ";".join(str(item) for item in expected)
    text = str(expected).lower() if isinstance(expected, bool) else str(expected)
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        return text
    coercion = coerce(field, Kind.TEXT, Slot("v", "c"), keeps_null=True)
    assert not isinstance(coercion, Mismatch), "every writable type takes text"
    query = (
        f"select {tables.text_of(field, 'c')} from "
        f"(select {coercion.value} as c from (select cast({literal(text)} as varchar) as v))"
    )
    value = case.engine.value(query)
    return None if value is None else str(value)


def _equal(field: FieldSchema, wanted: str | None, found: str | None) -> bool:
    if wanted is None or found is None:
        return wanted is found
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        try:
            return float(wanted) == float(found)
        except ValueError:
            return False
    return wanted == found


def _shown(value: str | None) -> str:
    return "empty" if value is None else repr(value) if "\n" in value else value
