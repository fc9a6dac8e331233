"""What a record's GET tells of its version, and requests that hang on it (facts 2.2, 9).

`Last-Modified` and an `ETag` made of the answer; `If-None-Match` and `If-Modified-Since` are
answered 304, `If-Match` and `If-Unmodified-Since` 412 when they do not hold.

Not imitated: the list of objects that have an ETag (here all records have one).
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request

WORDS = "The requested resource has been modified since the time that the request names"


def versioned(request: Request, record: dict[str, Any], changed: datetime | None) -> Response:
    """Answer with a record, 304 when the client has it already, or 412 when it is another.

    Args:
        request: Its conditions are read.
        record: What would be answered.
        changed: When it was changed last, in UTC without a zone.

    Raises:
        ApiError: 412 PRECONDITION_FAILED.
    """
    check(request, record, changed)
    tag = tag_of(record)
    headers = {"ETag": tag} | ({"Last-Modified": _http(changed)} if changed else {})
    known = request.headers.get("if-none-match")
    if known is not None:
        return _unchanged(headers) if tag in known or known == "*" else reply(record, 200, headers)
    since = _moment(request.headers.get("if-modified-since"))
    if since is not None and changed is not None and changed <= since:
        return _unchanged(headers)
    return reply(record, 200, headers)


def check(request: Request, record: dict[str, Any], changed: datetime | None) -> None:
    """Refuse a call whose conditions the record does not meet.

    Raises:
        ApiError: 412 PRECONDITION_FAILED.
    """
    wanted = request.headers.get("if-match")
    since = _moment(request.headers.get("if-unmodified-since"))
    if wanted is not None and wanted != "*" and tag_of(record) not in wanted:
        raise ApiError(412, "PRECONDITION_FAILED", WORDS)
    if since is not None and changed is not None and changed > since:
        raise ApiError(412, "PRECONDITION_FAILED", WORDS)


def is_conditional(request: Request) -> bool:
    """Say whether a write has conditions at all."""
    return any(name in request.headers for name in ("if-match", "if-unmodified-since"))


def tag_of(record: dict[str, Any]) -> str:
    """Give a record's ETag."""
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest()
    return f'"{base64.b64encode(digest).decode()}"'


def _http(moment: datetime) -> str:
    return format_datetime(moment.replace(tzinfo=UTC), usegmt=True)


def _moment(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # none, or beyond the calendar in UTC
        return None


def _unchanged(headers: dict[str, str]) -> Response:
    return Response(status_code=304, headers=headers)
