"""An org that fails in every way: nothing is lost or doubled, and every row has its end."""

from __future__ import annotations

import pytest

from crm_sink.api import Result
from crm_sink.clock import SystemClock
from crm_sink.emulator.seed.demo import seed
from crm_sink.errors import CrmError
from crm_sink.events import AnswerMissed, RetryScheduled
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.contract import RunState
from crm_sink.tickets import Api
from tests.flow.conftest import Shop

MAPPING = """
object: Lead
match: {external_id: Prospect_Id__c, column: id}
fields: {Score__c: score}
"""
ROWS = "select printf('P-%06d', i) as id, i % 100 + 1 as score from range(1, {}) r(i)"


def leads(shop: Shop, count: int) -> str:
    """Make leads without a score; give predictions for all."""
    store = shop.org.org.store
    seed(store, leads=count, accounts=0, contacts=0, opportunities=0, clock=SystemClock())
    shop.forget_writes()
    return ROWS.format(count + 1)


def go_on(shop: Shop, run: str) -> Result:
    return shop._with(lambda context: deliver(context.ledger.find(run), context))


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
@pytest.mark.parametrize("preset", ["lock", "apex-limit", "apex-lock", "batch-retries"])
def test_rows_that_were_held_up_are_written_once(shop: Shop, api: Api, preset: str) -> None:
    """A fifth of the rows, twice each; and what they take along."""
    rows = leads(shop, 300)
    shop.fail({"kind": "row-error", "preset": preset, "probability": 0.2, "attempts": 2})
    totals = shop.sync(MAPPING, rows, api=api).run.totals
    assert (totals.updated, totals.rejected) == (300, 0)
    assert shop.counts() == {"records": 300, "changes": 300, "most": 1}


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_culprit_is_a_reject_and_those_it_took_along_are_written(shop: Shop, api: Api) -> None:
    rows = leads(shop, 300)
    [culprit] = shop.look("SELECT Id FROM Lead WHERE Prospect_Id__c = 'P-000007'")
    rule = {"kind": "row-error", "preset": "validation", "attempts": None, "collateral": True}
    shop.fail({**rule, "ids": [culprit["Id"]]})
    result = shop.sync(MAPPING, rows, api=api)
    assert (result.run.totals.updated, result.run.totals.rejected) == (299, 1)
    [reject] = result.rejects.to_dict("records")
    assert (reject["key"], reject["attempts"]) == ("P-000007", 1)
    assert shop.counts() == {"records": 299, "changes": 299, "most": 1}


@pytest.mark.parametrize(("count", "jobs"), [(3_000, 1), (4_000, 2)])
def test_a_job_that_gave_up_half_way_goes_on_with_the_rows_it_left(
    shop: Shop, count: int, jobs: int
) -> None:
    """Up to 2,000 rows go on by Collections, more by another job."""
    rows = leads(shop, count)
    shop.fail({"kind": "failed-job", "after_rows": 1_000, "count": 1})
    run = shop.sync(MAPPING, rows, api=Api.BULK).run
    assert (run.totals.updated, run.totals.rejected, len(run.jobs)) == (count, 0, jobs)
    assert run.details["sent_again"][0]["rows"] == count - 1_000
    assert shop.counts() == {"records": count, "changes": count, "most": 1}


def test_a_job_failed_at_its_header_stops_the_run_and_resume_makes_it_anew(shop: Shop) -> None:
    rows = leads(shop, 300)
    planned = shop.plan(MAPPING, rows, api=Api.BULK)
    message = "InvalidBatch : Field name not found : Score__c"
    shop.fail({"kind": "failed-job", "message": message})
    with pytest.raises(CrmError, match="Field name not found") as caught:
        shop.apply(planned)
    assert str(caught.value.hint).endswith(f"then crm-sink resume {planned.run.run}")
    assert shop.counts()["records"] == 0
    shop.mend()
    assert go_on(shop, planned.run.run).run.totals.updated == 300
    assert shop.counts() == {"records": 300, "changes": 300, "most": 1}


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_concurrency_backs_off_and_does_not_pause(shop: Shop, api: Api) -> None:
    """The other meaning of REQUEST_LIMIT_EXCEEDED."""
    rows = leads(shop, 1_000)
    planned = shop.plan(MAPPING, rows, api=api)
    shop.fail({"kind": "concurrency", "every": 2, "method": ["PATCH", "PUT", "POST"]})
    run = shop.apply(planned).run
    assert (run.state, run.totals.updated) == (RunState.DONE, 1_000)
    assert run.details["parallelism"]["calls"]["falls"]["REQUEST_LIMIT_EXCEEDED"] > 0
    assert shop.counts()["most"] == 1


SPOILT = [
    {"kind": "drop-before"},
    {"kind": "drop-after"},
    {"kind": "truncated"},
    {"kind": "html"},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 500, "body": "html", "processed": True},
    {"kind": "concurrency"},
    {"kind": "content-type"},
]


@pytest.mark.parametrize(("api", "count"), [(Api.BULK, 50_000), (Api.COLLECTIONS, 4_000)])
def test_under_a_fifth_of_faulty_answers_a_run_ends_complete(
    shop: Shop, api: Api, count: int
) -> None:
    """Each fault is in the log, as a retry or a lost answer; a run that gave up is resumed."""
    rows = leads(shop, count)
    planned = shop.plan(MAPPING, rows, api=api)
    shop.events.clear()
    share = 0.2 / len(SPOILT)
    shop.fail(*({**kind, "probability": share, "seed": i} for i, kind in enumerate(SPOILT)))
    run, gave_up = planned.run, 0
    for _ in range(10):
        try:
            run = go_on(shop, run.run).run
            break
        except CrmError:
            gave_up += 1
    assert (run.state, run.totals.updated, run.totals.rejected) == (RunState.DONE, count, 0)
    assert shop.counts() == {"records": count, "changes": count, "most": 1}
    fired = {rule["kind"]: rule["fired"] for rule in shop.faults()}
    told = sum(isinstance(event, RetryScheduled | AnswerMissed) for event in shop.events)
    assert told >= 2
    # What ends a run is its error; up to four chunks may meet theirs at once. And an answer
    # without a body may have any content type.
    assert told >= sum(fired.values()) - 4 * gave_up - fired["content-type"]
