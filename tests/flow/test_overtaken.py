"""A run that waited leaves alone what somebody edited before it was resumed."""

from __future__ import annotations

import pytest

from crm_sink.api import Result
from crm_sink.errors import CrmError, PlanOutdated
from crm_sink.flow.deliver import deliver
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.flow.verify import verify
from crm_sink.ledger.contract import RunState
from crm_sink.report.summary import summary
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

both = pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
NO_MORE_CALLS = {
    "kind": "status",
    "method": ["PATCH", "POST"],
    "path": "/services/data/*",
    "status": 403,
    "code": "REQUEST_LIMIT_EXCEEDED",
    "message": "TotalRequests Limit exceeded.",
}


def paused(shop: Shop, rows: str, api: Api, mapping: str = MAPPING) -> Result:
    """Sync, and meet the end of the day's calls at the first write."""
    planned = shop.plan(mapping, rows, api=api)
    shop.fail(NO_MORE_CALLS)
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    return planned


def resumed(shop: Shop, planned: Result, **more: bool) -> Result:
    return shop._with(
        lambda context: deliver(context.ledger.find(planned.run.run), context, **more)
    )


@both
def test_a_value_that_somebody_changed_while_the_run_waited_is_left_alone(
    shop: Shop, api: Api
) -> None:
    """The other field of that record, and the other records, are written."""
    edited = shop.create("Lead", Ext__c="a", Band__c="Cold")
    shop.create("Lead", Ext__c="b")
    run = paused(shop, "from (values ('a', 0.9), ('b', 0.1)) t(id, score)", api)
    shop.change("Lead", edited, Band__c="Warm")
    result = resumed(shop, run)
    assert shop.look("SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 90, "Band__c": "Warm"},
        {"Score__c": 10, "Band__c": "Cold"},
    ]
    [conflict] = result.conflicts.to_dict("records")
    assert (conflict["key"], conflict["field"], conflict["present"]) == ("a", "Band__c", "Warm")
    assert conflict["changed_by"]
    assert "1 edited field is left alone" in summary(result.run)


@both
def test_every_record_of_a_resumed_run_is_accounted_for(shop: Shop, api: Api) -> None:
    """One is edited whole, one holds its new values already, one is as the plan saw it."""
    edited, done = shop.create("Lead", Ext__c="a"), shop.create("Lead", Ext__c="b")
    shop.create("Lead", Ext__c="c")
    run = paused(shop, "from (values ('a', 0.9), ('b', 0.1), ('c', 0.5)) t(id, score)", api)
    shop.change("Lead", edited, Score__c=1, Band__c="Warm")
    shop.change("Lead", done, Score__c=10, Band__c="Cold")
    totals = resumed(shop, run).run.totals
    assert (totals.conflicts, totals.updated, totals.planned) == (1, 2, 3)


@both
def test_a_run_of_which_nothing_is_left_to_write_is_done(shop: Shop, api: Api) -> None:
    lead = shop.create("Lead", Ext__c="a")
    run = paused(shop, "select 'a' as id, 0.9 as score", api)
    shop.change("Lead", lead, Score__c=1, Band__c="Warm")
    done = resumed(shop, run).run
    assert (done.state, done.totals.conflicts, done.totals.updated) == (RunState.DONE, 1, 0)


def test_with_edits_overwrite_a_resumed_run_writes_and_knows_the_newest_old_value(
    shop: Shop,
) -> None:
    lead = shop.create("Lead", Ext__c="a", Score__c=5)
    mapping = MAPPING + "edits: overwrite\n"
    run = paused(shop, "select 'a' as id, 0.9 as score", Api.COLLECTIONS, mapping)
    shop.change("Lead", lead, Score__c=6)
    result = resumed(shop, run)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}]
    assert list(result.changes["Score__c.before"]) == [6]


def test_a_run_of_which_too_many_records_moved_is_not_resumed(shop: Shop) -> None:
    leads = [shop.create("Lead", Ext__c=f"k-{i}") for i in range(30)]
    rows = "select 'k-' || i as id, 0.9 as score from range(30) r(i)"
    run = paused(shop, rows, Api.COLLECTIONS)
    for lead in leads[:10]:
        shop.change("Lead", lead, Score__c=1)
    with pytest.raises(PlanOutdated, match="10 of the 30 records") as caught:
        resumed(shop, run)
    assert caught.value.hint == "crm-sink plan shop.yaml"
    assert shop.look("SELECT Id FROM Lead WHERE Score__c = 90") == []


def test_a_call_that_was_carried_out_unheard_counts_as_ours_and_not_as_an_edit(
    shop: Shop,
) -> None:
    """Its answer and every try to look it up are lost; more records hold a new value than may."""
    for i in range(30):
        shop.create("Lead", Ext__c=f"k-{i}")
    rows = "select 'k-' || i as id, 0.9 as score from range(30) r(i)"
    planned = shop.plan(MAPPING, rows, api=Api.COLLECTIONS)
    shop.forget_writes()
    shop.fail(
        {"kind": "drop-after", "method": "PATCH", "path": "/services/data/*"},
        {"kind": "status", "method": "GET", "path": "/services/data/*/query*", "status": 404},
    )
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    totals = resumed(shop, planned).run.totals
    assert (totals.updated, totals.conflicts) == (30, 0)
    assert shop.counts()["most"] == 1


