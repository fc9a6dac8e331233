"""Predictions made into the rows that the org should hold, and the rows that cannot be.

One set-based pass over the predictions computes every expression and writes the good rows, whose
keys are then looked at for twins. Only where a row is bad or has a twin, the predictions are read
again: for the keys of all rows, and for the rejects, of the bad rows alone. Nothing is kept in
memory or left behind in the engine. Finding the record is the business of `match`.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import PARQUET, Relation, literal
from crm_sink.errors import MappingError
from crm_sink.transform.columns import build_columns
from crm_sink.transform.condition import condition_problems
from crm_sink.transform.culprit import culprits
from crm_sink.transform.layers import layers_of
from crm_sink.transform.long_rows import long_rows, rejects_of_long_rows
from crm_sink.transform.rejects import good_query, rejects_query, without_twins
from crm_sink.transform.twins import read_keys

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import FieldSchema
    from crm_sink.transform.layers import Layers

# A Parquet row group is held in memory while it is written: so many values, and no more.
GROUP_VALUES = 1_000_000
GROUP_ROWS = 122_880


@dataclass(frozen=True, slots=True)
class Transformed:
    """What became of the predictions: rows = desired + skipped + rejected rows.

    Attributes:
        desired: Table `desired`.
        rejects: Table `rejects`: one row for each bad field of a bad row.
        skipped: Rows that `when` left out, and older twins.
        rows: How many predictions there were.
    """

    desired: Relation
    rejects: Relation
    skipped: int
    rows: int


def transform(
    loaded: LoadedMapping,
    fields: dict[str, FieldSchema],
    key: FieldSchema,
    *,
    table: str,
    columns: dict[str, str],
    engine: Engine,
    into: Path,
) -> Transformed:
    """Compute every mapped field of every prediction.

    Args:
        loaded: The mapping.
        fields: The destination fields (see `mapping.resolve`).
        key: The field that is matched on.
        table: A SQL table expression with the prediction columns and `__row` (BIGINT, 1-based).
        columns: Name and DuckDB type of each prediction column.
        engine: Opened with `macros.MACROS`.
        into: The Parquet file for table `desired`; the rejects are put beside it.

    Raises:
        MappingError: An expression does not fit the columns, or its type can never fit the field.
    """
    import duckdb

    hint = f"crm-sink validate {shlex.quote(loaded.file)}"
    built, problems = build_columns(loaded, fields, key, table=table, engine=engine)
    problems += condition_problems(loaded, table=table, engine=engine)
    if problems:
        raise MappingError(sorted(problems), hint=hint)
    layers = layers_of(loaded, built, table=table, kinds=columns)
    try:
        return _computed(layers, engine, into)
    except duckdb.Error:
        found = culprits(loaded, table=table, engine=engine)
        if not found:
            raise
        raise MappingError(sorted(found), hint="mend the expression") from None


def _computed(layers: Layers, engine: Engine, into: Path) -> Transformed:
    width = len(layers.columns) + 2
    beside = into.with_suffix(".rejects.parquet")
    desired = _save(good_query(layers), into, engine, width=width)
    keys = read_keys(layers, desired, engine, into.with_suffix(".twins.parquet"))
    try:
        if keys.twins is not None:
            alone = into.with_suffix(".alone.parquet")
            rows = _save(without_twins(desired, keys.twins), alone, engine, width=width).rows
            desired = Relation(alone.replace(into), rows)
        query = tables.empty(tables.REJECTS)
        if desired.rows < keys.met - keys.superseded:
            query = rejects_query(layers, keys, desired)
        too_long = long_rows(layers)
        if too_long is not None:
            query = f"({query}) union all ({rejects_of_long_rows(desired, too_long)})"
        rejects = engine.save(query, beside)
        if too_long is not None:
            short = f"from {desired.scan()} where not {too_long}"
            rest = _save(short, into.with_suffix(".short.parquet"), engine, width=width)
            desired = Relation(rest.path.replace(into), rest.rows)
    finally:
        if keys.twins is not None:
            keys.twins.path.unlink(missing_ok=True)
    return Transformed(desired, rejects, keys.rows - keys.met + keys.superseded, keys.rows)


def _save(query: str, path: Path, engine: Engine, *, width: int) -> Relation:
    """Write a table of any width in row groups that fit into the engine's memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    group = max(2048, min(GROUP_ROWS, GROUP_VALUES // width))
    # Keys and scores are nearly all different: trying dictionaries for them costs a third.
    options = f"{PARQUET}, row_group_size {group}"
    rows = engine.value(f"copy ({query}) to {literal(str(path))} ({options})")
    return Relation(path, int(rows))
