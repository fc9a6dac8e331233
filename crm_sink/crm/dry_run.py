"""A CRM that can be read and not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import CrmError, Fate

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.crm.contract import Budget, Chunk, Crm, Progress, Read, Remember
    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import ObjectSchema
    from crm_sink.tickets import Ticket


class DryRun:
    """A `Crm` whose `submit` refuses; all else is the CRM within."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def describe(self, object_name: str) -> ObjectSchema:
        """Describe an object."""
        return self._crm.describe(object_name)

    def read(self, query: Read, engine: Engine, into: Path) -> Relation:
        """Read records."""
        return self._crm.read(query, engine, into)

    def submit(self, chunk: Chunk, engine: Engine, remember: Remember) -> Ticket:
        """Refuse to write.

        Raises:
            CrmError: Always (code DRY_RUN, fate STOP).
        """
        raise CrmError(
            f"a dry run writes nothing: {chunk.changes.rows} changes of {chunk.object} stay unsent",
            code="DRY_RUN",
            fate=Fate.STOP,
            hint="the same command without --dry-run",
        )

    def progress(self, ticket: Ticket) -> Progress:
        """Ask how far the CRM is with a chunk that was sent before."""
        return self._crm.progress(ticket)

    def collect(self, chunk: Chunk, ticket: Ticket, engine: Engine, into: Path) -> Relation:
        """Fetch the outcomes of a chunk that was sent before."""
        return self._crm.collect(chunk, ticket, engine, into)

    def budget(self) -> Budget:
        """Tell how many calls are left today."""
        return self._crm.budget()
