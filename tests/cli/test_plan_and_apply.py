"""`crm-sink plan` and `apply`: what is shown is what is written, once, and only when it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.clock import SystemClock
from crm_sink.ledger.store import open_ledger

if TYPE_CHECKING:
    from tests.conftest import Desk

HELD = """
gates:
  freshness: {column: scored_at, warn_after: 1h, hold_after: 2h}
"""
OLD = "from (values ('a', 0.9, timestamptz '2020-01-01 00:00:00Z')) t(id, score, scored_at)"


def scores(desk: Desk) -> list[object]:
    return [lead["Score__c"] for lead in desk.look("SELECT Score__c FROM Lead ORDER BY Ext__c")]


def test_a_plan_shows_old_and_new_values_and_writes_nothing(two: Desk) -> None:
    two.written()
    said = two.crm_sink("plan", "lead.yaml")
    assert said.code == 0
    assert "Score__c" in said.out
    assert "90" in said.out
    assert "next         crm-sink apply" in said.out
    assert two.written() == {}


def test_apply_writes_the_latest_plan(two: Desk) -> None:
    two.crm_sink("plan", "lead.yaml")
    said = two.crm_sink("apply", "--format", "json")
    assert (said.code, said.data["state"], said.data["updated"]) == (0, "done", 2)
    assert scores(two) == [90, 10]


def test_apply_writes_the_plan_and_not_what_the_predictions_say_by_now(two: Desk) -> None:
    two.crm_sink("plan", "lead.yaml")
    two.predict("from (values ('a', 0.5), ('b', 0.5)) t(id, score)")
    two.write("lead.yaml", "this is no mapping")
    assert two.crm_sink("apply").code == 0
    assert scores(two) == [90, 10]


def test_a_run_is_found_by_the_beginning_of_its_id(two: Desk) -> None:
    run = two.crm_sink("plan", "lead.yaml", "--format", "json").data["run"]
    assert two.crm_sink("apply", run[:18]).code == 0


def test_a_dry_run_of_apply_shows_the_plan_and_leaves_it(two: Desk) -> None:
    two.crm_sink("plan", "lead.yaml")
    two.written()
    said = two.crm_sink("apply", "--dry-run")
    assert said.code == 0
    assert "to update    2" in said.out
    assert two.written() == {}
    assert two.crm_sink("apply").code == 0


def test_a_plan_with_rejects_ends_with_3(two: Desk) -> None:
    two.predict("from (values ('a', 0.9), ('nobody', 0.1)) t(id, score)")
    assert two.crm_sink("plan", "lead.yaml").code == 3


def test_a_plan_is_applied_once(two: Desk) -> None:
    two.crm_sink("plan", "lead.yaml")
    two.crm_sink("apply")
    said = two.crm_sink("apply")
    assert said.code == 2
    assert "there is nothing to apply" in said.err
    assert "try: crm-sink plan lead.yaml" in said.err


def test_a_plan_that_a_later_run_has_passed_is_out_of_date(two: Desk) -> None:
    old = two.crm_sink("plan", "lead.yaml", "--format", "json").data["run"]
    two.crm_sink("sync", "lead.yaml")
    said = two.crm_sink("apply", old)
    assert said.code == 5
    assert f"since run {old} was planned" in said.err


@pytest.mark.parametrize("verb", ["apply", "show"])
def test_an_unknown_run_is_10(two: Desk, verb: str) -> None:
    two.crm_sink("plan", "lead.yaml")
    said = two.crm_sink(verb, "19990101")
    assert said.code == 10
    assert "19990101" in said.err


@pytest.mark.parametrize("verb", ["plan", "sync"])
def test_a_gate_holds_the_plan_and_nothing_is_written(two: Desk, verb: str) -> None:
    two.write("lead.yaml", (two.folder / "lead.yaml").read_text() + HELD)
    two.predict(OLD)
    said = two.crm_sink(verb, "lead.yaml")
    assert said.code == 4
    assert "--release" in said.out + said.err
    assert scores(two) == [None, None]


def test_a_held_plan_is_let_through_in_a_persons_name(two: Desk) -> None:
    two.write("lead.yaml", (two.folder / "lead.yaml").read_text() + HELD)
    two.predict(OLD)
    two.crm_sink("plan", "lead.yaml")
    assert two.crm_sink("apply").code == 4
    said = two.crm_sink("apply", "--release", "Ada Lovelace", "--format", "json")
    assert (said.code, said.data["released_by"]) == (0, "Ada Lovelace")
    assert scores(two) == [90, None]


@pytest.mark.parametrize("verb", ["plan", "sync"])
def test_a_mapping_that_another_run_works_on_is_11(two: Desk, verb: str) -> None:
    """The other is alive: its heartbeat is seen."""
    home = two.folder / ".crm_sink"
    with open_ledger(None, home, SystemClock()) as ledger, ledger.lease("lead", "the-other-run"):
        said = two.shell(verb, "lead.yaml")
    assert said.code == 11
    assert "run the-other-run is working on lead" in said.err
    assert scores(two) == [None, None]


def test_show_and_runs_tell_what_was_done(two: Desk) -> None:
    """The same facts under the same names, whichever verb is asked."""
    done = two.crm_sink("sync", "lead.yaml", "--format", "json").data
    assert two.crm_sink("show", "--format", "json").data == done
    assert two.crm_sink("runs", "--format", "json").data == [done]
    assert done["run"] in two.crm_sink("runs").out
    assert two.crm_sink("runs", "--format", "csv").out.count("\n") == 2


def test_show_lists_changes_on_request(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    said = two.crm_sink("show", "--changes", "1")
    assert "Band__c" in said.out
    assert "Band__c" not in two.crm_sink("show").out


def test_runs_can_be_narrowed_to_a_mapping_and_a_number(two: Desk) -> None:
    for _ in range(2):
        two.crm_sink("plan", "lead.yaml")
    assert len(two.crm_sink("runs", "--limit", "1", "--format", "json").data) == 1
    assert two.crm_sink("runs", "--mapping", "other", "--format", "json").data == []


def test_without_a_run_both_lists_say_so(desk: Desk) -> None:
    assert desk.crm_sink("runs").out.startswith("no runs yet")
    assert desk.crm_sink("runs", "--format", "json").data == []
    assert desk.crm_sink("show").code == 10
