"""How changes travel: the API, the action, and the ticket that a crash must not lose."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Api(StrEnum):
    """How a chunk travels, or how records are read."""

    BULK = "bulk"  # Bulk API 2.0
    COLLECTIONS = "collections"  # sObject Collections, 200 records a call
    SOQL = "soql"  # REST query pages (reading only)


class Action(StrEnum):
    """What is done with the records of a chunk."""

    UPDATE = "update"  # by record id
    CREATE = "create"
    UPSERT = "upsert"  # by external id: a create that is safe to send again
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What must be remembered of a chunk that was sent. It survives a crash as JSON.

    Attributes:
        api: How it travels.
        job: The Bulk job's id, or None for Collections.
        uploaded: Whether the job has its data.
        closed: Whether the CRM was told to begin (a job that was not closed did nothing).
        fingerprint: SHA-256 of the bytes that were, or will be, sent.
        sent_bytes: How many bytes that is.
        details: Further flat facts of the implementation.
    """

    api: Api
    job: str | None
    uploaded: bool = False
    closed: bool = False
    fingerprint: str = ""
    sent_bytes: int = 0
    details: dict[str, str] = field(default_factory=dict)
