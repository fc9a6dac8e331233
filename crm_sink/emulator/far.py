"""Lets each call to the API be on its way for as long as the org is far: `latency_seconds`.

Pages and the paths that begin with `/__` are near.

Not imitated: bandwidth, jitter (each call takes the same time).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from crm_sink.emulator.org import Org

# Calls on their way wait in threads of their own, so that they keep no other from being worked.
MOST = 200


class Far:
    """The org's application, at a distance."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self.app = app
        self.org = org
        self._on_their_way: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through after its time."""
        seconds = self.org.settings.latency_seconds
        if seconds and scope["type"] == "http" and scope["path"].startswith("/services/"):
            if self._on_their_way is None:
                self._on_their_way = CapacityLimiter(MOST)
            await to_thread.run_sync(self.org.clock.sleep, seconds, limiter=self._on_their_way)
        await self.app(scope, receive, send)
