"""Make the predictions readable to the engine, with the number of each row in its source.

Which rows are good is the business of `transform`; here only what cannot be read is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.errors import SourceError
from crm_sink.source.columns import ROW
from crm_sink.source.csv import csv_query
from crm_sink.source.frame import frame_query
from crm_sink.source.locate import Kind, Located
from crm_sink.source.parquet import parquet_query
from crm_sink.source.sql import sql_query
from crm_sink.source.trouble import reading
from crm_sink.tables import own_text

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine

VIEW = "predictions"
QUERIES = {
    Kind.PARQUET: parquet_query,
    Kind.CSV: csv_query,
    Kind.QUERY: sql_query,
    Kind.FRAME: frame_query,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Predictions that can be read.

    Attributes:
        table: A SQL table expression: the prediction columns, `__row` (BIGINT, 1-based, in
            reading order; over several files it runs on), and `tables.own_text` of some.
        rows: How many there are; at least one.
        columns: Name and DuckDB type of each prediction column, without `__row`.
    """

    table: str
    rows: int
    columns: dict[str, str]


def stage(located: Located, engine: Engine, folder: Path) -> Source:
    """Make predictions readable; Parquet stays where it is, all else is copied in batches.

    Args:
        located: What `locate` found. The engine may open its files.
        engine: Where the view is made.
        folder: A folder of the run, for the copy.

    Raises:
        SourceError: They cannot be read, or there are none: a scoring job that left nothing must
            not look like success.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with reading(located.shown):
        query, rows = QUERIES[located.kind](located, engine, folder)
        if rows == 0:
            raise SourceError(
                "there are no predictions",
                where=located.shown,
                hint="look whether the scoring job ran to its end",
            )
        engine.run(f"create or replace view {name(VIEW)} as {query}")
        columns = engine.columns(name(VIEW))
    own = {own_text(column) for column in columns}
    shown = {
        column: kind
        for column, kind in columns.items()
        if column != ROW and name(column) not in own
    }
    return Source(name(VIEW), rows, shown)
