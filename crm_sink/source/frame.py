"""Predictions handed in from Python: a pandas DataFrame, or an Arrow table or stream.

Whatever speaks Arrow's C stream interface will do, Polars for one. Copied to Parquet in batches.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.errors import SourceError
from crm_sink.source.columns import check_names
from crm_sink.source.parquet import parquet_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from crm_sink.engine import Engine
    from crm_sink.source.locate import Located

BATCH_ROWS = 50_000
FILE = "frame.parquet"


def frame_query(located: Located, engine: Engine, folder: Path) -> tuple[str, int]:
    """Give the query that reads the copy of a frame, and how many rows it has.

    A named index of a DataFrame becomes a column; an unnamed one is left out. NaN in a pandas
    column is null, as pandas means it.

    Raises:
        SourceError: It is no table, or a column holds values of different types.
    """
    import pyarrow as pa

    frame: Any = located.frame
    try:
        if _is_pandas(frame):
            schema, batches = _from_pandas(frame, located.shown)
        else:
            schema, batches = _from_arrow(frame, located.shown)
        _check(schema, located.shown)
        write_batches(folder / FILE, schema, batches)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SourceError(
            f"the table cannot be copied: {type(error).__name__}",
            where=located.shown,
            hint="give each column one plain type",
        ) from error
    return parquet_query(replace(located, files=(folder / FILE,)), engine, folder)


def _is_pandas(frame: object) -> bool:
    return type(frame).__module__.partition(".")[0] == "pandas"


def _check(schema: pa.Schema, shown: str) -> None:
    import pyarrow as pa

    if not schema.names:
        raise SourceError("the table has no columns", where=shown, hint="look how it was made")
    check_names(schema.names, shown)
    for column in schema:
        # Parquet has none of these: they would be bare numbers.
        if pa.types.is_duration(column.type):
            raise SourceError(
                f"column {column.name!r} holds time spans",
                where=shown,
                hint="turn them into a number of seconds or days",
            )
        if getattr(column.type, "extension_name", "").startswith("pandas."):
            raise SourceError(
                f"column {column.name!r} holds periods or intervals",
                where=shown,
                hint=f'frame[{column.name!r}] = frame[{column.name!r}].astype("string")',
            )


def write_batches(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches to one Parquet file, in order; times in microseconds, as DuckDB has them."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(
        file, schema, coerce_timestamps="us", allow_truncated_timestamps=True
    ) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _from_arrow(frame: Any, shown: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    import pyarrow as pa

    if isinstance(frame, pa.RecordBatchReader):
        reader = frame
    elif isinstance(frame, pa.RecordBatch):
        reader = pa.RecordBatchReader.from_batches(frame.schema, [frame])
    elif isinstance(frame, pa.Table):
        reader = frame.to_reader(max_chunksize=BATCH_ROWS)
    elif hasattr(frame, "__arrow_c_stream__"):
        reader = pa.RecordBatchReader.from_stream(frame)
    else:
        raise SourceError(
            "this is no table of predictions",
            where=shown,
            hint="hand in a pandas DataFrame or an Arrow table",
        )
    schema = pa.schema([pa.field(one.name, _plain(one.type)) for one in reader.schema])
    return schema, (batch.cast(schema) for batch in reader)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Give the type that Parquet knows in place of a view type (Polars' text)."""
    import pyarrow as pa

    if pa.types.is_string_view(kind):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(kind) else kind


def _from_pandas(frame: pd.DataFrame, shown: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    import pyarrow as pa

    _refuse_odd_names(frame, shown)
    named = [level for level in frame.index.names if level is not None]
    names = [str(name) for name in [*named, *frame.columns]]
    check_names(names, shown)
    whole = frame.reset_index(level=named) if named else frame
    whole = whole.set_axis(names, axis="columns")
    schema = pa.schema([pa.field(name, _type_of(whole[name], name, shown)) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(whole), BATCH_ROWS):
            part = whole.iloc[start : start + BATCH_ROWS]
            yield pa.RecordBatch.from_pandas(part, schema=schema, preserve_index=False)

    return schema, batches()


def _refuse_odd_names(frame: Any, shown: str) -> None:
    """Refuse what pandas allows and no table has: a lone column, names of two parts or for two."""
    if not hasattr(frame, "columns"):
        hint = "hand in a DataFrame, such as series.rename('score').reset_index()"
        raise SourceError("this is one column and no table", where=shown, hint=hint)
    if frame.columns.nlevels > 1:
        hint = "frame.columns = ['_'.join(map(str, parts)) for parts in frame.columns]"
        raise SourceError("its columns have names of several parts", where=shown, hint=hint)
    for level in frame.index.names:
        if level is not None and level in frame.columns:
            hint = "frame = frame.reset_index(drop=True), if both hold the same"
            message = f"the index and a column are both named {level!r}"
            raise SourceError(message, where=shown, hint=hint)


def _type_of(column: pd.Series, name: str, shown: str) -> pa.DataType:
    """Tell a column's Arrow type; an object column is read whole, for the index says nothing."""
    import pyarrow as pa

    if str(column.dtype).startswith("Sparse"):
        hint = f"frame[{name!r}] = frame[{name!r}].sparse.to_dense()"
        raise SourceError(f"column {name!r} is sparse", where=shown, hint=hint)
    if column.dtype == object:
        _refuse_mixed_times(column, name, shown)
    try:
        return pa.array(
            column if column.dtype == object else column.iloc[:1], from_pandas=True
        ).type
    except (pa.ArrowException, TypeError, OverflowError):
        kinds = sorted({type(value).__name__ for value in column.dropna()})
        said = "of different types: " if len(kinds) > 1 else "that no field can hold: "
        raise SourceError(
            f"column {name!r} holds values {said}{', '.join(kinds)}",
            where=shown,
            # `astype(str)` would make texts `nan` and `None` of what is missing.
            hint=f'frame[{name!r}] = frame[{name!r}].astype("string"), or pd.to_numeric(...)',
        ) from None


def _refuse_mixed_times(column: pd.Series, name: str, shown: str) -> None:
    """Refuse what Arrow would make one type of without a word.

    Of a date beside a datetime it drops the clock, and it takes a time without zone for UTC as
    soon as another has one.
    """
    kinds = {_time_kind(value) for value in column.dropna() if isinstance(value, date)}
    if len(kinds) > 1:
        raise SourceError(
            f"column {name!r} holds times of different kinds: {', '.join(sorted(kinds))}",
            where=shown,
            hint=f"frame[{name!r}] = pd.to_datetime(frame[{name!r}], utc=True)",
        )


def _time_kind(value: date) -> str:
    if not isinstance(value, datetime):
        return "dates"
    return "with a zone" if value.tzinfo is not None else "without a zone"
