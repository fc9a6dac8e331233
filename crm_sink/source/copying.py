"""Batches of rows from a database driver, copied to Parquet files in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.errors import SourceError
from crm_sink.source.columns import ROW, family
from crm_sink.source.values import MixedTypes, array, plain, widened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq

    from crm_sink.engine import Engine


class BatchCopy:
    """Parquet files of a result: a new one whenever a column's type had to be widened.

    Args:
        names: The columns.
        types: What is known of their types; null for what is not.
        folder: Where the files are made.
        shown: The source, for errors.
    """

    def __init__(
        self, names: list[str], types: list[pa.DataType], folder: Path, shown: str
    ) -> None:
        self.rows = 0
        self._files: list[tuple[Path, int]] = []  # with the number of rows before it
        self._names = names
        self._types = types
        self._folder = folder
        self._shown = shown
        self._writer = self._open()

    def __enter__(self) -> BatchCopy:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, rows: Sequence[Sequence[object]]) -> None:
        """Write one batch.

        Raises:
            SourceError: A column holds values that do not go together.
        """
        import pyarrow as pa

        columns = [plain(values) for values in zip(*rows, strict=True)]
        types = [self._widened(place, values) for place, values in enumerate(columns)]
        if types != self._types:
            self._types = types
            self._writer.close()
            self._writer = self._open()
        arrays = [self._array(place, values) for place, values in enumerate(columns)]
        self._writer.write_batch(pa.record_batch(arrays, names=self._names))
        self.rows += len(rows)

    def query(self, engine: Engine) -> str:
        """Give the query that reads the files, each column with its widest type, and `__row`.

        The casts are written out because DuckDB, when it unites files by name, may take the
        smaller of two decimal scales and round.
        """
        last, _ = self._files[-1]
        kinds = engine.columns(_scan(last))
        columns = [
            name(column)
            if family(kind) == "null"
            else f"cast({name(column)} as {kind}) as {name(column)}"
            for column, kind in kinds.items()
        ]
        return " union all ".join(
            f"select {', '.join(columns)}, file_row_number + {before + 1} as {name(ROW)} "
            f"from {_scan(file)}"
            for file, before in self._files
        )

    def _open(self) -> pq.ParquetWriter:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = self._folder / f"sql-{len(self._files):05d}.parquet"
        self._files.append((file, self.rows))
        schema = pa.schema(list(zip(self._names, self._types, strict=True)))
        return pq.ParquetWriter(file, schema)

    def _widened(self, place: int, values: Sequence[object]) -> pa.DataType:
        try:
            return widened(self._types[place], values)
        except MixedTypes as error:
            raise self._mixed(place, error) from None

    def _array(self, place: int, values: Sequence[object]) -> pa.Array:
        try:
            return array(values, self._types[place])
        except MixedTypes as error:
            raise self._mixed(place, error) from None

    def _mixed(self, place: int, error: MixedTypes) -> SourceError:
        column = self._names[place]
        return SourceError(
            f"column {column!r} holds {error}", where=self._shown, hint=f"cast({column} as ...)"
        )


def _scan(file: Path) -> str:
    return f"read_parquet({literal(str(file))}, hive_partitioning = false)"