@both
def test_an_undo_that_waited_deletes_no_record_that_somebody_worked_on(
    shop: Shop, api: Api
) -> None:
    creating = MAPPING.replace("column: id", "column: id, missing: create")
    creating += "  LastName: \"'N'\"\n  Company: \"'N'\"\n"
    done = shop.sync(creating, "from (values ('a', 0.9), ('b', 0.1)) t(id, score)", api=api)
    request = UndoRequest(done.run, delete_created=True, api=api)
    planned = shop._with(lambda context: undo(request, context))
    shop.fail(NO_MORE_CALLS | {"method": ["DELETE", "POST"]})
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    shop.change("Lead", lead["Id"], Band__c="Warm")
    totals = resumed(shop, planned).run.totals
    assert shop.look("SELECT Ext__c, Band__c FROM Lead") == [{"Ext__c": "a", "Band__c": "Warm"}]
    assert (totals.cleared, totals.conflicts, totals.planned) == (1, 1, 2)


def is_as_the_run_says(shop: Shop, result: Result) -> bool:
    with shop.context() as context:
        return verify(result.run, context).is_equal


SPENT = {"kind": "status", "status": 403, "code": "REQUEST_LIMIT_EXCEEDED"}
SPENT |= {"message": "TotalRequests Limit exceeded."}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_job_that_was_made_or_filled_and_not_closed_overwrites_nobody(
    shop: Shop, method: str
) -> None:
    """The day's calls end before its upload, or before its close."""
    edited = shop.create("Lead", Ext__c="a", Band__c="Cold")
    shop.create("Lead", Ext__c="b")
    rows = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
    planned = shop.plan(MAPPING, rows, api=Api.BULK)
    shop.fail(SPENT | {"method": method, "path": "/services/data/*/jobs/ingest/*"})
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    shop.change("Lead", edited, Score__c=1, Band__c="Warm")
    totals = resumed(shop, planned).run.totals
    assert shop.look("SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 1, "Band__c": "Warm"},
        {"Score__c": 10, "Band__c": "Cold"},
    ]
    assert (totals.conflicts, totals.updated, totals.planned) == (1, 1, 2)
    states = [job["state"] for job in shop.call("GET", "/jobs/ingest")["records"]]
    assert sorted(states) == ["Aborted", "JobComplete"]


def test_a_job_that_was_closed_unheard_is_not_sent_again(shop: Shop) -> None:
    """Its values are ours, and what somebody made of them since stays."""
    lead = shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score", api=Api.BULK)
    shop.forget_writes()
    jobs = "/services/data/*/jobs/ingest/*"
    shop.fail(
        {"kind": "drop-after", "method": "PATCH", "path": jobs},
        {"kind": "status", "method": "GET", "path": jobs, "status": 400},
    )
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    assert any(shop.look("SELECT Score__c FROM Lead WHERE Score__c = 90") for _ in range(500))
    shop.change("Lead", lead, Score__c=1)
    totals = resumed(shop, planned).run.totals
    assert (totals.updated, totals.conflicts) == (1, 0)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 1}]


def test_a_job_that_the_org_gave_back_untouched_overwrites_nobody_when_it_is_sent_again(
    shop: Shop,
) -> None:
    lead = shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score", api=Api.BULK)
    shop.fail({"kind": "failed-job"})
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    shop.change("Lead", lead, Score__c=1, Band__c="Warm")
    assert resumed(shop, planned).run.totals.conflicts == 1
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 1}]


@pytest.mark.parametrize("attempts", [1, 2])
@both
def test_rows_that_wait_to_be_sent_again_overwrite_nobody(
    shop: Shop, api: Api, attempts: int
) -> None:
    """One record is locked at first; the calls end in its next round, or in the one after."""
    edited = shop.create("Lead", Ext__c="a", Band__c="Cold")
    shop.create("Lead", Ext__c="b")
    rows = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
    planned = shop.plan(MAPPING, rows, api=api)
    shop.fail(
        {"kind": "row-error", "preset": "lock", "ids": [edited], "attempts": attempts},
        NO_MORE_CALLS
        | {"path": "/services/data/*/composite/*", "after": attempts - (api is Api.BULK)},
    )
    with pytest.raises(CrmError):
        resumed(shop, planned, is_fresh=True)
    shop.mend()
    shop.change("Lead", edited, Band__c="Warm")
    result = resumed(shop, planned)
    assert shop.look("SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 90, "Band__c": "Warm"},
        {"Score__c": 10, "Band__c": "Cold"},
    ]
    [conflict] = result.conflicts.to_dict("records")
    assert (conflict["key"], conflict["field"]) == ("a", "Band__c")
    assert (result.run.totals.updated, result.run.totals.conflicts) == (2, 0)
    assert is_as_the_run_says(shop, result)
