"""A run that was stopped goes on where it was, and sends no row twice."""

from __future__ import annotations

import pytest

from crm_sink.errors import Interrupted, NoSuchRun
from crm_sink.flow.deliver import deliver
from crm_sink.flow.resume import latest_unfinished
from crm_sink.ledger.contract import Run, RunState
from crm_sink.tickets import Api
from tests.flow.conftest import Shop
from tests.flow.stopped import deliver_until, plan_1500


@pytest.fixture
def planned(shop: Shop, request: pytest.FixtureRequest) -> Run:
    return plan_1500(shop, request.param)


def scored(shop: Shop) -> int:
    [count] = shop.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null")
    return int(count["n"])


@pytest.mark.parametrize(
    ("planned", "state"),
    [(Api.COLLECTIONS, "collected"), (Api.BULK, "closed")],
    indirect=["planned"],
)
def test_a_stopped_run_is_resumed_and_every_record_is_written_once(
    shop: Shop, planned: Run, state: str
) -> None:
    with pytest.raises(Interrupted) as caught:
        deliver_until(shop, planned, state)
    assert caught.value.exit_code == 143
    assert caught.value.hint == f"crm-sink resume {planned.run}"
    done = shop._with(lambda context: deliver(latest_unfinished(context.ledger), context))
    assert done.run.state is RunState.DONE
    assert done.run.totals.updated == 1_500
    assert scored(shop) == 1_500
    writes = shop.writes()
    expected = 8 if planned.api == "collections" else 1  # calls of 200, or jobs
    assert max(writes.values()) == expected, writes


@pytest.mark.parametrize("planned", [Api.COLLECTIONS], indirect=True)
def test_nothing_is_left_to_resume_after_a_run_is_done(shop: Shop, planned: Run) -> None:
    shop._with(lambda context: deliver(context.ledger.find(planned.run), context))
    with pytest.raises(NoSuchRun):
        shop._with(lambda context: latest_unfinished(context.ledger))
