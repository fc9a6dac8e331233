"""Who wrote: a call of REST, or a job of Bulk 2.0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a write came from; a job's has only `job`.

    Attributes:
        call: Method and path template of a request.
        request: The request's own id, as its answer's `X-SFDC-Request-Id` tells it.
        job: A job's id.
    """

    call: str | None = None
    request: str | None = None
    job: str | None = None
