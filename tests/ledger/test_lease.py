"""Two runs never work on one mapping, whatever the clocks say."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crm_sink.clock import SystemClock
from crm_sink.errors import AlreadyRunning, LedgerError
from crm_sink.ledger.lease import Timing, take_lease
from crm_sink.ledger.schema import tables
from crm_sink.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.ledger.lease import Lease
    from crm_sink.ledger.store import SqlLedger

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class WatchersClock:
    """Time of the one who waits; `meanwhile` happens in each of its sleeps."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.seconds = 0.0
        self.wall = START
        self.meanwhile = meanwhile

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.meanwhile()


def take(ledger: SqlLedger, run: str, clock: WatchersClock, mapping: str = "lead_score") -> Lease:
    return take_lease(ledger.database, mapping, run, clock)


def test_a_live_holder_is_named(ledger: SqlLedger) -> None:
    holder = take(ledger, "first", WatchersClock())
    with pytest.raises(AlreadyRunning) as caught:
        take(ledger, "second", WatchersClock(holder.heartbeat))
    assert "run first is working on lead_score" in caught.value.message
    assert f"process {os.getpid()} on {os.uname().nodename}" in caught.value.message
    assert "since 2026-11-20 06:00:00 UTC" in caught.value.message
    assert caught.value.hint == "wait for it: crm-sink show first"


def test_a_holder_that_is_silent_for_twenty_seconds_loses_its_lease(ledger: SqlLedger) -> None:
    silent = take(ledger, "first", WatchersClock())
    clock = WatchersClock()
    take(ledger, "second", clock)
    assert clock.seconds == 20
    with pytest.raises(AlreadyRunning, match="was given away"):
        silent.ensure()


def test_a_holder_that_stands_still_in_a_transaction_keeps_nobody_waiting(
    postgres_url: str, home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the lock on its row, which PostgreSQL would let it keep for as long as it likes."""
    monkeypatch.setattr("crm_sink.ledger.database.STANDSTILL_SECONDS", 1)

    def stand_still(ledger: SqlLedger) -> None:
        with ledger.database.writing() as connection:
            connection.execute(tables().leases.update().values(beats=1))
            take(ledger, "second", WatchersClock()).ensure()

    with open_ledger(postgres_url, home, clock) as ledger:
        take(ledger, "first", WatchersClock())
        with pytest.raises(LedgerError, match="idle-in-transaction"):
            stand_still(ledger)


def test_a_jump_of_the_wall_clock_kills_nobody(ledger: SqlLedger) -> None:
    holder = take(ledger, "first", WatchersClock())
    clock = WatchersClock(holder.heartbeat)
    clock.wall = START + timedelta(days=365)
    with pytest.raises(AlreadyRunning):
        take(ledger, "second", clock)
    holder.ensure()


def test_a_lease_that_was_released_is_free_at_once(ledger: SqlLedger) -> None:
    with take(ledger, "first", WatchersClock()):
        pass
    clock = WatchersClock()
    take(ledger, "second", clock)
    assert clock.seconds == 0


def test_a_lease_that_is_released_while_another_waits_goes_to_that_one(ledger: SqlLedger) -> None:
    holder = take(ledger, "first", WatchersClock())
    second = take(ledger, "second", WatchersClock(holder.release))
    second.ensure()


def test_of_two_that_wait_for_a_dead_holder_one_gets_the_lease(ledger: SqlLedger) -> None:
    take(ledger, "dead", WatchersClock())
    quicker: list[Lease] = []

    def come_first() -> None:
        if clock.seconds > 19 and not quicker:
            quicker.append(take(ledger, "quicker", WatchersClock()))

    clock = WatchersClock(come_first)
    with pytest.raises(AlreadyRunning, match="run quicker"):
        take(ledger, "slower", clock)
    quicker[0].ensure()


def test_an_old_holder_cannot_release_the_lease_of_the_next(ledger: SqlLedger) -> None:
    old = take(ledger, "first", WatchersClock())
    new = take(ledger, "second", WatchersClock())
    old.release()
    new.ensure()


def test_mappings_do_not_wait_for_each_other(ledger: SqlLedger) -> None:
    take(ledger, "first", WatchersClock())
    clock = WatchersClock()
    take(ledger, "second", clock, mapping="churn_risk")
    assert clock.seconds == 0


def test_the_same_run_cannot_be_resumed_twice(ledger: SqlLedger) -> None:
    holder = take(ledger, "first", WatchersClock())
    with pytest.raises(AlreadyRunning):
        take(ledger, "first", WatchersClock(holder.heartbeat))


def test_the_lease_of_a_killed_process_is_free_at_once(
    ledger: SqlLedger, url: str | None, home: Path
) -> None:
    """A process of this machine that is no more needs no watching."""
    code = (
        "import os, sys; from pathlib import Path; from crm_sink.clock import SystemClock\n"
        "from crm_sink.ledger.store import open_ledger\n"
        f"open_ledger(sys.argv[1] or None, Path({str(home)!r}), SystemClock())"
        ".lease('lead_score', 'killed').__enter__(); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, url or ""], check=False, timeout=60)
    assert done.returncode == 9
    clock = WatchersClock()
    take(ledger, "next", clock)
    assert clock.seconds == 0


def test_a_holder_beats_by_itself_and_stops_when_it_leaves(ledger: SqlLedger) -> None:
    timing = Timing(beat=0.01, expire=60, look=0.01)
    clock = SystemClock()
    with (
        take_lease(ledger.database, "lead_score", "first", clock, timing),
        pytest.raises(AlreadyRunning, match="run first"),
    ):
        take_lease(ledger.database, "lead_score", "second", clock, timing)
    assert not [one for one in threading.enumerate() if one.name.startswith("lease")]
