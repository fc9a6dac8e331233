"""Files of earlier runs that were damaged: no run reads on as if nothing had happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.events import ChunkMoved

if TYPE_CHECKING:
    from .conftest import Counter

FIELDS = "  Score__c: x\n"


@pytest.fixture
def damaged(counter: Counter) -> Counter:
    """Give a counter whose last run wrote lead a, and whose record of that is garbage."""
    assert counter.sync(FIELDS, "select 'a' as id, 7 as x").code == 0
    [changes] = (counter.desk.folder / ".crm_sink" / "runs").glob("*/changes/**/*.parquet")
    changes.write_bytes(b"PAR1 garbage PAR1")
    return counter


def test_a_past_that_cannot_be_read_stops_the_next_run(damaged: Counter) -> None:
    """Without it nobody knows what a person edited since."""
    said = damaged.sync(FIELDS, "select 'a' as id, 8 as x")
    assert said.code == 1
    assert ".parquet  a file of an earlier run is damaged" in said.err
    assert "move the run's folder away" in said.err
    assert damaged.holds("Score__c")["a"] == 7


def test_without_the_damaged_folder_the_next_run_goes_on(damaged: Counter) -> None:
    """What the message advises when there is no copy."""
    [folder] = (damaged.desk.folder / ".crm_sink" / "runs").iterdir()
    folder.rename(damaged.desk.folder / "away")
    assert damaged.sync(FIELDS, "select 'a' as id, 8 as x").code == 0
    assert damaged.holds("Score__c")["a"] == 8


def test_an_error_that_nobody_foresaw_says_where_it_came_up(damaged: Counter) -> None:
    said = damaged.desk.crm_sink("show", "--changes", "1")
    assert said.code == 1
    assert "an error that nobody foresaw" in said.err
    assert "crm_sink/engine.py:" in said.err
    assert "CRM_SINK_TRACEBACK=1" in said.err


def test_an_error_that_nobody_foresaw_leaves_a_run_that_goes_on(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a listener breaks, while the run writes."""

    def breaking(event: object) -> None:
        if isinstance(event, ChunkMoved):
            raise ValueError(event.run)

    with monkeypatch.context() as patch:
        patch.setattr("crm_sink.cli.options.listener_of", lambda _: breaking)
        said = counter.sync(FIELDS, "select 'a' as id, 7 as x")
    assert said.code == 1
    assert "an error that nobody foresaw: ValueError" in said.err
    assert "please report it; then crm-sink resume 2" in said.err
    assert counter.desk.crm_sink("resume").code == 0
    assert counter.holds("Score__c")["a"] == 7
