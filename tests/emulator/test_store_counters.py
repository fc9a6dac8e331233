"""Counters of new ids: none is given twice, whatever became of the org or of the transaction."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from crm_sink.emulator.clock import SystemClock
from crm_sink.emulator.store import Store

CLOCK = SystemClock()


def reserve(store: Store, count: int) -> int:
    with store.writing() as cursor:
        return store.reserve(cursor, "Lead", count)


def roll_back(store: Store, count: int) -> None:
    """Reserve counters in a transaction that fails."""
    with suppress(ZeroDivisionError), store.writing() as cursor:
        store.reserve(cursor, "Lead", count)
        raise ZeroDivisionError


def killed(store: Store, place: Path) -> Store:
    """Open what a kill would leave: the files as they are now."""
    return Store.open(shutil.copytree(store.folder, place), CLOCK)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "org", CLOCK)


def test_counters_follow_each_other_over_a_stop(store: Store) -> None:
    assert [reserve(store, 3), reserve(store, 2)] == [1, 4]
    store.close()
    again = Store.open(store.folder, CLOCK)
    assert reserve(again, 1) == 6
    again.close()


def test_a_kill_leaves_a_gap_and_gives_none_twice(store: Store, tmp_path: Path) -> None:
    reserve(store, 3)
    last = reserve(store, 2) + 1
    after = killed(store, tmp_path / "killed")
    assert reserve(after, 1) > last
    for one in (store, after):
        one.close()


def test_a_roll_back_takes_no_counter_back(store: Store, tmp_path: Path) -> None:
    """What was kept ahead is rolled back, too: the next one writes it again."""
    roll_back(store, 5)
    assert reserve(store, 1) == 6
    after = killed(store, tmp_path / "killed")
    assert reserve(after, 1) > 6
    for one in (store, after):
        one.close()


def test_a_stop_after_a_roll_back_gives_none_twice(store: Store) -> None:
    assert reserve(store, 4) == 1
    roll_back(store, 20_000)
    store.close()
    again = Store.open(store.folder, CLOCK)
    assert reserve(again, 1) >= 5
    again.close()
