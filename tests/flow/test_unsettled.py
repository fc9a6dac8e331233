"""After a run that was cut off the next sync knows what that one wrote, resumed or not."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.errors import CrmError
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

TWO = "from (values ('a', {0}), ('b', {0})) t(id, score)"
DEAF: dict[Api, list[dict[str, Any]]] = {
    Api.COLLECTIONS: [
        {"kind": "drop-after", "method": "PATCH", "path": "/services/data/*"},
        {"kind": "status", "method": "GET", "path": "/services/data/*/query*", "status": 404},
    ],
    Api.BULK: [
        {
            "kind": "status",
            "method": "GET",
            "path": "/services/data/*/jobs/ingest/*",
            "status": 404,
            "code": "NOT_FOUND",
        }
    ],
}


@pytest.fixture(params=[Api.COLLECTIONS, Api.BULK])
def cut_off(shop: Shop, request: pytest.FixtureRequest) -> str:
    """Write 10, then 20 of which the run never hears what became; give lead a."""
    lead = shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, TWO.format(0.1), api=request.param)
    planned = shop.plan(MAPPING, TWO.format(0.2), api=request.param)
    shop.fail(*DEAF[request.param])
    with pytest.raises(CrmError):
        shop.apply(planned, is_fresh=True)
    shop.mend()
    assert any(scores(shop) == [20, 20] for _ in range(500))  # a job works on behind our back
    return lead


def scores(shop: Shop) -> list[float]:
    return [lead["Score__c"] for lead in shop.look("SELECT Score__c FROM Lead ORDER BY Ext__c")]


def test_what_a_run_wrote_unheard_is_nobodys_edit(shop: Shop, cut_off: str) -> None:
    done = shop.sync(MAPPING, TWO.format(0.3)).run
    assert (done.totals.updated, done.totals.conflicts) == (2, 0)
    assert scores(shop) == [30, 30]


def test_it_is_remembered_after_a_sync_that_found_nothing_to_do(shop: Shop, cut_off: str) -> None:
    assert shop.sync(MAPPING, TWO.format(0.2)).run.totals.unchanged == 2
    assert shop.sync(MAPPING, TWO.format(0.3)).run.totals.updated == 2


def test_what_a_person_changed_since_stays(shop: Shop, cut_off: str) -> None:
    shop.change("Lead", cut_off, Score__c=77)
    done = shop.sync(MAPPING, TWO.format(0.3)).run
    assert (done.totals.updated, done.totals.conflicts) == (1, 1)
    assert scores(shop) == [77, 30]
