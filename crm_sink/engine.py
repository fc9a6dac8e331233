"""The DuckDB connection in which one run computes, and `Relation`, columns at rest.

DuckDB runs with external access off and its configuration locked: SQL from a mapping file can
reach the files of the run and of its source, and nothing else. Memory is bounded; what does not
fit spills into the run folder.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

MEMORY_LIMIT = "192MB"
# Rows that a thread gathers before it writes them to Parquet. DuckDB's 122,880 rows of a wide
# table take more than half of the memory limit, and everything else would spill.
ROW_GROUP = 40_960
# A column with more values than this is written plainly: its dictionary would not save anything.
DICTIONARY = 1_000
# How a table is written. Bloom filters would be an eighth of the work, and nobody looks a value up.
PARQUET = f"format parquet, dictionary_size_limit {DICTIONARY}, write_bloom_filter false"

THREADS = 2
WIDE = 100  # fields


@dataclass(frozen=True, slots=True)
class Relation:
    """Columns at rest: one Parquet file, or a folder of them, and how many rows they hold."""

    path: Path
    rows: int

    @property
    def pattern(self) -> str:
        """The file, or a glob of the files."""
        return str(self.path if self.path.suffix == ".parquet" else self.path / "**" / "*.parquet")

    def scan(self) -> str:
        """Give the SQL table expression that reads it."""
        return f"read_parquet({literal(self.pattern)}, hive_partitioning = false)"


class Engine:
    """A locked, memory-bounded DuckDB connection; `cursor()` gives one for another thread."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def cursor(self) -> Engine:
        """Give a second handle on the same database, for use in another thread."""
        return Engine(self._connection.cursor())

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute a statement for its effect."""
        self._connection.execute(sql, list(parameters))

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Fetch a small result whole: counts, a few examples, never a table of records."""
        return self._connection.execute(sql, list(parameters)).fetchall()

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Fetch the one value of a one-row result."""
        row = self._connection.execute(sql, list(parameters)).fetchone()
        return None if row is None else row[0]

    def columns(self, table: str) -> dict[str, str]:
        """Give name and DuckDB type of each column of a table expression, in order."""
        return {name: kind for name, kind, *_ in self.rows(f"describe select * from {table}")}

    def nulls(self, relation: Relation) -> frozenset[str]:
        """Give the columns that hold nothing but nulls, by what the files tell of themselves."""
        pattern = literal(relation.pattern)
        told = self.rows(
            f"select path_in_schema from parquet_metadata({pattern}) group by 1 "
            "having sum(stats_null_count) = sum(num_values)"
        )
        return frozenset(column for (column,) in told)

    def save(self, query: str, path: Path) -> Relation:
        """Write a query's result to a Parquet file and give it back as a relation."""
        path.parent.mkdir(parents=True, exist_ok=True)
        options = f"{PARQUET}, row_group_size {ROW_GROUP}"
        rows = self.value(f"copy ({query}) to {literal(str(path))} ({options})")
        return Relation(path, int(rows))

    def save_csv(self, query: str, path: Path) -> int:
        """Write a query's text columns as Bulk CSV: LF, UTF-8, no BOM, null as an empty cell.

        Returns:
            How many records were written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        options = "format csv, header, delimiter ',', quote '\"', escape '\"', nullstr ''"
        return int(self.value(f"copy ({query}) to {literal(str(path))} ({options})"))

    def memory(self) -> int:
        """Give the memory limit in bytes."""
        number, unit = str(self.value("select current_setting('memory_limit')")).split()
        return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit))

    def threads(self) -> int:
        """Give how many threads may compute at once: each needs memory of its own."""
        return int(self.value("select current_setting('threads')"))

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The raw connection, for registering an Arrow table or a DataFrame at the doors."""
        return self._connection

    def close(self) -> None:
        """Close this handle."""
        self._connection.close()


@contextmanager
def open_engine(
    folder: Path,
    *,
    sources: Iterable[Path] = (),
    memory_limit: str = MEMORY_LIMIT,
    macros: Iterable[str] = (),
    threads: int = THREADS,
) -> Iterator[Engine]:
    """Open an engine that may touch only a run's folder and its source files.

    Args:
        folder: The run folder, readable and writable, where DuckDB also spills.
        sources: Further files (or folders) that may be read.
        memory_limit: DuckDB's own bound; the process needs about 120 MB more.
        macros: `CREATE MACRO` statements to run before the configuration is locked.
        threads: See `threads_for`.
    """
    import duckdb

    folder = folder.resolve()
    spill = folder / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    places = [path.resolve() for path in sources]
    folders = [folder, *(path for path in places if path.is_dir())]
    files = [path for path in places if not path.is_dir()]
    connection = duckdb.connect()
    try:
        for setting in (
            f"set memory_limit = {literal(memory_limit)}",
            f"set threads = {threads}",
            "set preserve_insertion_order = false",
            "set enable_progress_bar = false",  # in a notebook or `python -c` it goes to stdout
            "set TimeZone = 'UTC'",
            f"set temp_directory = {literal(str(spill))}",
            f"set allowed_directories = [{', '.join(literal(f'{path}/') for path in folders)}]",
            f"set allowed_paths = [{', '.join(literal(str(path)) for path in files)}]",
            "set enable_external_access = false",
            *macros,
            "set lock_configuration = true",
        ):
            connection.execute(setting)
        yield Engine(connection)
    finally:
        connection.close()


def threads_for(fields: int) -> int:
    """Give how many threads may compute a mapping of so many fields.

    Each holds vectors of every step of every field: 300 fields of all types fit into the default
    memory with one thread and not with two (measured).
    """
    return 1 if fields > WIDE else THREADS


def literal(text: str) -> str:
    """Quote a text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def moment(text: str) -> str:
    """Give SQL that reads a text as a moment in time, of UTC where it names no zone; else null.

    DuckDB knows `+0100` and ` UTC`, but neither a small z nor a blank before an offset, which
    Ruby, git and `date --rfc-3339` write.

    Args:
        text: SQL of a VARCHAR.
    """
    written = f"upper(trim({text}))"
    for sign in ("+", "-", "Z"):
        written = f"replace({written}, ' {sign}', '{sign}')"
    return f"try_cast({written} as timestamptz)"


def name(text: str) -> str:
    """Quote a text as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'
