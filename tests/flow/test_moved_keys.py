"""A key that went from one record to another: the leaver and its heir stand in one plan."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from crm_sink.api import Result
from crm_sink.errors import CrmError
from crm_sink.flow.retry import RetryRequest, retry
from tests.flow.conftest import MAPPING, Shop, frame

CLEARING = MAPPING + "leavers: clear\n"
LATER = "select 'a' as id, 0.2 as score"
SCORES = "SELECT Ext__c, Score__c FROM Lead ORDER BY Ext__c"
BOTH = [{"Ext__c": "a", "Score__c": 20}, {"Ext__c": "was a", "Score__c": None}]


@dataclass
class Moved:
    """`leaver` was written under the key `a`, which `heir` has by now."""

    shop: Shop
    leaver: str
    heir: str

    def refuse(self, record: str, preset: str) -> None:
        self.shop.forget_writes()
        self.shop.fail({"kind": "row-error", "preset": preset, "ids": [record]})


@pytest.fixture
def moved(shop: Shop) -> Moved:
    leaver, heir = shop.create("Lead", Ext__c="a"), shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    shop.change("Lead", leaver, Ext__c="was a")
    shop.change("Lead", heir, Ext__c="a")
    return Moved(shop, leaver, heir)


def figures(result: Result) -> tuple[int, ...]:
    totals = result.run.totals
    return (totals.planned, totals.updated, totals.cleared, totals.rejected)


def test_of_two_records_with_one_key_only_the_locked_one_is_sent_again(moved: Moved) -> None:
    moved.refuse(moved.leaver, "lock")
    result = moved.shop.sync(CLEARING, LATER)
    assert moved.shop.counts() == {"records": 2, "changes": 2, "most": 1}
    assert moved.shop.look(SCORES) == BOTH
    assert figures(result) == (2, 1, 1, 0)


def test_a_refused_leaver_is_not_counted_as_cleared(moved: Moved) -> None:
    moved.refuse(moved.leaver, "validation")
    assert figures(moved.shop.sync(CLEARING, LATER)) == (2, 1, 0, 1)
    assert figures(moved.shop.sync(CLEARING, LATER)) == (2, 0, 1, 0)
    assert moved.shop.look(SCORES) == BOTH


def test_a_refused_row_is_tried_again_though_a_leaver_of_its_key_was_written(moved: Moved) -> None:
    moved.refuse(moved.heir, "validation")
    done = moved.shop.sync(CLEARING, LATER)
    assert figures(done) == (2, 0, 1, 1)
    request = RetryRequest(done.run, moved.shop.mapping(CLEARING), frame=frame(LATER))
    again = moved.shop.apply(moved.shop._with(lambda context: retry(request, context)))
    assert figures(again) == (1, 1, 0, 0)
    assert moved.shop.look(SCORES) == BOTH


def test_the_heir_is_written_when_somebody_edited_the_leaver_of_a_run_that_waited(
    moved: Moved,
) -> None:
    """Of the leaver the edited score stays, and the band is cleared."""
    planned = moved.shop.plan(CLEARING, LATER)
    refusal = {"status": 403, "code": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests"}
    moved.shop.fail({"kind": "status", "method": "PATCH", "path": "/services/data/*", **refusal})
    with pytest.raises(CrmError):
        moved.shop.apply(planned, is_fresh=True)
    moved.shop.mend()
    moved.shop.change("Lead", moved.leaver, Score__c=1)
    done = moved.shop.apply(planned)
    assert figures(done) == (2, 1, 1, 0)
    assert [lead["Score__c"] for lead in moved.shop.look(SCORES)] == [20, 1]
