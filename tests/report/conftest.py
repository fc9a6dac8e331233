from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_sink.engine import Relation, open_engine
from crm_sink.ledger.contract import Run, RunState

MakeRun = Callable[..., Run]
SaveRelation = Callable[[str, str], Relation]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    def make(**facts: Any) -> Run:
        return Run(
            **{
                "run": "20261120-060412-7f3a9c",
                "mapping": "lead_score",
                "object": "Lead",
                "kind": "sync",
                "state": RunState.DONE,
                "started": datetime(2026, 11, 20, 6, 4, 12, tzinfo=UTC),
                "folder": tmp_path,
            }
            | facts
        )

    return make


@pytest.fixture
def save(tmp_path: Path) -> SaveRelation:
    """Save a query's rows as a Parquet file of the run folder."""

    def save(query: str, name: str) -> Relation:
        with open_engine(tmp_path) as engine:
            return engine.save(query, tmp_path / name)

    return save
