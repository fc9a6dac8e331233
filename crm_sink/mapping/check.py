"""A mapping held against its source's columns and the org's describe. Pure: reads no file, no org.

What a mapping says by itself is judged by `load`; whether an expression's type fits its field is
judged by `transform`, which has an engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.check_org import org_problems
from crm_sink.mapping.model import NewestTwin
from crm_sink.mapping.names import did_you_mean
from crm_sink.mapping.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crm_sink.mapping.file.document import Path
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import ObjectSchema


# How the DuckDB types begin that a gate can judge, and by which the newest of twins is told.
TIMES = ("TIMESTAMP", "DATE", "VARCHAR")
NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    *("UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN"),
)
JUDGED = {"freshness": ("time", TIMES), "drift": ("number", NUMBERS)}
RANKED = (*TIMES, *NUMBERS)


def lacking(gate: str, kind: str) -> str | None:
    """Tell what a gate needs that a column of a DuckDB type does not hold.

    Returns:
        `time` or `number`; None when the gate can judge the column. One without any value may
        have no type: that is for the gate to judge.
    """
    need, types = JUDGED[gate]
    return None if _is_one_of(types, kind) else need


def _is_one_of(types: tuple[str, ...], kind: str) -> bool:
    kind = kind.upper()
    return (kind.startswith(types) and not kind.endswith("]")) or "NULL" in kind


def check(
    loaded: LoadedMapping,
    *,
    columns: dict[str, str] | None,
    schema: ObjectSchema | None,
    related: Mapping[str, ObjectSchema],
) -> list[Problem]:
    """Give every problem of a mapping with its source and its org.

    Args:
        loaded: The mapping.
        columns: Name and DuckDB type of each prediction column; None leaves them unchecked.
        schema: The object as the org describes it; None leaves the org unchecked.
        related: The objects that lookups lead to, by lower-case API name.
    """
    problems: list[Problem] = []
    if columns is not None:
        problems += [*_missing_columns(loaded, columns), *_misjudged(loaded, columns)]
        problems += _unranked(loaded, columns)
    if schema is not None:
        problems += org_problems(loaded, schema, related)
    return sorted(set(problems))


def _missing_columns(loaded: LoadedMapping, columns: dict[str, str]) -> Iterator[Problem]:
    known = {column.lower() for column in columns}

    def missing(name: str, line: int, column: int) -> Problem:
        hint = did_you_mean(name, columns, say="It has")
        return Problem(loaded.file, line, column, f"the source has no column {name}", hint)

    for expression in loaded.expressions.values():
        for use in expression.columns:
            if use.name.lower() not in known:
                yield missing(use.name, use.line, use.column)
    for path, name in _named_columns(loaded):
        if name.lower() not in known:
            yield missing(name, *loaded.place(*path))


def _misjudged(loaded: LoadedMapping, columns: dict[str, str]) -> Iterator[Problem]:
    """Give the columns that a gate cannot judge."""
    kinds = {column.lower(): kind.upper() for column, kind in columns.items()}
    for gate in JUDGED:
        spec = getattr(loaded.mapping.gates, gate, None)
        if spec is None:
            continue
        kind = kinds.get(spec.column.lower())
        need = lacking(gate, kind) if kind else None
        if need:
            place = loaded.place("gates", gate, "column")
            message = f"the {gate} gate needs a {need}, and column {spec.column} is {kind}"
            yield Problem(loaded.file, *place, message, f"Name a column that holds a {need}.")


def _unranked(loaded: LoadedMapping, columns: dict[str, str]) -> Iterator[Problem]:
    """Give the column by which the newest of twins is told, when nothing can be told by it."""
    twins = loaded.mapping.match.twins
    if not isinstance(twins, NewestTwin):
        return
    kinds = {column.lower(): kind.upper() for column, kind in columns.items()}
    kind = kinds.get(twins.newest.lower(), "NULL")
    if not _is_one_of(RANKED, kind):
        place = loaded.place("match", "twins", "newest")
        message = f"the newest of twins is told by a time or a number, and {twins.newest} is {kind}"
        yield Problem(loaded.file, *place, message, "Name a column that holds a time or a number.")


def _named_columns(loaded: LoadedMapping) -> Iterator[tuple[Path, str]]:
    """Give the columns that stand in the file by name alone, outside of expressions."""
    match, gates = loaded.mapping.match, loaded.mapping.gates
    yield ("match", "column"), match.column
    if isinstance(match.twins, NewestTwin):
        yield ("match", "twins", "newest"), match.twins.newest
    if gates is not None and gates.freshness is not None:
        yield ("gates", "freshness", "column"), gates.freshness.column
    if gates is not None and gates.drift is not None:
        yield ("gates", "drift", "column"), gates.drift.column
