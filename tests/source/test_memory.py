"""Memory does not grow with the predictions: millions of rows pass through a small process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 2_000_000
QUERY_ROWS = 1_000_000  # a driver hands out Python objects: half a gigabyte of them
CHARACTERS = 204  # millions of them in the column of reasons
LIMIT_MB = 330  # the rows of the files are 240 MB as text, to begin with
COLUMNS = f"i, 'p-' || i as key, i / 7.0 as score, '{'because ' * 12}' || i as reason"
MADE = f"(select {COLUMNS} from range(1, {ROWS + 1}) as numbers(i))"
QUERY = (
    "with recursive numbers(i) as "
    f"(select 1 union all select i + 1 from numbers where i < {QUERY_ROWS}) "
    f"select {COLUMNS} from numbers"
)
PROGRAM = """
import sys
from pathlib import Path
from crm_sink.engine import open_engine
from crm_sink.mapping.model import SourceSpec
from crm_sink.source.locate import locate
from crm_sink.source.stage import stage

spec = SourceSpec.model_validate_json(sys.argv[1])
located = locate(spec, None, environ={"SCORES_URL": "sqlite://"})
with open_engine(Path("run"), sources=located.files) as engine:
    source = stage(located, engine, Path("run") / "source")
    print(engine.value(f"select count(*) from {source.table} where __row = i"))
    print(engine.value(f"select sum(length(reason)) from {source.table}") // 1_000_000)
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[str], Path]:
    """Give a maker of a folder with the rows as `p.parquet` or `p.csv`."""
    import duckdb

    def make(kind: str) -> Path:
        with duckdb.connect() as connection:
            connection.execute(f"copy {MADE} to '{tmp_path}/p.{kind}' (format {kind})")
        return tmp_path

    return make


def peak(folder: Path, spec: str) -> tuple[int, int, int]:
    """Stage a source in a process of its own.

    Returns:
        Rows whose number is exact, millions of characters read, peak megabytes of memory.
    """
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, spec],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    exact, characters, megabytes = (int(line) for line in done.stdout.split())
    return exact, characters, megabytes


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_two_million_rows_of_a_file_need_little_memory(
    folder_of: Callable[[str], Path], kind: str
) -> None:
    exact, characters, megabytes = peak(folder_of(kind), f'{{"{kind}": "p.{kind}"}}')
    assert (exact, characters) == (ROWS, CHARACTERS)
    assert megabytes < LIMIT_MB


def test_a_million_rows_of_a_query_need_little_memory(tmp_path: Path) -> None:
    spec = json.dumps({"query": QUERY, "database": "SCORES_URL"})
    exact, _, megabytes = peak(tmp_path, spec)
    assert exact == QUERY_ROWS
    assert megabytes < LIMIT_MB
