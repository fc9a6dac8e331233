"""The layer around the org's whole application in which faults of calls strike.

It stands outside of the gate: a call that is dropped or refused here is neither counted nor taken
from the day's allowance. Paths that begin with `/__` are never struck.

Not imitated: a connection that dies while the request is being sent, packets lost one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from anyio import CapacityLimiter, to_thread

from crm_sink.emulator.faults import answers, spoiling
from crm_sink.emulator.faults.matching import look

if TYPE_CHECKING:
    import asyncio
    from types import MethodType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from crm_sink.emulator.faults.rule import Rule
    from crm_sink.emulator.org import Org

# Slow calls wait in threads of their own, so that they keep no other call from being worked.
MOST_SLOW = 200


class _Cycle(Protocol):
    """What uvicorn hands its `receive` and `send` out of."""

    transport: asyncio.Transport


class Faulty:
    """The org's application with the faults of `org.faults`."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self.app = app
        self.org = org
        self._slow: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or strike it."""
        faults = self.org.faults
        if scope["type"] != "http" or scope["path"].startswith("/__") or not faults.strikes_calls:
            await self.app(scope, receive, send)
            return
        call, body = await look(scope, receive, self.org, closely=faults.asks_object)
        if faults.has_vanished(call.job):
            await answers.vanished()(scope, body, send)
            return
        for rule in faults.on_call(call):
            if rule.kind == "slow":
                await self._delay(rule.seconds or 0.0)
                continue
            await self._strike(rule, scope, _Body(receive, body), send)
            return
        await self.app(scope, body, send)

    async def _delay(self, seconds: float) -> None:
        if self._slow is None:
            self._slow = CapacityLimiter(MOST_SLOW)
        await to_thread.run_sync(self.org.clock.sleep, seconds, limiter=self._slow)

    async def _strike(self, rule: Rule, scope: Scope, body: _Body, send: Send) -> None:
        if rule.kind in ("drop-before", "drop-after"):
            if rule.kind == "drop-after":
                await self.app(scope, body.receive, _unheard)
            await body.hang_up()
            return
        instead = answers.answer_of(rule, scope)
        if instead is None:
            await self._spoil(rule, scope, body, send)
            return
        if rule.revoke:
            self._revoke(scope)
        if rule.processed:
            await self.app(scope, body.receive, _unheard)
        await instead(scope, body.receive, send)

    async def _spoil(self, rule: Rule, scope: Scope, body: _Body, send: Send) -> None:
        spoilt = {
            "truncated": lambda: spoiling.truncating(rule, send, body.close),
            "content-type": lambda: spoiling.relabelling(rule, send),
            "altered": lambda: spoiling.altering(rule, send),
            "flaky-results": lambda: spoiling.flaking(rule, send),
        }[rule.kind]()
        # What is to be spoilt must not be packed.
        kept = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
        await self.app({**scope, "headers": kept}, body.receive, spoilt)

    def _revoke(self, scope: Scope) -> None:
        headers = {key.lower(): value for key, value in scope["headers"]}
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() in ("bearer", "oauth"):
            self.org.sessions.revoke(token.strip())
        if b"x-sfdc-session" in headers:
            self.org.sessions.revoke(headers[b"x-sfdc-session"].decode("latin-1").strip())


class _Body:
    """A request's body, and the connection that it came by."""

    def __init__(self, first: Receive, receive: Receive) -> None:
        self.receive = receive
        self._first = first
        self._cycle = cast("_Cycle", cast("MethodType", first).__self__)

    async def hang_up(self) -> None:
        """Close the connection at once; what was not sent yet never is."""
        self._cycle.transport.abort()
        await self._gone()

    async def close(self) -> None:
        """Close the connection after what was sent."""
        self._cycle.transport.close()
        await self._gone()

    async def _gone(self) -> None:
        """Wait until the server knows, so that it adds no answer of its own."""
        while (await self._first())["type"] != "http.disconnect":
            pass


async def _unheard(message: Message) -> None:
    """Lose an answer."""
