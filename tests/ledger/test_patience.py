"""A ledger in PostgreSQL outlasts a restart of its database; what it cannot outlast is told."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from crm_sink.errors import LedgerError
from crm_sink.ledger.contract import RunState
from crm_sink.ledger.lease import Timing, take_lease
from crm_sink.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.ledger.contract import Run
    from crm_sink.ledger.store import SqlLedger
    from tests.door import Door

    Away = Callable[[float], AbstractContextManager[tuple[SqlLedger, list[float]]]]

AN_HOUR = 3600.0


class Waiter:
    """Time of the one who waits: `then` happens when it has slept for so many seconds."""

    def __init__(self, clock: Clock, after: float, then: Callable[[], None]) -> None:
        self.clock, self.after, self.then = clock, after, then
        self.now, self.monotonic = clock.now, clock.monotonic

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        if self.clock.monotonic() >= self.after:
            self.after = AN_HOUR
            self.then()


@pytest.fixture
def away(door: Door, through: str, home: Path, clock: Clock) -> Away:
    """Give the maker of ledgers whose database went away, to come back after so many seconds.

    Each comes with the waits of which it told.
    """

    @contextmanager
    def make(seconds: float) -> Iterator[tuple[SqlLedger, list[float]]]:
        missed: list[float] = []
        waiter = Waiter(clock, seconds, door.open)
        with open_ledger(through, home, waiter, lambda _, wait: missed.append(wait)) as ledger:
            door.shut()
            yield ledger, missed

    return make


def test_a_database_that_restarts_is_waited_for(
    away: Away, door: Door, a_run: Callable[..., Run]
) -> None:
    with away(60) as (ledger, missed):
        ledger.begin(a_run("r"))
        assert [run.run for run in ledger.history()] == ["r"]
    assert missed == [0.5, 1, 2, 4, 8, 10, 10, 10, 10, 10]  # longer and longer; each is told


def test_a_connection_that_broke_while_it_was_idle_is_made_anew(
    away: Away, door: Door, a_run: Callable[..., Run]
) -> None:
    with away(0) as (ledger, missed):
        door.open()
        ledger.begin(a_run("r"))
        assert ledger.find().run == "r"
    assert missed == []


def test_a_database_that_stays_away_is_given_up_after_three_minutes(
    away: Away, door: Door, a_run: Callable[..., Run]
) -> None:
    """And then not waited for at every further step: the run ends."""
    with away(AN_HOUR) as (ledger, missed):
        for _ in range(3):
            with pytest.raises(LedgerError, match="no database answers there"):
                ledger.begin(a_run("r"))
    assert 170 <= sum(missed) <= 180


def test_who_was_given_up_is_waited_for_again_once_it_has_answered(
    away: Away, door: Door, a_run: Callable[..., Run]
) -> None:
    with away(AN_HOUR) as (ledger, missed):
        with pytest.raises(LedgerError):
            ledger.begin(a_run("r"))
        door.open()
        ledger.begin(a_run("r"))
        door.shut()
        missed.clear()
        with pytest.raises(LedgerError):
            ledger.update(a_run("r", state=RunState.DONE))
    assert sum(missed) > 170


def test_a_database_that_never_answered_is_not_waited_for(
    door: Door, through: str, home: Path, clock: Clock
) -> None:
    """A wrong port is told at once."""
    door.shut()
    missed: list[float] = []
    with pytest.raises(LedgerError, match="no database answers there"):
        open_ledger(through, home, clock, lambda _, wait: missed.append(wait))
    assert missed == []


def test_a_refusal_is_not_waited_out(home: Path, clock: Clock, a_run: Callable[..., Run]) -> None:
    """Only silence is: a ledger whose folder was taken away does not come back."""
    missed: list[float] = []
    with open_ledger(None, home, clock, lambda _, wait: missed.append(wait)) as ledger:
        ledger.close()
        shutil.rmtree(home)
        with pytest.raises(LedgerError, match="cannot be opened"):
            ledger.begin(a_run("r"))
    assert missed == []


def test_a_lease_is_kept_through_a_restart(away: Away, door: Door, clock: Clock) -> None:
    """Its own beats do not wait, so that a run that ends need not wait for them."""
    with away(30) as (ledger, missed):
        door.open()
        slow = Timing(beat=AN_HOUR)
        with take_lease(ledger.database, "lead_score", "r", clock, slow) as lease:
            door.shut()
            with pytest.raises(LedgerError):
                lease.heartbeat(at_once=True)
            assert missed == []
            lease.ensure()
    assert sum(missed) >= 30
