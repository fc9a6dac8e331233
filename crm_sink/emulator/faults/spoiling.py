"""Spoils the org's own answer on its way out: cut, mislabelled, altered, or results that flake.

Each spoiler wraps an ASGI `send`. CSV rows pass one by one, so memory does not grow with a result.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Send

    from crm_sink.emulator.faults.rule import Rule

HangUp = Callable[[], Awaitable[None]]


def truncating(rule: Rule, send: Send, hang_up: HangUp) -> Send:
    """Cut the body: a part of it, or, of one that streams, all but a part of its last piece."""
    left: int | None = None
    last = b""
    cut = False

    async def end() -> None:
        nonlocal cut
        cut = True
        if rule.mend_length:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await hang_up()

    async def truncated(message: Message) -> None:
        nonlocal left, last
        if cut:
            return
        if message["type"] == "http.response.start":
            length = _headers(message).get(b"content-length")
            if length is not None:
                left = int(int(length) * rule.keep)
                if rule.mend_length:
                    message = _with_header(message, b"content-length", str(left).encode())
            await send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if left is not None:
            piece, left = body[:left], left - len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if left <= 0:
                await end()
            return
        held, last = last, body or last
        if body and held:
            await send({"type": "http.response.body", "body": held, "more_body": True})
        if not more:
            piece = last[: int(len(last) * rule.keep)]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await end()

    return truncated


def relabelling(rule: Rule, send: Send) -> Send:
    """Send the right body under a wrong content type."""

    async def relabelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = _with_header(message, b"content-type", rule.content_type.encode())
        await send(message)

    return relabelled


def altering(rule: Rule, send: Send) -> Send:
    """Change top-level keys of a JSON object, or of each object of a JSON array."""
    start: Message | None = None
    pieces: list[bytes] = []

    async def altered(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            if b"json" not in _headers(message).get(b"content-type", b""):
                await send(message)
            else:
                start = message
            return
        if start is None:
            await send(message)
            return
        pieces.append(message.get("body", b""))
        if message.get("more_body"):
            return
        content = json.loads(b"".join(pieces))
        for one in content if isinstance(content, list) else [content]:
            _alter(rule, one)
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        await send(_with_header(start, b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return altered


def flaking(rule: Rule, send: Send) -> Send:
    """Lose or double the first rows of a CSV answer, or send its columns in another order."""
    is_csv = False
    flake = _Flake(rule)

    async def flaked(message: Message) -> None:
        nonlocal is_csv
        if message["type"] == "http.response.start":
            is_csv = b"csv" in _headers(message).get(b"content-type", b"")
            if is_csv:
                message = _with_header(message, b"content-length", None)
        elif is_csv:
            more = message.get("more_body", False)
            body = flake.pass_on(message.get("body", b""), last=not more)
            message = {"type": "http.response.body", "body": body, "more_body": more}
        await send(message)

    return flaked


class _Flake:
    """Takes a CSV text in pieces and gives it back with its rows changed."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._rest = b""
        self._rows = 0

    def pass_on(self, piece: bytes, *, last: bool) -> bytes:
        self._rest += piece
        return b"".join(self._changed(one) for one in self._records(last))

    def _records(self, last: bool) -> Iterator[bytes]:
        """Cut whole records off: they end at a line end outside of quotes."""
        lines = self._rest.splitlines(keepends=True)
        record = b""
        for line in lines:
            record += line
            if record.endswith(b"\n") and record.count(b'"') % 2 == 0:
                yield record
                record = b""
        self._rest = b"" if last else record
        if last and record:
            yield record

    def _changed(self, record: bytes) -> bytes:
        place, self._rows = self._rows, self._rows + 1
        if self._rule.how == "reordered":
            return _reversed(record)
        if place == 0 or place > self._rule.rows:
            return record
        return b"" if self._rule.how == "missing" else record * 2


def _reversed(record: bytes) -> bytes:
    end = b"\r\n" if record.endswith(b"\r\n") else b"\n"
    (cells,) = csv.reader(io.StringIO(record.decode(), newline=""))
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(reversed(cells))
    return text.getvalue().encode() + end


def _alter(rule: Rule, found: Any) -> None:
    if not isinstance(found, dict):
        return
    for key, number in rule.add.items():
        if isinstance(found.get(key), int):
            found[key] += number
    found.update(rule.set)
    for key in rule.remove:
        found.pop(key, None)


def _headers(message: Message) -> dict[bytes, bytes]:
    return {key.lower(): value for key, value in message["headers"]}


def _with_header(message: Message, name: bytes, value: bytes | None) -> Message:
    kept = [pair for pair in message["headers"] if pair[0].lower() != name]
    return {**message, "headers": kept if value is None else [*kept, (name, value)]}
