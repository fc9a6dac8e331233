from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_sink.engine import Engine, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine
