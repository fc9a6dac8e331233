"""Validate a mapping file: its text, its source, its org, its examples; all problems at once."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.engine import Engine, open_engine
from crm_sink.errors import SourceError, UsageError
from crm_sink.flow.destination import describe_object, describe_related, with_flag
from crm_sink.mapping.check import check
from crm_sink.mapping.load import load_mapping
from crm_sink.mapping.resolve import resolve
from crm_sink.source.locate import locate
from crm_sink.source.stage import stage
from crm_sink.transform.columns import build_columns
from crm_sink.transform.condition import condition_problems
from crm_sink.transform.culprit import culprits
from crm_sink.transform.examples import run_examples
from crm_sink.transform.given import empty_table
from crm_sink.transform.macros import MACROS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.crm.contract import Crm
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.mapping.problem import Problem
    from crm_sink.schema import ObjectSchema

FIRST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Validation:
    """What was checked of a mapping file, what is wrong, and what could not be checked."""

    file: str
    problems: tuple[Problem, ...]
    checked: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Org:
    """What the org describes: the object, and those that lookups lead to."""

    schema: ObjectSchema | None
    related: dict[str, ObjectSchema]


def validate(path: Path, crm: Crm | None, *, environ: Mapping[str, str]) -> Validation:
    """Check a mapping file, its examples, and (where they can be reached) its source and org.

    Args:
        path: The file.
        crm: The org, or None to check without one.
        environ: Where a database's URL is named.
    """
    loaded, problems = load_mapping(path, partial=True)
    if loaded is None:
        return Validation(str(path), tuple(problems), ())
    loaded = with_flag(loaded)
    checked, notes = ["mapping"], []
    with tempfile.TemporaryDirectory(prefix="crm_sink-") as folder:
        columns, found, note = _source_columns(loaded, Path(folder), environ)
        problems += found
        if columns is not None:
            checked.append(f"source ({len(columns)} columns)")
        if note:
            notes.append(note)
        org = _Org(None, {})
        if crm is not None:
            schema, problem = describe_object(loaded, crm)
            if problem is not None:
                problems.append(problem)
            if schema is not None:
                org = _Org(schema, describe_related(loaded, schema, crm))
                checked.append(f"org ({schema.name}, {len(schema.fields)} fields)")
        problems += check(loaded, columns=columns, schema=org.schema, related=org.related)
        with open_engine(Path(folder), macros=MACROS) as engine:
            if problems:
                problems += _misfits(loaded, org, columns or {}, problems, engine)
            else:
                fields, key = resolve(loaded, org.schema, org.related)
                problems += run_examples(loaded, fields, key, engine=engine, columns=columns)
                checked.append(_counted(len(loaded.mapping.examples)))
    return Validation(str(path), tuple(sorted(set(problems))), tuple(checked), tuple(notes))


def _counted(examples: int) -> str:
    return f"{examples} {'example' if examples == 1 else 'examples'}"


def _source_columns(
    loaded: LoadedMapping, folder: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str] | None, list[Problem], str | None]:
    """Give the source's columns, and the expressions that its first rows show to be at fault.

    Or None and why it could not be looked at: a source that is not there yet is no fault of the
    mapping, as the scoring job may not have run.
    """
    source = loaded.mapping.source
    if source.parquet is None and source.csv is None:
        return None, [], None  # a query is not run for a check, and a table in memory is not here
    try:
        located = locate(source, None, environ=environ)
        with open_engine(folder, sources=located.files, macros=MACROS) as engine:
            staged = stage(located, engine, folder)
            first = f"(select * from {staged.table} limit {FIRST_ROWS})"
            return staged.columns, culprits(loaded, table=first, engine=engine), None
    except (SourceError, UsageError) as error:
        return None, [], f"the source was not checked: {error}"


def _misfits(
    loaded: LoadedMapping,
    org: _Org,
    columns: dict[str, str],
    problems: list[Problem],
    engine: Engine,
) -> list[Problem]:
    """Give what does not fit among the fields of which nothing else is wrong.

    So that one wrong name does not hide a wrong type from who mends the file.
    """
    known = {column.lower() for column in columns}
    places = {(problem.line, problem.column) for problem in problems}
    sound = {
        path: spec
        for path, spec in loaded.mapping.fields.items()
        if not places & _places(loaded, path) and _used(loaded, path) <= known
    }
    mapping = loaded.mapping.model_copy(update={"fields": sound})
    part = loaded.model_copy(update={"mapping": mapping})
    fields, key = resolve(part, org.schema, org.related)
    table = empty_table({loaded.mapping.match.column: "VARCHAR", **columns})
    _, found = build_columns(part, fields, key, table=table, engine=engine)
    own = {place for path in sound for place in _places(loaded, path)}
    found = [problem for problem in found if (problem.line, problem.column) in own]
    condition = loaded.expressions.get(("when",))
    if condition is not None and {use.name.lower() for use in condition.columns} <= known:
        found += condition_problems(loaded, table=table, engine=engine)
    return found


def _places(loaded: LoadedMapping, path: str) -> set[tuple[int, int]]:
    return {place for key, place in loaded.places.items() if key[:2] == ("fields", path)}


def _used(loaded: LoadedMapping, path: str) -> set[str]:
    """Give the columns that a field's expression uses."""
    expression = loaded.expressions.get(("fields", path, "value"))
    return {use.name.lower() for use in expression.columns} if expression else set()
