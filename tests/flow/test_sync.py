"""From predictions to records, over HTTP against the local org."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from crm_sink.errors import MappingError, PlanOutdated, UsageError
from crm_sink.flow import planning
from crm_sink.flow.context import Context, Lease, Request
from crm_sink.flow.deliver import deliver
from crm_sink.flow.sync import sync
from crm_sink.ledger.contract import Run, RunState
from crm_sink.ledger.folder import RunFolder
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop, frame

TWO = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_scores_appear_on_the_records(shop: Shop, api: Api) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b", Score__c=55)
    result = shop.sync(MAPPING, TWO, api=api)
    assert result.run.state is RunState.DONE
    assert shop.look("SELECT Ext__c, Score__c, Band__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "a", "Score__c": 90, "Band__c": "Hot"},
        {"Ext__c": "b", "Score__c": 10, "Band__c": "Cold"},
    ]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_second_sync_writes_nothing_and_makes_no_write_call(shop: Shop, api: Api) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, TWO, api=api)
    shop.calls()
    again = shop.sync(MAPPING, TWO, api=api)
    assert shop.writes() == {}
    totals = again.run.totals
    assert (totals.unchanged, totals.updated) == (2, 0)


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_whole_number_field_takes_what_the_model_gives_as_float(shop: Shop, api: Api) -> None:
    """NumberOfEmployees is an int, which refuses `250.0`."""
    shop.create("Lead", Ext__c="a", NumberOfEmployees=5)
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "  NumberOfEmployees: size\n"
    rows = "from (values ('a', 0.9, 250.0::double), ('b', 0.1, 3.4)) t(id, score, size)"
    assert shop.sync(mapping, rows, api=api).ok
    found = shop.look("SELECT NumberOfEmployees FROM Lead ORDER BY Ext__c")
    assert [record["NumberOfEmployees"] for record in found] == [250, 3]
    assert shop.sync(mapping, rows, api=api).run.totals.unchanged == 2


def test_only_the_changed_fields_of_changed_records_are_written(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    shop.sync(MAPPING, TWO)
    result = shop.sync(MAPPING, "from (values ('a', 0.95), ('b', 0.1)) t(id, score)")
    [change] = result.changes.to_dict("records")
    assert (change["key"], change["Score__c"], change["Score__c.before"]) == ("a", 95, 90)
    assert change["Score__c.write"]
    assert not change["Band__c.write"]


def test_a_plan_in_many_parts_is_the_same_plan(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty parts, in five groups of six; with their gaps they are united into one call."""
    monkeypatch.setattr(planning, "parts_of", lambda *_: 30)
    for key in "abcdefgh":
        shop.create("Lead", Ext__c=key)
    result = shop.sync(
        MAPPING, "from (select chr(97 + i::int) as id, 0.9 as score from range(8) r(i))"
    )
    assert (result.run.totals.updated, result.run.totals.rejected) == (8, 0)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 90}] * 8


def test_every_row_is_accounted_for(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="same", Score__c=50, Band__c="Cold")
    rows = (
        "from (values ('a', 0.9), ('same', 0.5), ('nobody', 0.5), ('twin', 1), ('twin', 1), "
        "(null, 0.3), ('nan', 'nan'::double)) t(id, score)"
    )
    totals = shop.sync(MAPPING, rows).run.totals
    assert (totals.source_rows, totals.planned) == (7, 7)
    assert (totals.updated, totals.unchanged, totals.rejected) == (1, 1, 5)


