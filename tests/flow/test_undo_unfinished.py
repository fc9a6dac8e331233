"""A run that was stopped half-way can be taken back, once it is known what became of its rows."""

from __future__ import annotations

import pytest

from crm_sink.errors import Interrupted, NoSuchRun, UsageError
from crm_sink.flow.deliver import deliver
from crm_sink.flow.resume import latest_unfinished
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.ledger.contract import Run
from crm_sink.tickets import Api
from tests.flow.conftest import Shop
from tests.flow.stopped import deliver_until, plan_1500


def stopped(shop: Shop, api: Api, state: str) -> Run:
    """Plan 1,500 rows, and stop when a chunk first reaches a state."""
    planned = plan_1500(shop, api)
    with pytest.raises(Interrupted):
        deliver_until(shop, planned, state)
    return shop._with(lambda context: context.ledger.find(planned.run)).run


def test_what_was_written_before_the_stop_is_taken_back_and_the_rest_never_written(
    shop: Shop,
) -> None:
    run = stopped(shop, Api.COLLECTIONS, "collected")
    back = shop._with(lambda context: undo(UndoRequest(run), context))
    shop.apply(back)
    assert shop.look("SELECT Id FROM Lead WHERE Score__c != null") == []
    with pytest.raises(NoSuchRun):
        shop._with(lambda context: latest_unfinished(context.ledger))
    with pytest.raises(UsageError, match="nothing to apply"):
        shop._with(lambda context: deliver(context.ledger.find(run.run), context))


def test_rows_on_their_way_are_settled_first(shop: Shop) -> None:
    run = stopped(shop, Api.BULK, "closed")
    with pytest.raises(UsageError, match="on their way") as caught:
        shop._with(lambda context: undo(UndoRequest(run), context))
    assert caught.value.hint == f"crm-sink resume {run.run}"
