"""A run is taken back: values from before it, and nothing that somebody changed since."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from crm_sink.api import Result
from crm_sink.errors import NoSuchRun, UsageError
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.ledger.contract import RunState
from crm_sink.tickets import Api
from tests.conftest import FakeClock
from tests.flow.conftest import MAPPING, Shop

ONE = "select 'a' as id, 0.9 as score"
LATER = "select 'a' as id, 0.2 as score"
TWO = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
CREATING = """
object: Lead
match: {external_id: Ext__c, column: id, missing: create}
fields: {LastName: name, Company: "'None'", Score__c: score}
"""
NEW = "from (values ('new', 'Lovelace', 5), ('old', 'Nobody', 6)) t(id, name, score)"
NEW_ONE = "select 'new' as id, 'Lovelace' as name, 5 as score"
VALUES = "SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c"


def plan_undo(shop: Shop, done: Result, **more: Any) -> Result:
    return shop._with(
        lambda context: undo(UndoRequest(context.ledger.find(done.run.run), **more), context)
    )


def undone(shop: Shop, done: Result, **more: Any) -> Result:
    return shop.apply(plan_undo(shop, done, **more))


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_an_undo_gives_the_values_from_before(shop: Shop, api: Api) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    shop.create("Lead", Ext__c="b")
    done = shop.sync(MAPPING, TWO, api=api)
    result = undone(shop, done, api=api)
    assert shop.look(VALUES) == [
        {"Score__c": 50, "Band__c": "Warm"},
        {"Score__c": None, "Band__c": None},
    ]
    assert (result.run.kind, result.run.state, result.run.totals.updated) == (
        "undo",
        RunState.DONE,
        2,
    )


def test_an_undo_is_shown_before_it_writes(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    done = shop.sync(MAPPING, ONE)
    planned = plan_undo(shop, done)
    [change] = planned.changes.to_dict("records")
    assert (change["Score__c.before"], change["Score__c"]) == (90, 50)
    assert planned.run.state is RunState.READY
    assert shop.look(VALUES) == [{"Score__c": 90, "Band__c": "Hot"}]


def test_an_undo_can_be_undone(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    back = undone(shop, shop.sync(MAPPING, ONE))
    again = undone(shop, back)
    assert shop.look(VALUES) == [{"Score__c": 90, "Band__c": "Hot"}]
    undone(shop, again)
    assert shop.look(VALUES) == [{"Score__c": 50, "Band__c": "Warm"}]


def test_an_undo_that_is_done_is_shown_and_not_made_again(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50)
    back = undone(shop, shop.sync(MAPPING, ONE))
    with pytest.raises(UsageError, match="is done: there is nothing to apply") as caught:
        shop.apply(back)
    assert caught.value.hint == f"crm-sink show {back.run.run}"


def test_what_somebody_changed_since_is_left_and_listed_with_who_and_when(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    done = shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Band__c="Cold")
    result = undone(shop, done)
    assert shop.look(VALUES) == [{"Score__c": 50, "Band__c": "Cold"}]
    [conflict] = result.conflicts.to_dict("records")
    shown = {name: conflict[name] for name in ("field", "written", "present", "desired")}
    assert shown == {"field": "Band__c", "written": "Hot", "present": "Cold", "desired": "Warm"}
    [user] = shop.look("SELECT Name FROM User WHERE Id IN (SELECT LastModifiedById FROM Lead)")
    assert conflict["changed_by"] == user["Name"]
    assert conflict["changed_at"] is not None


def test_a_field_that_is_back_already_is_no_conflict(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    done = shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Score__c=50, Band__c="Warm")
    totals = plan_undo(shop, done).run.totals
    assert (totals.unchanged, totals.conflicts, totals.to_update) == (1, 0, 0)


def test_a_later_runs_values_are_conflicts_until_it_is_undone_first(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    first = shop.sync(MAPPING, ONE)
    second = shop.sync(MAPPING, LATER)
    assert plan_undo(shop, first).run.totals.conflicts == 1
    undone(shop, second)
    undone(shop, first)
    assert shop.look(VALUES) == [{"Score__c": 50, "Band__c": "Warm"}]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_created_records_are_deleted_only_when_asked_for(shop: Shop, api: Api) -> None:
    shop.create("Lead", Ext__c="old", Score__c=1)
    done = shop.sync(CREATING, NEW, api=api)
    kept = plan_undo(shop, done)
    assert (kept.run.totals.skipped, kept.run.totals.planned) == (1, 1)
    result = undone(shop, done, delete_created=True, api=api)
    assert (result.run.totals.cleared, result.run.totals.updated) == (1, 1)
    assert shop.look("SELECT Ext__c, Score__c FROM Lead") == [{"Ext__c": "old", "Score__c": 1}]


def test_a_created_record_that_somebody_worked_on_is_not_deleted(shop: Shop) -> None:
    done = shop.sync(CREATING, "select 'new' as id, 'Lovelace' as name, 5 as score")
    [lead] = shop.look("SELECT Id FROM Lead")
    shop.change("Lead", lead["Id"], Score__c=7)
    result = undone(shop, done, delete_created=True)
    assert (result.run.totals.conflicts, result.run.totals.cleared) == (1, 0)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 7}]


THREE_NEW = "select 'k-' || i as id, 'Lovelace' as name, i as score from range(3) r(i)"


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_created_record_that_somebody_worked_on_since_the_undos_plan_is_not_deleted(
    shop: Shop, api: Api
) -> None:
    """A record that the run updated, and that was worked on as well, stays as it is, too."""
    old = shop.create("Lead", Ext__c="k-0", Score__c=50)
    done = shop.sync(CREATING, THREE_NEW, api=api)
    planned = plan_undo(shop, done, delete_created=True, api=api)
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'k-1'")
    shop.change("Lead", lead["Id"], Score__c=7)
    shop.change("Lead", old, Score__c=8)
    result = shop.apply(planned)
    assert shop.look("SELECT Ext__c, Score__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "k-0", "Score__c": 8},
        {"Ext__c": "k-1", "Score__c": 7},
    ]
    totals = result.run.totals
    assert (totals.cleared, totals.updated, totals.conflicts, totals.planned) == (1, 1, 1, 3)
    assert set(result.conflicts["key"]) == {"k-0", "k-1"}


def lose_the_answer(shop: Shop, kind: str) -> None:
    """Lose the first answer to a write, before or after it was carried out."""
    shop.fail({"kind": kind, "method": "PATCH", "path": "/services/data/*", "count": 1})


def make_elsewhere(shop: Shop, seconds: float) -> None:
    """Make the very record of `NEW`, as another tool of our user's does, at another time."""
    clock = shop.org.org.clock
    assert isinstance(clock, FakeClock)
    clock.advance(seconds)
    shop.create("Lead", Ext__c="new", LastName="Lovelace", Company="None", Score__c=5)
    clock.advance(-seconds)


