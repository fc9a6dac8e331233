"""What is asked of a CRM: six methods. Salesforce is one implementation, a dict in memory another.

Retrying, throttling and observing are not its business: they wrap single HTTP calls (`crm.call`).
What the methods raise is a `CrmError` that carries a `Fate`. A row that the CRM refuses is never
raised: it is an outcome. All methods may be called from several threads; each call is given the
`Engine` of its thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from crm_sink.tickets import Action, Api, Ticket

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema, ObjectSchema


@dataclass(frozen=True, slots=True)
class Read:
    """Which records to read.

    Attributes:
        object: API name.
        key: The field that identifies a record (the Id field included).
        fields: The fields to read.
        keys: A relation with one VARCHAR column `key` of distinct keys as the source spells them
            (raw, not yet quoted for SOQL); None reads every record whose key is not null.
        api: SOQL pages for few keys, BULK for many or for all.
        since: Only records with at least this SystemModstamp, UTC (BULK alone).
    """

    object: str
    key: FieldSchema
    fields: tuple[FieldSchema, ...]
    keys: Relation | None
    api: Api
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Changes that travel together: one Bulk job of at most 100 MB, or one call of 200 records.

    Attributes:
        run: The run's id.
        number: From 0 upwards, unique in the run.
        object: API name.
        action: What is done with the records.
        api: How they travel.
        key: For an upsert the external id field, else the field that matched.
        fields: The fields that some change of the chunk writes.
        changes: Their rows (table `changes`).
        ticket: The last one remembered, when the chunk was sent before.
        workspace: Where files on the way are kept until the chunk is collected; beside the changes
            when None. It survives a crash.
        allow_duplicates: Whether to save what a duplicate rule of the CRM only warns of.
    """

    run: str
    number: int
    object: str
    action: Action
    api: Api
    key: FieldSchema
    fields: tuple[FieldSchema, ...]
    changes: Relation
    ticket: Ticket | None = None
    workspace: Path | None = None
    allow_duplicates: bool = False

    def file(self, name: str) -> Path:
        """Give the place of a file on the way."""
        return (self.workspace or self.changes.path.parent) / name


class Progress(StrEnum):
    """How far the CRM is with a chunk."""

    WAITING = "waiting"  # queued or working
    DONE = "done"  # every row has an outcome
    FAILED = "failed"  # ended early: rows may be unprocessed, `collect` tells which


@dataclass(frozen=True, slots=True)
class Budget:
    """The org's allowance of calls in 24 hours, and how many this process made."""

    limit: int
    remaining: int
    calls_made: int


__all__ = ["Action", "Api", "Budget", "Chunk", "Crm", "Progress", "Read", "Remember", "Ticket"]

Remember = Callable[[Ticket], None]


class Crm(Protocol):
    """Everything that is asked of a CRM."""

    def describe(self, object_name: str) -> ObjectSchema:
        """Describe an object: its fields as the logged-in user may see them.

        Raises:
            CrmError: No such object (code NOT_FOUND, fate STOP), or the call failed.
        """

    def read(self, query: Read, engine: Engine, into: Path) -> Relation:
        """Read records (table `present`); more than one may share a key.

        Into a Parquet file; all records of an object perhaps into a folder of files, named as the
        file without its ending.
        """

    def submit(self, chunk: Chunk, engine: Engine, remember: Remember) -> Ticket:
        """Send a chunk; may return before the CRM has done the work.

        Each fact that a crash must not lose is handed to `remember` as soon as it is known: the
        job id before the job is closed. Safe to call again with the chunk's last ticket: what was
        sent before is settled first, and no row is sent twice.
        """

    def progress(self, ticket: Ticket) -> Progress:
        """Ask how far the CRM is with a chunk."""

    def collect(self, chunk: Chunk, ticket: Ticket, engine: Engine, into: Path) -> Relation:
        """Fetch one outcome for each change (table `outcomes`); safe to call again.

        Rows that the CRM never came to have code `UNPROCESSED`.
        """

    def budget(self) -> Budget:
        """Tell how many calls are left today."""
