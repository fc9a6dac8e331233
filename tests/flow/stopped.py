"""A run of some size that is stopped on its way, as the tests of resume and of undo need one."""

from __future__ import annotations

import os
import signal

from crm_sink.assemble import assemble
from crm_sink.clock import SystemClock
from crm_sink.emulator.seed.demo import seed
from crm_sink.events import ChunkMoved, Event
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.contract import Run
from crm_sink.stopping import Stop, StoppableClock
from crm_sink.tickets import Api
from tests.flow.conftest import Shop

MAPPING = """
object: Lead
match: {external_id: Prospect_Id__c, column: id}
fields: {Score__c: score}
"""
ROWS = "select printf('P-%06d', i) as id, i % 100 + 1 as score from range(1, 1501) r(i)"


def plan_1500(shop: Shop, api: Api) -> Run:
    """Plan a score for each of 1,500 leads."""
    store = shop.org.org.store
    seed(store, leads=1_500, accounts=0, contacts=0, opportunities=0, clock=SystemClock())
    return shop.plan(MAPPING, ROWS, api=api).run


def deliver_until(shop: Shop, planned: Run, state: str) -> None:
    """Deliver a plan, and ask it to stop when a chunk first reaches that state."""
    stop = Stop()

    def listen(event: Event) -> None:
        if isinstance(event, ChunkMoved) and event.state == state:
            stop.ask(signal.SIGTERM)

    with assemble(
        shop.settings,
        target=None,
        listener=listen,
        clock=StoppableClock(stop),
        environ=os.environ,
        stop=stop,
    ) as context:
        deliver(context.ledger.find(planned.run), context)
