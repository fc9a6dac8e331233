"""To start costs next to nothing: what is slow to import comes in only with the work it is for."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Libraries that take a tenth of a second or more to import (see the table of measurements).
SLOW = {
    "duckdb", "httpx", "numpy", "pandas", "pyarrow", "pydantic", "requests", "rich", "scipy",
    "simple_salesforce", "sqlalchemy", "sqlglot", "starlette", "uvicorn",
}  # fmt: skip

HELP = "from crm_sink.cli.main import run; run(['--help'])"
LOADED = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"


@pytest.mark.parametrize("work", ["import crm_sink", HELP], ids=["import", "help"])
def test_nothing_slow_is_imported(work: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{work}\n{LOADED}"], capture_output=True, text=True, check=True
    )
    assert set(done.stderr.split()) & SLOW == set()