def test_each_reject_has_a_reason_and_a_cure(shop: Shop) -> None:
    shop.create("Lead", Ext__c="nan")
    rows = "from (values ('nobody', 0.5), ('nan', 'nan'::double)) t(id, score)"
    rejects = shop.sync(MAPPING, rows).rejects
    assert list(rejects["row"]) == [1, 2]
    assert list(rejects["stage"]) == ["match", "transform"]
    assert rejects["message"].str.len().min() > 10
    assert rejects["hint"].str.len().min() > 10


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_row_that_the_org_refuses_is_a_reject_and_the_others_are_written(
    shop: Shop, api: Api
) -> None:
    """The org requires a company, and this lead lost its own."""
    shop.create("Lead", Ext__c="a")
    lame = shop.create("Lead", Ext__c="b")
    planned = shop.plan(MAPPING, TWO, api=api)
    shop.call("DELETE", f"/sobjects/Lead/{lame}")
    result = shop.apply(planned)
    totals = result.run.totals
    assert (totals.updated, totals.failed, totals.rejected) == (1, 1, 1)
    [reject] = result.rejects.to_dict("records")
    assert (reject["key"], reject["stage"], reject["code"]) == ("b", "write", "ENTITY_IS_DELETED")
    assert reject["hint"]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_null_clears_a_field_and_nulls_keep_leaves_it(shop: Shop, api: Api) -> None:
    """A prediction without a score."""
    shop.create("Lead", Ext__c="a", Score__c=50, Note__c="by hand")
    mapping = """
object: Lead
match: {external_id: Ext__c, column: id}
fields:
  Score__c: score
  Note__c: {value: note, nulls: keep}
"""
    shop.sync(mapping, "select 'a' id, null::double as score, null::text as note", api=api)
    assert shop.look("SELECT Score__c, Note__c FROM Lead") == [
        {"Score__c": None, "Note__c": "by hand"}
    ]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_key_without_a_record_is_created_where_the_mapping_says_so(shop: Shop, api: Api) -> None:
    mapping = """
object: Lead
match: {external_id: Ext__c, column: id, missing: create}
fields: {LastName: name, Company: "'None'", Score__c: score}
"""
    shop.create("Lead", Ext__c="old", Score__c=1)
    rows = "from (values ('New 1', 'Lovelace', 5), ('old', 'Nobody', 6)) t(id, name, score)"
    totals = shop.sync(mapping, rows, api=api).run.totals
    assert (totals.created, totals.updated, totals.rejected) == (1, 1, 0)
    assert shop.look("SELECT Ext__c, LastName, Score__c FROM Lead ORDER BY Score__c") == [
        {"Ext__c": "New 1", "LastName": "Lovelace", "Score__c": 5},
        {"Ext__c": "old", "LastName": "Nobody", "Score__c": 6},
    ]


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_lookup_is_set_through_the_parents_external_id(shop: Shop, api: Api) -> None:
    account = shop.create("Account", Ext__c="acme")
    shop.create("Contact", Ext__c="ada")
    mapping = """
object: Contact
match: {external_id: Ext__c, column: id}
fields: {Account.Ext__c: account}
"""
    rows = "select 'ada' as id, 'acme' as account"
    shop.sync(mapping, rows, api=api)
    assert shop.look("SELECT AccountId FROM Contact") == [{"AccountId": account}]
    again = shop.sync(mapping, rows.replace("acme", "ACME"), api=api)
    assert again.run.totals.unchanged == 1


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_a_parent_that_does_not_exist_is_a_reject(shop: Shop, api: Api) -> None:
    shop.create("Contact", Ext__c="ada")
    mapping = """
object: Contact
match: {external_id: Ext__c, column: id}
fields: {Account.Ext__c: account, Score__c: "7"}
"""
    result = shop.sync(mapping, "select 'ada' as id, 'nobody' as account", api=api)
    assert list(result.rejects["code"]) == ["INVALID_FIELD"]
    assert shop.look("SELECT Score__c FROM Contact") == [{"Score__c": None}]


def test_records_are_matched_by_id_too(shop: Shop) -> None:
    lead = shop.create("Lead")
    mapping = "{object: Lead, match: {field: Id, column: id}, fields: {Score__c: '5'}}"
    result = shop.sync(mapping, f"select '{lead[:15]}' as id")
    assert result.run.totals.updated == 1
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 5}]


def test_awkward_keys_find_their_records(shop: Shop) -> None:
    """Spaces, slashes, quotes, backslashes, percent signs, non-BMP characters."""
    keys = ["with space", "a/b", "o'neil", 'say "hi"', "back\\slash", "100%_sure", "🦆", "x&y=z+1"]
    for key in keys:
        shop.create("Lead", Ext__c=key)
    listed = ", ".join(f"('{key.replace(chr(39), chr(39) * 2)}', 0.5)" for key in keys)
    result = shop.sync(MAPPING, f"from (values {listed}) t(id, score)")
    assert result.run.totals.updated == len(keys), result.rejects
    assert result.run.totals.rejected == 0


def test_keys_that_differ_in_case_only_are_twins(shop: Shop) -> None:
    """The external id is not case-sensitive: the org would take both for one record."""
    shop.create("Lead", Ext__c="a")
    result = shop.sync(MAPPING, "from (values ('a', 0.9), ('A', 0.1)) t(id, score)")
    assert result.run.totals.rejected == 2
    assert result.run.totals.updated == 0


def test_an_empty_result_of_the_transform_still_ends_well(shop: Shop) -> None:
    result = shop.sync(MAPPING, "select null::text as id, 0.5 as score")
    assert result.run.state is RunState.DONE
    assert result.run.totals.rejected == 1


