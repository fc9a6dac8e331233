"""Old runs go; what the memory of written values needs of them stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from crm_sink.assemble import assemble_ledger
from crm_sink.clock import SystemClock
from crm_sink.errors import LedgerError, NoSuchRun
from crm_sink.flow.past import find_run
from crm_sink.flow.prune import Pruned, prune
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.ledger.store import SqlLedger
from tests.flow.conftest import MAPPING, Shop

ONE = "select 'a' as id, 0.9 as score"
LATER = "select 'a' as id, 0.2 as score"
TWO = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
LEAVERS = MAPPING + "leavers: clear\n"
VALUES = "SELECT Score__c, Band__c FROM Lead ORDER BY Ext__c"


def all_pruned(shop: Shop, **more: Any) -> Pruned:
    """Prune as if a day had gone by since the last run."""
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        before = more.pop("before", datetime.now(UTC) + timedelta(days=1))
        return prune(ledger, shop.home, before=before, **more)


def known(shop: Shop) -> list[str]:
    with assemble_ledger(shop.settings, SystemClock()) as ledger:
        return [run.run for run in ledger.history()]


def test_folders_and_rows_of_old_runs_go(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE).run
    pruned = all_pruned(shop)
    assert pruned.runs == (done.run,)
    assert pruned.freed_bytes > 0
    assert not done.folder.exists()
    assert known(shop) == []


def test_a_dry_run_tells_the_same_and_deletes_nothing(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE).run
    assert all_pruned(shop, dry_run=True).runs == (done.run,)
    assert done.folder.exists()
    assert known(shop) == [done.run]


def test_runs_that_ended_later_stay(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    old = shop.sync(MAPPING, ONE).run
    between = datetime.now(UTC)
    new = shop.sync(MAPPING, LATER).run
    assert all_pruned(shop, before=between).runs == (old.run,)
    assert known(shop) == [new.run]


def test_edits_are_protected_after_a_prune(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, ONE)
    all_pruned(shop)
    shop.change("Lead", lead, Band__c="Warm")
    result = shop.sync(MAPPING, LATER)
    [conflict] = result.conflicts.to_dict("records")
    assert (conflict["written"], conflict["present"]) == ("Hot", "Warm")
    assert shop.look(VALUES) == [{"Score__c": 20, "Band__c": "Warm"}]


def test_leavers_are_known_after_a_prune_and_cleared_once(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.create("Lead", Ext__c="never ours", Score__c=77)
    shop.sync(LEAVERS, TWO)
    all_pruned(shop)
    assert shop.sync(LEAVERS, ONE).run.totals.cleared == 1
    all_pruned(shop)
    assert shop.sync(LEAVERS, ONE).run.totals.planned == 1
    assert shop.look("SELECT Score__c FROM Lead ORDER BY Ext__c")[2] == {"Score__c": 77}


def test_a_second_prune_folds_into_the_first_snapshot(shop: Shop) -> None:
    """The score is of the second run and the band of the first; both are remembered."""
    lead = shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, ONE)
    all_pruned(shop)
    shop.sync(MAPPING, "select 'a' as id, 0.95 as score")
    all_pruned(shop)
    shop.change("Lead", lead, Band__c="Warm", Score__c=1)
    result = shop.sync(MAPPING, LATER)
    written = dict(zip(result.conflicts["field"], result.conflicts["written"], strict=True))
    assert written == {"Score__c": "95", "Band__c": "Hot"}


def test_the_snapshot_holds_one_row_for_a_record_however_many_runs_wrote_it(shop: Shop) -> None:
    import pyarrow.parquet as pq

    shop.create("Lead", Ext__c="a")
    for score in (0.1, 0.2, 0.3):
        shop.sync(MAPPING, f"select 'a' as id, {score} as score")
        all_pruned(shop)
    assert pq.read_metadata(shop.home / "written" / "shop.parquet").num_rows == 1


def test_a_run_is_not_pruned_before_the_undo_that_took_it_back(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a", Score__c=50)
    done = shop.sync(MAPPING, ONE)
    between = datetime.now(UTC)
    back = shop.apply(shop._with(lambda context: undo(UndoRequest(done.run), context)))
    pruned = all_pruned(shop, before=between)
    assert pruned.runs == ()
    assert [run for run, _ in pruned.kept] == [done.run.run]
    assert all_pruned(shop).runs == (done.run.run, back.run.run)
    assert shop.sync(MAPPING, LATER).run.totals.conflicts == 0


def test_plans_that_can_be_applied_stay_and_outdated_ones_go(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    outdated = shop.plan(MAPPING, ONE).run
    done = shop.sync(MAPPING, ONE).run
    waiting = shop.plan(MAPPING, LATER).run
    pruned = all_pruned(shop)
    assert pruned.runs == (outdated.run, done.run)
    assert pruned.kept == ((waiting.run, "its plan waits to be applied"),)


def test_a_held_plan_and_the_batch_that_gates_compare_with_stay(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    mapping = MAPPING + "gates: {volume: {hold_if_rows_change: 10%}}\n"
    baseline = shop.sync(mapping, ONE).run
    held = shop.plan(mapping, TWO).run
    assert str(held.state) == "held"
    assert [run for run, _ in all_pruned(shop).kept] == [baseline.run, held.run]
    shop.sync(MAPPING, LATER)  # after it the held plan can no longer be released
    assert all_pruned(shop).runs == (held.run,)


def test_an_undo_of_a_pruned_run_says_that_it_was_pruned(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE).run
    all_pruned(shop)
    with (
        assemble_ledger(shop.settings, SystemClock()) as ledger,
        pytest.raises(NoSuchRun, match="were pruned, and cannot be undone"),
    ):
        find_run(done.run, ledger, shop.home)


class Dying:
    """A ledger whose database goes away when runs are to be forgotten."""

    def __init__(self, ledger: SqlLedger) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def forget(self, runs: Sequence[str]) -> None:
        raise LedgerError(f"{len(runs)} runs cannot be forgotten: the database is away")


def test_a_prune_that_dies_half_way_counts_nothing_twice(shop: Shop) -> None:
    """The snapshot is written and the folders are gone, but the ledger still has the rows."""
    lead = shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, ONE).run
    with (
        assemble_ledger(shop.settings, SystemClock()) as ledger,
        pytest.raises(LedgerError),
    ):
        prune(
            cast(SqlLedger, Dying(ledger)), shop.home, before=datetime.now(UTC) + timedelta(days=1)
        )
    assert known(shop) == [done.run]
    assert all_pruned(shop).runs == (done.run,)
    shop.change("Lead", lead, Band__c="Warm")
    assert list(shop.sync(MAPPING, LATER).conflicts["written"]) == ["Hot"]
