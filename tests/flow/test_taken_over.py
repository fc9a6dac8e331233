"""A process that stood still, and whose lease was given away, writes nothing more when it wakes."""

from __future__ import annotations

import os

import pytest

from crm_sink.assemble import assemble
from crm_sink.errors import AlreadyRunning
from crm_sink.events import ChunkMoved, Event
from crm_sink.flow.context import Context
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.schema import tables
from crm_sink.ledger.store import SqlLedger
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop


@pytest.mark.parametrize(
    ("api", "state"),
    [
        (Api.COLLECTIONS, "sending"),
        (Api.BULK, "sending"),
        (Api.BULK, "created"),
        (Api.BULK, "uploaded"),
    ],
)
def test_a_run_whose_lease_was_given_away_does_not_take_the_next_step(
    shop: Shop, api: Api, state: str
) -> None:
    """The newer run may have written meanwhile: a call, or a job that is closed, would undo it."""
    shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.1 as score", api=api).run
    opened: list[Context] = []

    def stand_still(event: Event) -> None:
        if isinstance(event, ChunkMoved) and event.state == state:
            assert isinstance(opened[0].ledger, SqlLedger)
            with opened[0].ledger.database.writing() as connection:
                connection.execute(tables().leases.update().values(token="another's"))

    with assemble(
        shop.settings, target=None, listener=stand_still, clock=shop.clock, environ=os.environ
    ) as context:
        opened.append(context)
        with pytest.raises(AlreadyRunning, match="given away"):
            deliver(planned, context)
    assert shop.counts()["changes"] == 1  # of who made the lead
