"""What every request passes first: version, session, allowance, and the headers of each reply.

Everything under `/services/data/vXX.0` needs a session and costs one call; pages and the login
do not (facts 1.6, 2.1). Request bodies in gzip are opened here.

Not imitated: per-app usage in Sforce-Limit-Info; cookies that mean something (one is set, none is
read).
"""

from __future__ import annotations

import uuid
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers

from crm_sink.emulator.errors import ApiError, json_parser_error, not_found
from crm_sink.emulator.versions import DATA, check_version
from crm_sink.emulator.wire import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from crm_sink.emulator.org import Org

# "The combined length of the URI and headers exceeds the 16,384-byte limit" (REST guide, 431).
LONGEST_URI = 16_384
YEAR = 31_536_000
NOT_GZIP = "The request body is not in gzip format."
CACHE = "no-cache,must-revalidate,max-age=0,no-store,private"


class Gate:
    """The outermost layer of the org's web application."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self.app = app
        self.org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or answer it with a refusal."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        _tidy(scope)
        extra = _reply_headers(scope["method"], scope["path"])
        scope.setdefault("state", {})["request_id"] = extra["x-sfdc-request-id"]
        answer = _adding(send, extra)
        try:
            self._admit(scope, headers, extra)
        except ApiError as error:
            await refusal(error)(scope, receive, answer)
            return
        if headers.get("content-encoding", "").lower() == "gzip":
            receive = _opened(receive)

        async def counted(message: Message) -> None:
            # Before the answer leaves: who has it may ask for the counts at once.
            if message["type"] == "http.response.start":
                self._count(scope)
            await answer(message)

        await self.app(scope, receive, counted)

    def _count(self, scope: Scope) -> None:
        route = scope.get("route")
        if route is not None and not scope["path"].startswith("/__"):
            self.org.calls.add(scope["method"], str(getattr(route, "path", scope["path"])))

    def _admit(self, scope: Scope, headers: Headers, extra: dict[str, str]) -> None:
        uri = len(scope.get("raw_path", b"")) + len(scope["query_string"])
        if uri > LONGEST_URI:
            raise ApiError(414, "URI_TOO_LONG", "The URI exceeds 16,384 bytes.")
        if uri + sum(len(key) + len(value) for key, value in scope["headers"]) > LONGEST_URI:
            raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "URI and headers are too long.")
        found = DATA.match(scope["path"])
        if found is None:
            if scope["path"].startswith("/services/data/v"):  # v60, say: the routes would take it
                raise not_found()
            if _needs_session(scope["path"]):
                self.check_session(scope, headers)
            return
        check_version(found)
        self.check_session(scope, headers)
        used = self.org.limits.use()
        extra["sforce-limit-info"] = f"api-usage={used}/{self.org.limits.daily}"

    def check_session(self, scope: Scope, headers: Headers) -> None:
        """Refuse a request without a live session.

        Raises:
            ApiError: 401, with one of the two bodies of facts 1.6.
        """
        kind, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if kind.lower() not in {"bearer", "oauth"} or not token:
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("oauth_token")
            if asked is None:
                raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
            token = asked[0]
        if not self.org.sessions.is_valid(token):
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _tidy(scope: Scope) -> None:
    """Take stray slashes as if they were not there, and `_HttpMethod` as the method.

    The sf command line tool puts a path that begins with a slash behind a URL that ends in one.
    """
    if scope["path"].startswith("//services/"):
        scope["path"] = f"/{scope['path'].lstrip('/')}"
    path, raw = scope["path"], scope.get("raw_path", b"")
    # An upsert's key may end in an encoded slash: only a literal one is dropped.
    if path.startswith("/services/") and len(path) > 1 and raw.endswith(b"/"):
        scope["path"] = path.rstrip("/")
    if scope["method"] == "POST" and b"_HttpMethod=" in scope["query_string"]:
        method = parse_qs(scope["query_string"].decode("latin-1")).get("_HttpMethod", ["POST"])[0]
        scope["method"] = method.upper()


def _needs_session(path: str) -> bool:
    return path.startswith(("/services/oauth2/userinfo", "/id/00D"))


def _reply_headers(method: str, path: str) -> dict[str, str]:
    """Give the headers of every reply, as recorded in 2026 (facts 2.1)."""
    request_id = uuid.uuid4().hex
    headers = {"server": "sfdcedge", "x-sfdc-request-id": request_id, "x-request-id": request_id}
    if path.startswith(("/services/", "/id/")):
        browser = f"BrowserId={request_id[:22]}; path=/; Max-Age={YEAR}; SameSite=Lax"
        headers |= {
            "cache-control": CACHE,
            "set-cookie": browser,
            "x-robots-tag": "none",
            "x-sfdc-edge-cache": "none",
        }
        if method in ("GET", "POST"):  # recorded: PATCH and DELETE have none
            headers["vary"] = "Accept-Encoding"
    return headers


def _adding(send: Send, extra: dict[str, str]) -> Send:
    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {key.lower() for key, _ in message["headers"]}
            added = [
                (key.encode(), value.encode())
                for key, value in extra.items()
                if key.encode() not in present
            ]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return adding


def _opened(receive: Receive) -> Receive:
    """Unpack a gzipped body as it comes in; it may have several parts, and must be whole."""
    unpacker: Any = None

    async def opened() -> Message:
        nonlocal unpacker
        message = await receive()
        if message["type"] != "http.request":
            return message
        packed, body = message.get("body", b""), b""
        try:
            while packed:
                unpacker = unpacker or zlib.decompressobj(16 + zlib.MAX_WBITS)
                body += unpacker.decompress(packed)
                packed = unpacker.unused_data
                unpacker = None if unpacker.eof else unpacker
        except zlib.error as error:
            raise json_parser_error(NOT_GZIP) from error
        if unpacker is not None and not message.get("more_body"):
            raise json_parser_error(NOT_GZIP)
        return {**message, "body": body}

    return opened
