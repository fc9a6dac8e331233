"""When the day's calls are used up a run pauses, and resume goes on where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_sink.errors import CrmError
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.contract import Run, RunState
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

ROWS = "select 'k-' || i as id, 0.9 as score from range(3) r(i)"


@pytest.fixture
def planned(shop: Shop) -> Run:
    for i in range(3):
        shop.create("Lead", Ext__c=f"k-{i}")
    return shop.plan(MAPPING, ROWS, api=Api.BULK).run


def apply(shop: Shop, run: Run) -> Run:
    return shop._with(
        lambda context: deliver(context.ledger.find(run.run), context, is_fresh=True)
    ).run


def spend(shop: Shop) -> None:
    """Use up the org's calls but for three: enough to make a job, and no more."""
    limits = shop.org.org.limits
    limits.daily = limits.use() + 3


def keep_for_others(shop: Shop) -> None:
    """Leave this process three calls of its half of the day's."""
    limits = shop.org.org.limits
    limits.daily = (limits.use() + 3) * 2
    shop.budget = "50%"


@pytest.mark.parametrize(
    ("limit", "code"),
    [(spend, "REQUEST_LIMIT_EXCEEDED"), (keep_for_others, "BUDGET_SPENT")],
)
def test_a_run_pauses_and_is_resumed(
    shop: Shop, planned: Run, limit: Callable[[Shop], None], code: str
) -> None:
    limit(shop)
    with pytest.raises(CrmError) as caught:
        apply(shop, planned)
    assert caught.value.code == code
    assert str(caught.value.hint).endswith(f"crm-sink resume {planned.run}")
    assert shop._with(lambda context: context.ledger.find()).run.state is RunState.PAUSED
    shop.org.org.limits.daily = 15_000
    assert apply(shop, planned).totals.updated == 3
    jobs = shop.call("GET", "/jobs/ingest")["records"]
    assert sorted(job["state"] for job in jobs)[-1] == "JobComplete"
    assert [job["state"] for job in jobs].count("JobComplete") == 1


def test_not_one_call_is_made_beyond_the_budget(shop: Shop, planned: Run) -> None:
    keep_for_others(shop)
    limits = shop.org.org.limits
    with pytest.raises(CrmError):
        apply(shop, planned)
    assert limits.used <= limits.daily / 2
