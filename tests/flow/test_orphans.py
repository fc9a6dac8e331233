"""A job that was made while the process died is found at the org, ended, and told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from crm_sink.assemble import assemble_ledger
from crm_sink.cli.main import run as crm_sink
from crm_sink.clock import SystemClock
from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field
from crm_sink.events import OrphanEnded
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.contract import ChunkState, Run, RunState
from crm_sink.tickets import Api, Ticket
from tests.conftest import FakeClock
from tests.flow.conftest import MAPPING, Shop


def make_job(shop: Shop, **told: Any) -> str:
    """Make an open job, as a process does that dies before it hears of its id."""
    made = shop.call("POST", "/jobs/ingest", {"object": "Lead", "operation": "update"} | told)
    return str(made["id"])


def state(shop: Shop, job: str) -> str:
    return str(shop.call("GET", f"/jobs/ingest/{job}")["state"])


@pytest.fixture
def cut_off(shop: Shop) -> Run:
    """Plan one update by Bulk, and let its process die while it asks for the job."""
    shop.create("Lead", Ext__c="a")
    return cut_off_run(shop, MAPPING)


def cut_off_run(shop: Shop, mapping: str) -> Run:
    run = shop.plan(mapping, "select 'a' as id, 0.9 as score", api=Api.BULK).run
    ticket = Ticket(Api.BULK, None, details={"sending": SystemClock().now().isoformat()})
    ledger = assemble_ledger(shop.settings, SystemClock())
    ledger.remember(run.run, 0, ticket, ChunkState.SENDING)
    ledger.update(replace(run, state=RunState.WRITING))
    ledger.close()
    return run


def resume(shop: Shop, run: Run) -> Run:
    return shop._with(lambda context: deliver(context.ledger.find(run.run), context)).run


def test_a_resumed_run_ends_the_job_that_its_crash_left_open(shop: Shop, cut_off: Run) -> None:
    orphan = make_job(shop)
    assert resume(shop, cut_off).totals.updated == 1
    assert state(shop, orphan) == "Aborted"
    assert OrphanEnded(orphan, "Lead", 0) in shop.events


def test_a_job_that_differs_or_is_from_another_time_is_left_alone(shop: Shop, cut_off: Run) -> None:
    """The integration user may be that of other tools too."""
    clock = shop.org.org.clock
    assert isinstance(clock, FakeClock)
    others = [
        make_job(shop, object="Contact"),
        make_job(shop, operation="insert"),
        make_job(shop, operation="upsert", externalIdFieldName="Ext__c"),
    ]
    clock.advance(3600)
    others.append(make_job(shop))
    assert resume(shop, cut_off).totals.updated == 1
    assert {state(shop, job) for job in others} == {"Open"}


@pytest.mark.parametrize(("key", "left"), [("Ext__c", "Aborted"), ("Other__c", "Open")])
def test_an_upserts_orphan_has_the_same_key(shop: Shop, key: str, left: str) -> None:
    """Two mappings may create leads by two external ids."""
    other = custom_field("Other__c", "Text(40)", external_id=True)
    add_missing(shop.org.org.store, "Lead", (other,))
    creating = MAPPING.replace("column: id", "column: id, missing: create")
    creating += "  LastName: \"'N'\"\n  Company: \"'N'\"\n"
    run = cut_off_run(shop, creating)
    orphan = make_job(shop, operation="upsert", externalIdFieldName=key)
    assert resume(shop, run).totals.created == 1
    assert state(shop, orphan) == left


def test_a_job_that_another_run_is_filling_is_left_alone(shop: Shop, cut_off: Run) -> None:
    filling = make_job(shop)
    other = shop.plan(MAPPING, "select 'a' as id, 0.1 as score", api=Api.BULK).run
    ledger = assemble_ledger(shop.settings, SystemClock())
    ledger.remember(other.run, 0, Ticket(Api.BULK, filling), ChunkState.CREATED)
    ledger.update(replace(other, state=RunState.WRITING, mapping="another"))
    ledger.close()
    assert resume(shop, cut_off).totals.updated == 1
    assert state(shop, filling) == "Open"


def test_jobs_are_listed_only_when_one_can_have_been_lost(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.sync(MAPPING, "select 'a' as id, 0.9 as score", api=Api.BULK)
    assert not [call for call in shop.calls() if call.startswith("GET") and call.endswith("ingest")]


def test_doctor_tells_of_orphans(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", shop.org.url)
    monkeypatch.setenv("CRM_SINK_ACCESS_TOKEN", shop.org.token())
    monkeypatch.setenv("CRM_SINK_HOME", str(shop.home))
    assert crm_sink(["doctor", "--format", "json"]) == 0
    orphan = make_job(shop)
    assert crm_sink(["doctor", "--format", "json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])[-1]
    assert last["check"] == "orphans"
    assert orphan in last["message"]
    assert last["hint"].startswith("crm-sink resume")
