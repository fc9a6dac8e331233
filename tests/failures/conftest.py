"""A desk whose org can be told to fail: what a person then reads, types, and finds in the org."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.conftest import Desk, desk_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.emulator.serve import Running
    from tests.conftest import Said

COUNT = 3
MAPPING = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id}
fields:
  Score__c: score
"""


@dataclass
class Office:
    """Three leads without a score, predictions for them, and an org that obeys when told to fail.

    Attributes:
        desk: The folder, the org and the command line.
        waits: How long each wait was to be; none is.
    """

    desk: Desk
    waits: list[float] = field(default_factory=list)

    def crm_sink(self, words: str) -> Said:
        """Type a command."""
        return self.desk.crm_sink(*words.split())

    def predict(self, score: int, count: int = COUNT) -> None:
        """Score every lead anew."""
        self.desk.predict(f"select 'k-' || i as id, {score} as score from range({count}) r(i)")

    def planned(self, api: str = "auto") -> str:
        """Plan, before the org begins to fail; give the run."""
        said = self.desk.crm_sink("plan", "lead.yaml", "--api", api, "--format", "json")
        assert said.code == 0, said.err
        return str(said.data["run"])

    def fail(self, kind: str, **rule: Any) -> None:
        """Tell the org to fail in this way."""
        rules = {"kind": kind, **rule}
        answer = requests.post(f"{self.desk.org.url}/__faults__", json=rules, timeout=30)
        answer.raise_for_status()

    def fired(self) -> int:
        """Count the failures so far."""
        told = requests.get(f"{self.desk.org.url}/__faults__", timeout=30).json()
        return sum(rule["fired"] for rule in told["rules"])

    def until_fired(self) -> None:
        """Wait until the org has failed once, or begun to."""
        until = time.monotonic() + 60
        while not self.fired():
            assert time.monotonic() < until
            time.sleep(0.02)

    def mend(self) -> None:
        """Let the org fail no more."""
        requests.delete(f"{self.desk.org.url}/__faults__", timeout=30).raise_for_status()

    def forget_writes(self) -> None:
        """Empty the org's write log."""
        requests.delete(f"{self.desk.org.url}/__log__", timeout=30).raise_for_status()

    def written(self) -> tuple[int, int]:
        """Ask the org's own write log: how many leads were changed, and at most how often each."""
        query = f"{self.desk.org.url}/__log__/counts?object=Lead"
        counts = requests.get(query, timeout=30).json()
        return counts["records"], counts["most"]

    def scores(self) -> set[Any]:
        """Give the scores that the leads hold."""
        return {lead["Score__c"] for lead in self.desk.look("SELECT Score__c FROM Lead")}

    def state(self) -> str:
        """Give the state of the latest run."""
        return str(self.crm_sink("show --format json").data["state"])


def leads(org: Running) -> None:
    """Put the leads into an org; its write log shall not tell of it."""
    desk_fields(org)
    office = Office(Desk(Path(), org))
    for i in range(COUNT):
        office.desk.add_lead(f"k-{i}")
    office.forget_writes()


@pytest.fixture
def beginning() -> Callable[[Running], None]:
    return leads


@pytest.fixture
def clock_that_goes(desk: Desk) -> None:
    """Let the org's clock be the machine's, so that a slow call is slow."""
    from crm_sink.clock import SystemClock

    desk.org.org.clock = SystemClock()


@pytest.fixture
def office(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Give an office that does not wait: an org on this machine is never busy."""
    from crm_sink.stopping import StoppableClock

    found = Office(desk)
    sleep = StoppableClock.sleep

    def briefly(clock: StoppableClock, seconds: float) -> None:
        found.waits.append(seconds)
        sleep(clock, min(seconds, 0.01))

    monkeypatch.setattr(StoppableClock, "sleep", briefly)
    desk.write("lead.yaml", MAPPING)
    found.predict(7)
    return found
