"""Several requests in one transaction: `allOrNone` composites and graphs (facts 3.2, 3.3).

The parts are answered by the org's own application, on a thread that holds the store's one
transaction; what they write is seen by later parts, and by nobody else before the end.

Not imitated: row locks for the time of the whole call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from crm_sink.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crm_sink.emulator.org import Org

HALTED = "The transaction was rolled back since another operation in the same transaction failed."


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one part of a composite call."""

    reference: Any
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def failed(self) -> bool:
        """Whether it was refused, or (a collection) any of its rows was."""
        if self.status >= 400:
            return True
        rows = self.body if isinstance(self.body, list) else []
        return any(isinstance(row, dict) and row.get("success") is False for row in rows)

    def told(self) -> dict[str, Any]:
        """Give its entry in `compositeResponse`."""
        return {
            "body": self.body,
            "httpHeaders": self.headers,
            "httpStatusCode": self.status,
            "referenceId": self.reference,
        }

    def halted(self) -> Part:
        """Give this part as it is told of when another one has undone it."""
        error = ApiError(400, "PROCESSING_HALTED", HALTED)
        body = [{"errorCode": error.code, "message": error.message}]
        return Part(self.reference, error.status, {}, body)


class _Undo(Exception):
    """Rolls the transaction back; its parts are known."""

    def __init__(self, parts: list[Part]) -> None:
        super().__init__("undo")
        self.parts = parts


async def all_or_none(
    org: Org, answer: Callable[[], Awaitable[list[Part]]]
) -> tuple[list[Part], bool]:
    """Answer parts in one transaction; when one fails, undo all.

    Returns:
        The parts, and whether they were kept.
    """
    return await run_in_threadpool(_in_transaction, org, answer)


def _in_transaction(
    org: Org, answer: Callable[[], Awaitable[list[Part]]]
) -> tuple[list[Part], bool]:
    try:
        with org.store.joined():
            parts = asyncio.run(_listed(answer))
            if any(part.failed for part in parts):
                raise _Undo(parts)
    except _Undo as undone:
        return [part if part.failed else part.halted() for part in undone.parts], False
    return parts, True


async def _listed(answer: Callable[[], Awaitable[list[Part]]]) -> list[Part]:
    return await answer()