def test_a_record_whose_maker_nobody_knows_is_not_deleted(shop: Shop) -> None:
    """Our call came to nothing; what is there was made between plan and write, an hour off."""
    planned = shop.plan(CREATING, NEW_ONE)
    make_elsewhere(shop, -3600)
    lose_the_answer(shop, "drop-before")
    done = shop.apply(planned, is_fresh=True)
    assert (done.run.totals.created, done.run.totals.updated) == (0, 1)
    result = undone(shop, done, delete_created=True)
    [reject] = result.rejects.to_dict("records")
    assert reject["code"] == "MAKER_UNKNOWN"
    assert "Created By" in reject["hint"]
    assert len(shop.look("SELECT Id FROM Lead")) == 1


def test_without_delete_created_such_a_record_is_told_too(shop: Shop) -> None:
    planned = shop.plan(CREATING, NEW_ONE)
    make_elsewhere(shop, -3600)
    lose_the_answer(shop, "drop-before")
    result = plan_undo(shop, shop.apply(planned, is_fresh=True))
    assert list(result.rejects["code"]) == ["MAKER_UNKNOWN"]


def test_a_record_that_a_lost_call_created_is_deleted_when_asked_for(shop: Shop) -> None:
    lose_the_answer(shop, "drop-after")
    done = shop.sync(CREATING, NEW_ONE)
    assert done.run.totals.created == 1
    assert undone(shop, done, delete_created=True).run.totals.cleared == 1
    assert shop.look("SELECT Id FROM Lead") == []


def test_a_record_that_another_made_between_plan_and_write_is_not_deleted(shop: Shop) -> None:
    """The org itself says that our upsert created nothing."""
    planned = shop.plan(CREATING, NEW_ONE)
    shop.create("Lead", Ext__c="new", LastName="Hopper")
    done = shop.apply(planned, is_fresh=True)
    result = undone(shop, done, delete_created=True)
    assert list(result.rejects["code"]) == ["BEFORE_UNKNOWN"]
    assert len(shop.look("SELECT Id FROM Lead")) == 1


def test_a_deletion_cannot_be_undone_and_says_what_to_do(shop: Shop) -> None:
    done = shop.sync(CREATING, "select 'new' as id, 'Lovelace' as name, 5 as score")
    gone = undone(shop, done, delete_created=True)
    result = plan_undo(shop, gone)
    [reject] = result.rejects.to_dict("records")
    assert reject["code"] == "DELETED_BY_UNDO"
    assert "Recycle Bin" in reject["hint"]


