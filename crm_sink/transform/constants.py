"""Whether a constant fits its field: told once, of the mapping, and not once for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.transform.columns import build_columns

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.mapping.problem import Problem
    from crm_sink.schema import FieldSchema


def constant_problems(
    loaded: LoadedMapping, fields: dict[str, FieldSchema], key: FieldSchema, engine: Engine
) -> list[Problem]:
    """Give the constants that do not fit their field; needs neither source nor predictions.

    Args:
        loaded: The mapping.
        fields: The destination fields.
        key: The field that is matched on.
        engine: Opened with `macros.MACROS`.
    """
    paths = {path.lower() for path, spec in loaded.mapping.fields.items() if spec.value is None}
    constant = {known: field for known, field in fields.items() if known.lower() in paths}
    table = f"(select cast(null as varchar) as {name(loaded.mapping.match.column)})"
    _, problems = build_columns(loaded, constant, key, table=table, engine=engine)
    return problems
