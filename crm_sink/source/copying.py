"""Batches of rows from a database driver, copied to Parquet files in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import SourceError
from crm_sink.source.values import MixedTypes, column, plain, widened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq


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
        self.files: list[Path] = []
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

    def _open(self) -> pq.ParquetWriter:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.files.append(self._folder / f"sql-{len(self.files):05d}.parquet")
        schema = pa.schema(list(zip(self._names, self._types, strict=True)))
        return pq.ParquetWriter(self.files[-1], schema)

    def _widened(self, place: int, values: Sequence[object]) -> pa.DataType:
        try:
            return widened(self._types[place], values)
        except MixedTypes as error:
            raise self._mixed(place, error) from None

    def _array(self, place: int, values: Sequence[object]) -> pa.Array:
        try:
            return column(values, self._types[place])
        except MixedTypes as error:
            raise self._mixed(place, error) from None

    def _mixed(self, place: int, error: MixedTypes) -> SourceError:
        name = self._names[place]
        return SourceError(
            f"column {name!r} holds {error}", where=self._shown, hint=f"cast({name} as ...)"
        )
