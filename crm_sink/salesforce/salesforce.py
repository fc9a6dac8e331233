"""Salesforce as a `Crm`: chooses the API for each request and passes it on."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from crm_sink.crm.contract import Progress
from crm_sink.salesforce import collections, describe, ingest, limits, read_bulk, read_soql, results
from crm_sink.tickets import Api

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Budget, Chunk, Read, Remember
    from crm_sink.crm.observed import Usage
    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import ObjectSchema
    from crm_sink.tickets import Ticket


class Salesforce:
    """One org.

    Args:
        send: Sends a call; `Session` within its wrappers.
        clock: Waits between the polls of a query job.
        usage: What was sent so far (`Observed.usage`).
        api_version: Such as `62.0`.
    """

    def __init__(
        self, send: Send, clock: Clock, usage: Callable[[], Usage], api_version: str
    ) -> None:
        self._send = send
        self._clock = clock
        self._usage = usage
        self._root = f"/services/data/v{api_version}"
        self._lock = Lock()
        self._schemas: dict[str, ObjectSchema] = {}

    def describe(self, object_name: str) -> ObjectSchema:
        """Describe an object; asked of the org once."""
        with self._lock:
            known = self._schemas.get(object_name.lower())
        if known is None:
            known = describe.describe(self._send, self._root, object_name)
            with self._lock:
                self._schemas[object_name.lower()] = known
        return known

    def read(self, query: Read, engine: Engine, into: Path) -> Relation:
        """Read records by SOQL pages or a Bulk query job, as the query says."""
        if query.api is Api.BULK:
            return read_bulk.read(
                self._send, self._root, self._clock, query, engine=engine, into=into
            )
        return read_soql.read(self._send, self._root, query, engine=engine, into=into)

    def submit(self, chunk: Chunk, engine: Engine, remember: Remember) -> Ticket:
        """Send a chunk, settling what became of an earlier attempt first."""
        if chunk.api is Api.BULK:
            return ingest.submit(
                self._send, self._root, self._clock, chunk, engine=engine, remember=remember
            )
        return collections.submit(
            self._send, self._root, self._clock, chunk, engine=engine, remember=remember
        )

    def progress(self, ticket: Ticket) -> Progress:
        """Ask how far the org is with a chunk. A Collections call is done when it is answered."""
        if ticket.api is Api.BULK:
            return ingest.progress(self._send, self._root, ticket)
        return Progress.DONE

    def collect(self, chunk: Chunk, ticket: Ticket, engine: Engine, into: Path) -> Relation:
        """Fetch one outcome for each change."""
        if ticket.api is not Api.BULK:
            return collections.collect(chunk, ticket, engine, into)
        return results.collect(
            self._send, self._root, self._clock, chunk, ticket, engine=engine, into=into
        )

    def budget(self) -> Budget:
        """Tell how many calls are left today."""
        return limits.budget(self._send, self._root, self._usage)