def test_assignment_rules_never_fire(shop: Shop) -> None:
    """Without `Sforce-Auto-Assign: FALSE` a score update could hand the lead to another owner."""
    shop.create("Lead", Ext__c="a")
    before = shop.org.org.state.rule_count
    shop.sync(MAPPING, "select 'a' as id, 0.5 as score")
    assert shop.org.org.state.rule_count == before


def test_a_plan_is_refused_when_a_later_run_has_written(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    old = shop.plan(MAPPING, "select 'a' as id, 0.5 as score")
    shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    with pytest.raises(PlanOutdated):
        shop.apply(old)


def test_a_plan_is_applied_once(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.5 as score")
    shop.apply(planned)
    with pytest.raises(UsageError, match="nothing to apply"):
        shop.apply(planned)


def test_a_mapping_that_does_not_fit_the_org_stops_before_anything_is_read(shop: Shop) -> None:
    mapping = "{object: Lead, match: {external_id: Ext__c, column: id}, fields: {Scor__c: score}}"
    with pytest.raises(MappingError) as caught:
        shop.plan(mapping, "select 'a' as id, 0.5 as score")
    [problem] = caught.value.problems
    assert "Scor__c" in str(problem)
    assert "Score__c" in str(problem)


def test_many_records_travel_by_bulk_in_both_directions(shop: Shop) -> None:
    """5,000 leads: more than SOQL and Collections are chosen for."""
    store = shop.org.org.store
    from crm_sink.clock import SystemClock
    from crm_sink.emulator.seed.demo import seed

    seed(store, leads=5_000, accounts=0, contacts=0, opportunities=0, clock=SystemClock())
    mapping = """
object: Lead
match: {external_id: Prospect_Id__c, column: id}
fields: {Score__c: score, Note__c: note}
"""
    rows = (
        "select printf('P-%06d', i) as id, i % 100 as score, "
        "'line\\n\"' || i || '\"' as note from range(1, 5001) r(i)"
    )
    result = shop.sync(mapping, rows)
    assert result.run.api == "bulk"
    assert result.run.totals.updated == 5_000
    [count] = shop.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null AND Note__c != null")
    assert count == {"n": 5_000}
    shop.calls()
    assert shop.sync(mapping, rows).run.totals.unchanged == 5_000
    assert shop.writes() == {}


def test_a_sync_holds_its_mapping_from_the_plan_to_the_last_write(shop: Shop) -> None:
    """Let go in between, a newer run could write there, and be overwritten with older values."""
    shop.create("Lead", Ext__c="a")
    taken: list[str] = []

    def work(context: Context) -> Run:
        def counted(mapping: str, run: str) -> AbstractContextManager[Lease]:
            taken.append(mapping)
            return context.lease(mapping, run)

        request = Request(shop.mapping(MAPPING), frame=frame(TWO))
        return sync(request, replace(context, lease=counted))

    assert shop._with(work).run.totals.updated == 1
    assert taken == ["shop"]


def test_a_plan_is_looked_at_again_once_its_mapping_is_free(shop: Shop) -> None:
    """An apply waits for a run that ends at this moment: what that wrote is newer."""
    shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, TWO)

    def work(context: Context) -> Run:
        def late(mapping: str, run: str) -> AbstractContextManager[Lease]:
            shop.sync(MAPPING, "from (values ('a', 0.4)) t(id, score)")
            return context.lease(mapping, run)

        return deliver(planned.run, replace(context, lease=late))

    with pytest.raises(PlanOutdated, match="has written to Lead since"):
        shop._with(work)
    assert shop.look("SELECT Score__c FROM Lead") == [{"Score__c": 40}]


def test_a_run_that_died_while_it_planned_is_told_by_the_next(shop: Shop) -> None:
    """It stayed `planning` for ever, and its copy of the predictions stayed on the disk."""
    shop.create("Lead", Ext__c="a")
    folder = RunFolder(shop.home, "20251120-060000-000-dead").create()
    (folder.source / "rows.parquet").touch()
    planning = replace(shop.plan(MAPPING, TWO).run, run=folder.run, state=RunState.PLANNING)

    def die(context: Context) -> Run:
        dead = replace(planning, started=planning.started - timedelta(hours=1))
        context.ledger.begin(dead)
        return dead

    dead = shop._with(die).run
    shop.sync(MAPPING, TWO)
    told = shop._with(lambda context: context.ledger.find(dead.run)).run
    assert told.state is RunState.FAILED
    assert "died" in str(told.error)
    assert not folder.source.exists()
