"""Ledgers to test: SQLite and a real PostgreSQL, and a run as the flow would store it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crm_sink.ledger.contract import ChunkRecord, ChunkState, Run, RunState
from crm_sink.ledger.store import SqlLedger, open_ledger
from crm_sink.tickets import Action, Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crm_sink.clock import Clock


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Give the URL of an empty database: None is SQLite in the home folder."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(url: str | None, home: Path, clock: Clock) -> Iterator[SqlLedger]:
    with open_ledger(url, home, clock) as opened:
        yield opened


@pytest.fixture
def a_run(clock: Clock) -> Callable[..., Run]:
    """Give a maker of runs of `lead_score` on Lead."""

    def make(run: str = "20261120-060000-aaaaaa", **changes: object) -> Run:
        plain = Run(run, "lead_score", "Lead", "sync", RunState.PLANNING, clock.now())
        return replace(plain, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def a_chunk() -> Callable[..., ChunkRecord]:
    """Give a maker of planned Bulk chunks of ten updates."""

    def make(number: int = 0, **changes: object) -> ChunkRecord:
        fields = ("Propensity_Score__c", "Scored_At__c")
        plain = ChunkRecord(number, "Lead", Action.UPDATE, Api.BULK, 10, ChunkState.PLANNED, fields)
        return replace(plain, **changes)  # type: ignore[arg-type]

    return make
