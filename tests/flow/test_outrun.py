"""A saved plan whose records moved on is judged anew before it is applied, or not applied."""

from __future__ import annotations

import pytest

from crm_sink.errors import PlanOutdated
from crm_sink.ledger.contract import RunState
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

TWO = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
MANY = "select 'k-' || i as id, 0.9 as score from range(30) r(i)"


def test_a_plan_whose_records_did_not_move_is_applied_as_it_is(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score")
    assert shop.apply(planned).run.run == planned.run.run


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_field_that_a_person_changed_since_the_plan_is_left_alone(shop: Shop, api: Api) -> None:
    lead = shop.create("Lead", Ext__c="a", Band__c="Cold")
    shop.create("Lead", Ext__c="b")
    planned = shop.plan(MAPPING, TWO, api=api)
    shop.change("Lead", lead, Band__c="Warm")
    result = shop.apply(planned)
    assert shop.look("SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 90, "Band__c": "Warm"},
        {"Score__c": 10, "Band__c": "Cold"},
    ]
    [conflict] = result.conflicts.to_dict("records")
    shown = {name: conflict[name] for name in ("key", "field", "present", "desired")}
    assert shown == {"key": "a", "field": "Band__c", "present": "Warm", "desired": "Hot"}
    assert result.run.details["made_of"] == planned.run.run


def test_every_record_of_a_plan_judged_anew_is_accounted_for(shop: Shop) -> None:
    """One is edited whole, one already holds its new values, one is as the plan saw it."""
    edited, done = shop.create("Lead", Ext__c="a"), shop.create("Lead", Ext__c="b")
    shop.create("Lead", Ext__c="c")
    rows = "from (values ('a', 0.9), ('b', 0.1), ('c', 0.5), ('nobody', 1)) t(id, score)"
    planned = shop.plan(MAPPING, rows)
    shop.change("Lead", edited, Score__c=1, Band__c="Warm")
    shop.change("Lead", done, Score__c=10, Band__c="Cold")
    totals = shop.apply(planned).run.totals
    assert (totals.conflicts, totals.unchanged, totals.updated, totals.rejected) == (1, 1, 1, 1)
    assert totals.planned == 4


def test_edits_overwrite_writes_over_what_moved_and_knows_the_newest_old_value(
    shop: Shop,
) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=5)
    planned = shop.plan(MAPPING + "edits: overwrite\n", "select 'a' as id, 0.9 as score")
    shop.change("Lead", lead, Score__c=6)
    result = shop.apply(planned)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}]
    assert list(result.changes["Score__c.before"]) == [6]


def test_a_saved_plan_stays_as_it_was_shown(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=5)
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score")
    shop.change("Lead", lead, Score__c=6)
    shop.apply(planned)
    assert list(planned.changes["Score__c.before"]) == [5]
    with pytest.raises(PlanOutdated):
        shop.apply(planned)


def test_a_plan_of_which_too_many_records_moved_is_not_applied(shop: Shop) -> None:
    leads = [shop.create("Lead", Ext__c=f"k-{i}") for i in range(30)]
    planned = shop.plan(MAPPING, MANY)
    for lead in leads[:10]:
        shop.change("Lead", lead, Score__c=1)
    with pytest.raises(PlanOutdated, match="10 of the 30 records") as caught:
        shop.apply(planned)
    assert caught.value.exit_code == 5
    assert caught.value.hint == "crm-sink plan shop.yaml"
    assert shop.look("SELECT Id FROM Lead WHERE Score__c = 90") == []


def test_a_change_of_fields_that_the_plan_does_not_write_is_nothing(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score")
    shop.change("Lead", lead, Note__c="called")
    assert shop.apply(planned).run.run == planned.run.run


def test_a_sync_does_not_read_its_records_twice(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.calls()
    run = shop.sync_at_once(MAPPING, "select 'a' as id, 0.9 as score").run
    assert run.state is RunState.DONE
    reads = [count for call, count in shop.calls().items() if call.endswith("/query")]
    assert reads == [1]


def test_of_a_large_plan_only_what_changed_since_is_read(shop: Shop) -> None:
    """By a Bulk query with SystemModstamp: the rest of the object has not moved."""
    from crm_sink.clock import SystemClock
    from crm_sink.emulator.seed.demo import seed

    store = shop.org.org.store
    seed(store, leads=2_500, accounts=0, contacts=0, opportunities=0, clock=SystemClock())
    mapping = MAPPING.replace("Ext__c", "Prospect_Id__c")
    rows = "select printf('P-%06d', i) as id, 0.9 as score from range(1, 2501) r(i)"
    planned = shop.plan(mapping, rows)
    [first] = shop.look("SELECT Id FROM Lead WHERE Prospect_Id__c = 'P-000007'")
    shop.org.org.clock.advance(60)  # type: ignore[attr-defined]
    shop.change("Lead", first["Id"], Score__c=3)
    totals = shop.apply(planned).run.totals
    assert (totals.updated, totals.conflicts) == (2_500, 0)
    assert shop.look("SELECT Score__c FROM Lead WHERE Prospect_Id__c = 'P-000007'") == [
        {"Score__c": 3}
    ]
