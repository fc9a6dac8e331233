"""Read a source as the flow does: locate it, open an engine on its files only, stage it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.engine import name, open_engine
from crm_sink.mapping.model import SourceSpec
from crm_sink.source.locate import locate
from crm_sink.source.stage import Source, stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Rows = list[tuple[object, ...]]
    Read = Callable[..., tuple[Source, Rows]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder in which the command runs."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def read(tmp_path: Path, folder: Path) -> Read:
    """Give a reader of `parquet=`, `csv=`, `query=` or a frame: its source and all its rows.

    Rows come in the order of `__row`, which is their first value. Times with a zone come as UTC
    text.
    """

    def reader(
        frame: object | None = None, environ: dict[str, str] | None = None, **spec: str
    ) -> tuple[Source, Rows]:
        located = locate(SourceSpec(**spec), frame, environ=environ or {})
        run = tmp_path / "run"
        with open_engine(run, sources=located.files) as engine:
            source = stage(located, engine, run / "source")
            columns = [
                f"cast({name(column)} as varchar)" if "ZONE" in kind else name(column)
                for column, kind in source.columns.items()
            ]
            query = f"select {', '.join(['__row', *columns])} from {source.table} order by __row"
            return source, engine.rows(query)

    return reader