def test_a_record_that_was_deleted_since_is_a_reject(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE)
    shop.call("DELETE", f"/sobjects/Lead/{lead}")
    result = plan_undo(shop, done)
    assert list(result.rejects["code"]) == ["NOT_FOUND"]
    assert result.run.totals.rejected == result.run.totals.planned == 1


def test_cleared_leavers_get_their_scores_back(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    shop.sync(mapping, TWO)
    undone(shop, shop.sync(mapping, ONE))
    assert shop.look("SELECT Score__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 90},
        {"Score__c": 10},
    ]


def test_a_lookup_goes_back_to_the_parent_it_had(shop: Shop) -> None:
    acme = shop.create("Account", Ext__c="acme")
    shop.create("Account", Ext__c="globex")
    shop.create("Contact", Ext__c="ada", AccountId=acme)
    mapping = (
        "{object: Contact, match: {external_id: Ext__c, column: id}, "
        "fields: {Account.Ext__c: account}}"
    )
    done = shop.sync(mapping, "select 'ada' as id, 'globex' as account")
    undone(shop, done)
    assert shop.look("SELECT AccountId FROM Contact") == [{"AccountId": acme}]


def test_a_lookup_to_a_parent_without_a_key_is_left_alone(shop: Shop) -> None:
    """Its key was null before the run; to clear the lookup would lose the parent."""
    keyless = shop.create("Account")
    acme = shop.create("Account", Ext__c="acme")
    shop.create("Contact", Ext__c="ada", AccountId=keyless)
    mapping = (
        "{object: Contact, match: {external_id: Ext__c, column: id}, "
        "fields: {Account.Ext__c: account}}"
    )
    result = undone(shop, shop.sync(mapping, "select 'ada' as id, 'acme' as account"))
    assert result.run.totals.conflicts == 1
    assert shop.look("SELECT AccountId FROM Contact") == [{"AccountId": acme}]


def test_a_sync_after_an_undo_sees_no_edit_of_a_person(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    undone(shop, shop.sync(MAPPING, ONE))
    result = shop.sync(MAPPING, LATER)
    assert result.run.totals.conflicts == 0
    assert shop.look(VALUES) == [{"Score__c": 20, "Band__c": "Cold"}]


def test_an_edit_after_an_undo_is_protected(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    undone(shop, shop.sync(MAPPING, ONE))
    shop.change("Lead", lead, Band__c="Hot")
    shop.sync(MAPPING, LATER)
    assert shop.look(VALUES) == [{"Score__c": 20, "Band__c": "Hot"}]


def test_an_edit_that_an_undo_restored_is_protected_again(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=50, Band__c="Warm")
    shop.sync(MAPPING, ONE)
    shop.change("Lead", lead, Score__c=1)
    undone(shop, shop.sync(MAPPING + "edits: overwrite\n", LATER))
    result = shop.sync(MAPPING, LATER)
    assert list(result.conflicts["field"]) == ["Score__c"]
    assert shop.look(VALUES) == [{"Score__c": 1, "Band__c": "Cold"}]


def test_a_record_whose_only_write_was_undone_is_no_leaver(shop: Shop) -> None:
    """What it holds is its own value from before us."""
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b", Score__c=50, Band__c="Warm")
    mapping = MAPPING + "leavers: clear\n"
    undone(shop, shop.sync(mapping, TWO))
    assert shop.sync(mapping, ONE).run.totals.cleared == 0
    assert shop.look("SELECT Score__c FROM Lead WHERE Ext__c = 'b'") == [{"Score__c": 50}]


def test_a_record_whose_undo_was_undone_is_a_leaver(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    undone(shop, undone(shop, shop.sync(mapping, TWO)))
    assert shop.sync(mapping, ONE).run.totals.cleared == 1


def test_a_plan_that_wrote_nothing_cannot_be_undone(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    with pytest.raises(UsageError, match="wrote nothing"):
        plan_undo(shop, shop.plan(MAPPING, ONE))


def test_a_run_whose_rows_are_gone_cannot_be_undone(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE)
    shutil.rmtree(done.run.folder)
    with pytest.raises(NoSuchRun, match="no longer kept"):
        plan_undo(shop, done)


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_value_with_more_digits_than_its_field_shows_comes_back_whole(
    shop: Shop, api: Api
) -> None:
    """The API stores what it is given: the scale is only for the eye (help 000387302)."""
    shop.create("Lead", Ext__c="a", Score__c=83.4)
    undone(shop, shop.sync(MAPPING, ONE, api=api), api=api)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 83.4}]
