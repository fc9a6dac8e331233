"""Lists the Bulk 2.0 ingest jobs of the logged-in user that are still Open, and ends them.

An orphan is such a job that no ledger knows: the process died between the request that made it
and the answer. It did nothing, and the org would close it after 24 hours (facts 4.2). Which jobs
are orphans is decided in `flow.orphans`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.crm.call import Call
from crm_sink.crm.open_jobs import OpenJob
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import answers, ingest, job
from crm_sink.salesforce.identity import user_id
from crm_sink.salesforce.job import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.crm.call import Send
    from crm_sink.tickets import Ticket

ACTIONS = {operation: action for action, operation in ingest.OPERATION.items()}
MOST_PAGES = 100  # of up to 1,000 jobs


class IngestJobs:
    """The ingest jobs of one org; see `crm.open_jobs.OpenJobs`."""

    def __init__(self, send: Send, api_version: str) -> None:
        self._send = send
        self._root = f"/services/data/v{api_version}"

    def all(self) -> list[OpenJob]:
        """List the open jobs of the logged-in user.

        Raises:
            CrmError: The org does not say who we are, or refused.
        """
        user = user_id(self._send)
        return [
            OpenJob(
                id=answers.text(found, "id", job.JOBS),
                object=answers.text(found, "object", job.JOBS),
                action=ACTIONS.get(answers.text(found, "operation", job.JOBS)),
                key=found.get("externalIdFieldName"),
                created=_time(answers.text(found, "createdDate", job.JOBS)),
            )
            for found in self._listed()
            if found.get("state") == State.OPEN and str(found.get("createdById"))[:15] == user
        ]

    def abort(self, job_id: str) -> None:
        """End one; nothing happens when it has ended, or was closed, meanwhile."""
        job.end(self._send, self._root, job_id)

    def is_undone(self, ticket: Ticket) -> bool:
        """Tell whether the rows of a ticket are to be sent; see `ingest.settle`."""
        return ticket.job is None or ingest.settle(self._send, self._root, ticket) is None

    def _listed(self) -> Iterator[dict[str, Any]]:
        query = {"jobType": "V2Ingest", "isPkChunkingEnabled": "false"}
        call = Call("GET", f"{self._root}{job.JOBS}", job.JOBS, query=query)
        for _ in range(MOST_PAGES):
            document = self._send(call).document
            yield from answers.items(document, "records", job.JOBS)
            following = document.get("nextRecordsUrl")
            if answers.flag(document, "done") or not following:
                return
            call = Call("GET", str(following), job.JOBS)


def _time(text: str) -> datetime:
    """Read `2021-08-31T01:31:13.000+0000`."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise CrmError(
            f"the org lists a job with a time that cannot be read: {text[:40]}",
            code="UNEXPECTED_ANSWER",
            fate=Fate.STOP,
            where=job.JOBS,
        ) from None
