"""What people edited is overwritten only when somebody says so."""

from __future__ import annotations

import pytest

from crm_sink.api import Result
from crm_sink.errors import PlanHeld, PlanOutdated, UsageError
from crm_sink.flow.overwrite import overwriting, with_conflicts
from crm_sink.flow.undo import UndoRequest, undo
from tests.flow.conftest import MAPPING, Shop

TWO = "from (values ('a', 0.9), ('b', 0.9)) t(id, score)"
LATER = "from (values ('a', 0.2), ('b', 0.2), ('gone', 0.2)) t(id, score)"
VALUES = "SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c"
OURS = {"Score__c": 20, "Band__c": "Cold"}


@pytest.fixture
def planned(shop: Shop) -> Result:
    """A plan with three conflicts: the band of a, and all of b."""
    leads = [shop.create("Lead", Ext__c=key) for key in "ab"]
    shop.sync(MAPPING, TWO)
    shop.change("Lead", leads[0], Band__c="Warm")
    shop.change("Lead", leads[1], Band__c="Warm", Score__c=1)
    return shop.plan(MAPPING, LATER)


def widened(shop: Shop, planned: Result) -> Result:
    return shop._with(lambda context: with_conflicts(planned.run, context))


def test_a_plan_is_applied_with_its_conflicts(shop: Shop, planned: Result) -> None:
    result = shop.apply(widened(shop, planned))
    assert shop.look(VALUES) == [OURS, OURS]
    totals = result.run.totals
    assert (totals.updated, totals.conflicts, totals.rejected, totals.planned) == (2, 0, 1, 3)


def test_the_other_plan_stays_as_it_was_and_is_then_out_of_date(
    shop: Shop, planned: Result
) -> None:
    before = planned.changes.to_dict("records")
    shop.apply(widened(shop, planned))
    assert planned.changes.to_dict("records") == before
    with pytest.raises(PlanOutdated):
        shop.apply(planned)


def test_a_plan_without_conflicts_is_applied_as_it_is(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    plain = shop.plan(MAPPING, TWO)
    assert widened(shop, plain).run == plain.run


def test_a_held_plan_stays_held(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    mapping = MAPPING + "gates: {volume: {hold_if_rows_change: 10%}}\n"
    shop.sync(mapping, "select 'a' as id, 0.9 as score")
    shop.change("Lead", lead, Band__c="Warm")
    held = shop.plan(mapping, LATER)
    with pytest.raises(PlanHeld):
        shop.apply(widened(shop, held))


def test_the_conflicts_of_an_undo_are_not_overwritten(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    shop.change("Lead", lead, Band__c="Warm")
    back = shop._with(lambda context: undo(UndoRequest(done.run), context))
    with pytest.raises(UsageError, match="no plan whose conflicts"):
        widened(shop, back)


@pytest.mark.usefixtures("planned")
def test_a_mapping_can_be_told_to_overwrite_for_once(shop: Shop) -> None:
    from crm_sink.flow.context import Request
    from crm_sink.flow.sync import sync
    from tests.flow.conftest import frame

    text = MAPPING.replace("Score__c: round", "Score__c: {edits: protect, value: round").replace(
        "score)\n", "score)}\n", 1
    )
    request = Request(overwriting(shop.mapping(text)), frame=frame(LATER))
    shop._with(lambda context: sync(request, context))
    assert shop.look(VALUES) == [OURS, OURS]
