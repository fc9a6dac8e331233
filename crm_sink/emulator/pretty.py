"""Writes JSON the way Salesforce does under `X-PrettyPrint: 1` (facts 2.1).

Seen in every recording made with that header: `"a" : b`, `[ ]`, two spaces of indent, and array
elements on the line of their brackets. Knows nothing of what the JSON means.

Not imitated: pretty XML.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def pretty(content: Any, indent: str = "") -> str:
    """Give a JSON value as indented text."""
    deeper = indent + "  "
    if isinstance(content, dict):
        if not content:
            return "{ }"
        entries = (
            f"{deeper}{_scalar(key)} : {pretty(value, deeper)}" for key, value in content.items()
        )
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(content, list):
        return f"[ {', '.join(pretty(one, indent) for one in content)} ]" if content else "[ ]"
    return _scalar(content)


def _scalar(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)


class PrettyPrint:
    """Re-writes JSON replies for requests that ask for it; lets everything else through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope.get("headers", ()))
        if headers.get(b"x-prettyprint", b"0").lower() not in {b"1", b"true"}:
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                if not _is_json(start):
                    await send(start)
                return
            if not _is_json(start):
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                content = pretty(json.loads(body)).encode() if body else b""
                kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
                kept.append((b"content-length", str(len(content)).encode()))
                await send({**start, "headers": kept})
                await send({"type": "http.response.body", "body": content})

        await self.app(scope, receive, collect)


def _is_json(start: Message) -> bool:
    found = [value for key, value in start["headers"] if key.lower() == b"content-type"]
    return bool(found) and found[0].startswith(b"application/json")
