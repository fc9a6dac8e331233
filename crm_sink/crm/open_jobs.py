"""Jobs that the CRM holds for us and has not begun: what a crash leaves behind, seen from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from crm_sink.tickets import Action, Ticket


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of our user's that was made and never closed, so that it has done nothing.

    Attributes:
        id: The CRM's id.
        object: API name.
        action: What it is to do; None when it is none of ours.
        key: The field by which an upsert finds records.
        created: By the CRM's clock, UTC.
    """

    id: str
    object: str
    action: Action | None
    key: str | None
    created: datetime


class OpenJobs(Protocol):
    """What is asked of a CRM about such jobs."""

    def all(self) -> list[OpenJob]:
        """List the open jobs of the logged-in user."""

    def abort(self, job: str) -> None:
        """End one; nothing happens when it has ended, or was closed, meanwhile."""

    def is_undone(self, ticket: Ticket) -> bool:
        """Tell whether nothing came of the job of a ticket, and nothing will: send its rows.

        One that was never closed is ended, so that nothing comes of it any more.

        Raises:
            CrmError: It was closed, and the CRM no longer knows it (JOB_GONE).
        """
