"""Runs that come in the wrong order, or at a time that cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from crm_sink.clock import SystemClock
from crm_sink.errors import PlanOutdated
from crm_sink.ledger.contract import RunState
from tests.flow.conftest import MAPPING, Shop
from tests.flow.conftest import shop as _shop

from .conftest import COUNT, Office

shop = _shop


class Jumping(SystemClock):
    """The machine's time, and off by some hours."""

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


def test_a_run_that_stopped_is_not_resumed_after_a_newer_sync(office: Office) -> None:
    """It would write the scores of yesterday over those of today."""
    old = office.planned("bulk")
    office.fail("drop-before", path="jobs/ingest*")
    assert office.crm_sink("apply --log none").code == 1
    office.mend()
    office.predict(9)
    assert office.crm_sink("sync lead.yaml --log none").code == 0
    said = office.crm_sink(f"resume {old} --log none")
    assert said.code == 5
    assert "has written to Lead since" in said.err
    assert office.crm_sink("resume --log none").code == 10
    assert office.scores() == {9}
    assert office.written() == (COUNT, 1)


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_clock_that_jumps_does_no_harm(shop: Shop, hours: int) -> None:
    """Runs are in the order in which they began, whatever their clocks said."""
    lead = shop.create("Lead", Ext__c="a")
    first = shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    stale = shop.plan(MAPPING, "select 'a' as id, 0.3 as score")
    shop.clock = Jumping(hours)
    second = shop.sync(MAPPING, "select 'a' as id, 0.5 as score")
    assert second.run.state is RunState.DONE
    latest = shop._with(lambda context: context.ledger.find())
    assert latest.run.run == second.run.run != first.run.run
    shop.clock = SystemClock()
    with pytest.raises(PlanOutdated):
        shop.apply(stale)
    shop.change("Lead", lead, Score__c=1)
    last = shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    assert list(last.conflicts["present"]) == ["1"]
