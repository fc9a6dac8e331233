"""After a run that was cut off the next sync knows what that one wrote, resumed or not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_sink.assemble import assemble_ledger
from crm_sink.clock import SystemClock
from crm_sink.errors import CrmError, NoSuchRun, UsageError
from crm_sink.flow.deliver import deliver
from crm_sink.flow.prune import prune
from crm_sink.flow.resume import latest_unfinished
from crm_sink.flow.undo import require_settled
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

TWO = "from (values ('a', {0}), ('b', {0})) t(id, score)"
DEAF: dict[Api, list[dict[str, Any]]] = {
    Api.COLLECTIONS: [
        {"kind": "drop-after", "method": "PATCH", "path": "/services/data/*"},
        {"kind": "drop-after", "method": "POST", "path": "/services/data/*/composite/*"},
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
def api(request: pytest.FixtureRequest) -> Api:
    """Give each way in which changes travel."""
    return Api(request.param)


@pytest.fixture
def cut_off(shop: Shop, api: Api) -> str:
    """Write 10, then 20 of which the run never hears what became; give lead a."""
    lead = shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, TWO.format(0.1), api=api)
    write_unheard(shop, api, 0.2)
    return lead


def write_unheard(shop: Shop, api: Api, score: float, mapping: str = MAPPING) -> None:
    """Write a score to both leads in a run that never hears what became of it."""
    planned = shop.plan(mapping, TWO.format(score), api=api)
    shop.fail(*DEAF[api])
    with pytest.raises(CrmError):
        shop.apply(planned, is_fresh=True)
    shop.mend()
    # A job works on behind our back.
    assert any(scores(shop) == [100 * score] * 2 for _ in range(500))


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


def test_it_is_remembered_after_a_sync_that_wrote_other_fields(
    shop: Shop, cut_off: str, api: Api
) -> None:
    """The unheard run wrote scores and bands, the next one only scores."""
    write_unheard(shop, api, 0.9)
    assert shop.sync(MAPPING, TWO.format(0.95)).run.totals.updated == 2
    done = shop.sync(MAPPING, TWO.format(0.3)).run
    assert (done.totals.updated, done.details.get("conflict_fields", 0)) == (2, 0)
    assert shop.look("SELECT Band__c FROM Lead") == [{"Band__c": "Cold"}] * 2


def test_what_leaves_after_it_is_cleared(shop: Shop, cut_off: str) -> None:
    """The next batch does not speak of lead b, so it is not among the records read for it."""
    done = shop.sync(MAPPING + "leavers: clear\n", "select 'a' as id, 0.2 as score").run
    assert (done.totals.cleared, done.totals.conflicts) == (1, 0)
    assert scores(shop) == [20, None]


def test_what_a_person_changed_of_a_record_created_unheard_stays(shop: Shop, api: Api) -> None:
    """The next sync finds nothing to do, a person changes one record, and then both are scored."""
    create = MAPPING.replace("column: id", "column: id, missing: create")
    create += "  LastName: \"'Nobody'\"\n  Company: \"'None'\"\n"
    write_unheard(shop, api, 0.2, create)
    assert shop.sync(create, TWO.format(0.2)).run.totals.unchanged == 2
    lead = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")[0]["Id"]
    shop.change("Lead", lead, Score__c=77)
    done = shop.sync(create, TWO.format(0.3)).run
    assert (done.totals.updated, done.totals.conflicts) == (1, 1)
    assert scores(shop) == [77, 30]


def test_what_it_created_and_leaves_at_once_is_cleared(shop: Shop, api: Api) -> None:
    """Lead b was made by a run that never heard of it, and no batch ever speaks of it again."""
    create = MAPPING.replace("column: id", "column: id, missing: create")
    create += "  LastName: \"'Nobody'\"\n  Company: \"'None'\"\nleavers: clear\n"
    write_unheard(shop, api, 0.2, create)
    done = shop.sync(create, "select 'a' as id, 0.2 as score").run
    assert (done.totals.cleared, done.totals.conflicts) == (1, 0)
    assert scores(shop) == [20, None]


def test_what_it_wrote_only_when_it_was_resumed_is_found_out_anew(shop: Shop) -> None:
    """A plan made in between saw that lead b, of which it does not speak, was not yet written."""
    api, clear, patch = Api.COLLECTIONS, MAPPING + "leavers: clear\n", DEAF[Api.COLLECTIONS][0]
    for key in ("a", "b"):
        shop.create("Lead", Ext__c=key)
    shop.sync(clear, TWO.format(0.1), api=api)
    planned = shop.plan(clear, TWO.format(0.2), api=api)
    shop.fail(patch | {"kind": "drop-before"}, DEAF[api][2])
    with pytest.raises(CrmError):
        shop.apply(planned, is_fresh=True)
    shop.mend()
    shop.plan(clear, "select 'a' as id, 0.1 as score")
    # The resumed run reads twice before it writes.
    shop.fail(patch, DEAF[api][2] | {"after": 2})
    with pytest.raises(CrmError):
        shop.apply(planned)
    shop.mend()
    assert scores(shop) == [20, 20]
    shop.sync(clear, "select 'a' as id, 0.2 as score")
    assert scores(shop) == [20, None]


def test_a_run_whose_folder_was_deleted_is_not_asked(shop: Shop, cut_off: str) -> None:
    """As the help page on operations has it for old runs; what it wrote is then unknown."""
    cut = shop.plan(MAPPING, TWO.format(0.2)).run.folder.parent
    for folder in cut.iterdir():
        shutil.rmtree(folder)
    with shop.context() as context, pytest.raises(NoSuchRun, match="no longer kept") as caught:
        deliver(latest_unfinished(context.ledger), context)
    assert caught.value.hint == "crm-sink plan shop.yaml"
    assert shop.sync(MAPPING, TWO.format(0.3)).run.totals.updated == 2


def test_once_its_writes_are_known_it_no_longer_keeps_runs_from_being_pruned(
    shop: Shop, cut_off: str
) -> None:
    """It can never be resumed after a later write: without this nothing was pruned any more."""
    shop.sync(MAPPING, "from (values ('a', 0.3), ('b', 0.2)) t(id, score)")
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        pruned = prune(ledger, shop.home, before=datetime.now(UTC) + timedelta(days=1))
    assert (len(pruned.runs), pruned.kept) == (3, ())
    assert shop.sync(MAPPING, TWO.format(0.4)).run.totals.updated == 2  # b holds its 20
    assert scores(shop) == [40, 40]


def test_what_no_later_batch_spoke_of_is_known_when_it_is_pruned(shop: Shop, cut_off: str) -> None:
    """The next sync speaks of lead a alone, and the one after the prune of lead b again."""
    shop.sync(MAPPING, "select 'a' as id, 0.3 as score")
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        assert prune(ledger, shop.home, before=datetime.now(UTC) + timedelta(days=1)).kept == ()
    assert shop.sync(MAPPING, TWO.format(0.4)).run.totals.updated == 2
    assert scores(shop) == [40, 40]


def test_where_edits_are_overwritten_it_is_pruned_too(shop: Shop, cut_off: str) -> None:
    shop.sync(MAPPING + "edits: overwrite\n", TWO.format(0.3))
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        assert prune(ledger, shop.home, before=datetime.now(UTC) + timedelta(days=1)).kept == ()


def test_an_undo_of_it_advises_no_resume_once_a_later_run_wrote(shop: Shop, cut_off: str) -> None:
    shop.sync(MAPPING, TWO.format(0.3))
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        run = ledger.history()[1]
        with pytest.raises(UsageError, match="on their way") as caught:
            require_settled(run, ledger)
    assert str(caught.value.hint).startswith("crm-sink plan ")
