"""What people edited stays, and records that are no longer scored do not stay hot for ever."""

from __future__ import annotations

import pytest

from crm_sink.errors import PlanHeld
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

ONE = "select 'a' as id, 0.9 as score"
LATER = "select 'a' as id, 0.2 as score"


def test_a_field_that_a_person_changed_since_our_write_is_left_alone(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Band__c="Warm")
    result = shop.sync(MAPPING, LATER)
    assert shop.look("SELECT Score__c, Band__c FROM Lead") == [{"Score__c": 20, "Band__c": "Warm"}]
    [conflict] = result.conflicts.to_dict("records")
    shown = {name: conflict[name] for name in ("field", "written", "present", "desired")}
    assert shown == {"field": "Band__c", "written": "Hot", "present": "Warm", "desired": "Cold"}


def test_a_record_of_which_everything_was_edited_counts_as_a_conflict(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Band__c="Warm", Score__c=1)
    totals = shop.sync(MAPPING, LATER).run.totals
    assert (totals.conflicts, totals.updated, totals.planned) == (1, 0, 1)


def test_edits_overwrite_writes_over_them(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Band__c="Warm")
    result = shop.sync(MAPPING + "edits: overwrite\n", LATER)
    assert result.conflicts.empty
    assert shop.look("SELECT Band__c FROM Lead") == [{"Band__c": "Cold"}]


def test_a_value_from_before_our_first_write_is_no_conflict(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=1, Band__c="Warm")
    result = shop.sync(MAPPING, ONE)
    assert result.run.totals.conflicts == 0
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_leavers_are_cleared(shop: Shop, api: Api) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.create("Lead", Ext__c="never ours", Score__c=77, Band__c="Warm")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)", api=api)
    result = shop.sync(mapping, ONE, api=api)
    assert result.run.totals.cleared == 1
    assert result.run.totals.planned == 2
    assert shop.look("SELECT Ext__c, Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "a", "Score__c": 90, "Band__c": "Hot"},
        {"Ext__c": "b", "Score__c": None, "Band__c": None},
        {"Ext__c": "never ours", "Score__c": 77, "Band__c": "Warm"},
    ]


def test_a_leaver_is_cleared_once(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)")
    shop.sync(mapping, ONE)
    shop.calls()
    again = shop.sync(mapping, ONE)
    assert again.run.totals.planned == 1
    assert shop.writes() == {}


def test_a_lead_that_was_converted_is_no_leaver(shop: Shop) -> None:
    """Salesforce lets nobody write it: to try would end every later run with a reject."""
    lead = shop.create("Lead", Ext__c="b")
    shop.create("Lead", Ext__c="a")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)")
    with shop.org.org.store.writing() as cursor:
        cursor.execute("update Lead set IsConverted = true where Id = ?", [lead])
    totals = shop.sync(mapping, ONE).run.totals
    assert (totals.planned, totals.unchanged, totals.rejected) == (1, 1, 0)


def test_leavers_are_kept_by_default(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)")
    shop.sync(MAPPING, ONE)
    assert len(shop.look("SELECT Id FROM Lead WHERE Score__c = 90")) == 2


def test_a_leaver_can_be_flagged_and_comes_back(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: {flag: Stale__c}\n"
    both = "from (values ('a', 0.9), ('b', 0.9)) t(id, score)"
    shop.sync(mapping, both)
    shop.sync(mapping, ONE)
    stale = "SELECT Ext__c, Score__c FROM Lead WHERE Stale__c = true"
    assert shop.look(stale) == [{"Ext__c": "b", "Score__c": 90}]
    shop.sync(mapping, both)
    assert shop.look(stale) == []


def test_a_rejected_row_is_no_leaver(shop: Shop) -> None:
    """Its record was scored; only this score could not be written."""
    shop.create("Lead", Ext__c="a")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, ONE)
    shop.sync(mapping, "select 'a' as id, 'nan'::double as score")
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}]


def test_what_a_person_edited_is_not_cleared(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    lead = shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)")
    shop.change("Lead", lead, Band__c="Warm")
    shop.sync(mapping, ONE)
    [left] = shop.look("SELECT Score__c, Band__c FROM Lead WHERE Ext__c = 'b'")
    assert left == {"Score__c": None, "Band__c": "Warm"}


def test_a_batch_of_foreign_keys_is_held_and_empties_no_record(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, ONE)
    with pytest.raises(PlanHeld, match="not one of 1 row can be written, and 1 record would"):
        shop.sync(mapping, "select 'CRM2-a' as id, 0.9 as score")
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}]


TWELVE = "select 'k-' || i as id, 0.9 as score from range(12) r(i)"
# Two of twelve keys are those of this org.
FOREIGN = "select if(i < 2, 'k-', 'CRM2-') || i as id, 0.9 as score from range(12) r(i)"


@pytest.mark.parametrize("leavers", ["leavers: clear\n", "leavers: {flag: Stale__c}\n"])
def test_a_batch_of_nearly_all_foreign_keys_is_held_and_empties_no_record(
    shop: Shop, leavers: str
) -> None:
    for i in range(12):
        shop.create("Lead", Ext__c=f"k-{i}")
    shop.sync(MAPPING + leavers, TWELVE)
    with pytest.raises(PlanHeld, match="10 of the 12 records that carry our values"):
        shop.sync(MAPPING + leavers, FOREIGN)
    assert len(shop.look("SELECT Id FROM Lead WHERE Score__c = 90 AND Stale__c = false")) == 12


def test_a_mapping_may_let_more_records_leave_at_once(shop: Shop) -> None:
    for i in range(12):
        shop.create("Lead", Ext__c=f"k-{i}")
    mapping = MAPPING + "leavers: clear\ngates: {leavers: {hold_if_leavers_exceed: 90%}}\n"
    shop.sync(mapping, TWELVE)
    assert shop.sync(mapping, FOREIGN).run.totals.cleared == 10


def test_a_batch_of_which_one_row_is_good_is_not_held(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, "from (values ('a', 0.9), ('b', 0.9)) t(id, score)")
    shop.sync(mapping, "from (values ('a', 0.9), ('CRM2-b', 0.9)) t(id, score)")
    assert shop.look("SELECT Score__c FROM Lead WHERE Ext__c = 'b'") == [{"Score__c": None}]
