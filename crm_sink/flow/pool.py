"""Walk chunks side by side: a bounded number at a time, fewer when they get in each other's way.

A failure of one lets those in flight finish, starts no other, and leaves the ledger saying what is
left.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Chunk
from crm_sink.crm.gauge import Gauge
from crm_sink.engine import Engine
from crm_sink.flow.fields import field_at
from crm_sink.flow.trouble import computing
from crm_sink.flow.unsent import place_of
from crm_sink.tickets import Api
from crm_sink.write.walk import Walk, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.flow.context import Context, Lease
    from crm_sink.ledger.contract import ChunkRecord, Run
    from crm_sink.ledger.folder import RunFolder
    from crm_sink.schema import ObjectSchema
    from crm_sink.write.settle import Settled

# Collections answer at once; more than a few at a time only fight for the same locks.
CALLS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Writing:
    """What writing a run works with. `gauges` are those of the pools so far, by API."""

    run: Run
    context: Context
    lease: Lease
    folder: RunFolder
    engine: Engine
    gauges: dict[Api, Gauge] = field(default_factory=dict)

    def gauge(self, api: Api) -> Gauge:
        """Give the bound on chunks of an API; what it learned in one round holds in the next."""
        most = self.context.parallel_jobs if api is Api.BULK else CALLS_AT_ONCE
        return self.gauges.setdefault(api, Gauge("chunks", most, self.context.listener))


def walk_all(pending: Sequence[ChunkRecord], work: Writing) -> None:
    """Walk chunks until none is left, one fails, or somebody asks to stop.

    Raises:
        CrmSinkError: Of the first chunk that failed.
    """
    if not pending:
        return
    context = work.context
    schema = context.crm.describe(work.run.object)
    broken = threading.Event()
    way = Walk(
        crm=context.crm,
        ledger=context.ledger,
        folder=work.folder,
        clock=context.clock,
        listener=context.listener,
        book=context.judge,
        ensure=work.lease.ensure,
    )
    gauge = work.gauge(pending[0].api)

    def one(record: ChunkRecord) -> None:
        with gauge.place() as place:
            if broken.is_set() or context.stop.is_asked():
                return
            try:
                settled = _walk(record, way, work, schema)
            except BaseException:
                broken.set()
                raise
            if settled.is_crowded:
                place.trouble(settled.code)
            else:
                place.success()

    # Rows that were in each other's way go one chunk after the other.
    at_once = gauge.most if pending[0].attempt == 1 else 1
    with ThreadPoolExecutor(min(at_once, len(pending)), thread_name_prefix="chunk") as pool:
        walks = [pool.submit(one, record) for record in pending]
        wait(walks, return_when=FIRST_EXCEPTION)
    for walked in walks:
        walked.result()


def _walk(record: ChunkRecord, way: Walk, work: Writing, schema: ObjectSchema) -> Settled:
    cursor = work.engine.cursor()
    try:
        with computing(work.folder.root):
            chunk = _chunk(record, work, schema)
            return walk(chunk, way, cursor, attempt=record.attempt)
    finally:
        cursor.close()


def _chunk(record: ChunkRecord, work: Writing, schema: ObjectSchema) -> Chunk:
    run, crm, folder = work.run, work.context.crm, work.folder
    return Chunk(
        run=run.run,
        number=record.number,
        object=record.object,
        action=record.action,
        api=record.api,
        key=field_at(str(run.details["key_field"]), schema, crm),
        fields=tuple(field_at(path, schema, crm) for path in record.fields),
        changes=place_of(record, folder),
        ticket=record.ticket,
        workspace=folder.parts,
        allow_duplicates=run.details.get("duplicates") == "allow",
    )
