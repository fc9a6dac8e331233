"""Counts calls by endpoint, so that a test can say "no write call was made": `/__calls__`.

Not a part of Salesforce; calls to it are neither counted nor limited.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


class Calls:
    """How often each `METHOD path template` was called since the last reset."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, method: str, template: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[f"{method} {template}"] += 1

    def counts(self) -> dict[str, int]:
        """Give the counts, by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()


async def show(request: Request) -> Response:
    """Answer with the counts."""
    return JSONResponse(request.app.state.org.calls.counts())


async def reset(request: Request) -> Response:
    """Set all counts to nothing."""
    request.app.state.org.calls.reset()
    return Response(status_code=204)


routes = [
    Route("/__calls__", show, methods=["GET"]),
    Route("/__calls__", reset, methods=["POST"]),
]
