"""`/sobjects`, `/sobjects/X` and `/sobjects/X/describe`: what the org knows of its objects.

Every key of the recordings is there, in their order; 304 answers `If-Modified-Since` when no
object was changed since.

Not imitated: layouts, record types other than Master.
"""

from __future__ import annotations

import zlib
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator.describe.objects import describe, path_of, summary
from crm_sink.emulator.sql import name
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

RECENT = 5


def show_all(request: Request) -> Response:
    """Answer the global describe."""
    org: Org = request.app.state.org
    version = request.path_params["version"]
    if _is_unchanged(request):
        return _unchanged(request)
    found = sorted(org.store.objects.values(), key=lambda one: one.name)
    body = {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(one, version) for one in found],
    }
    return _told(request, body)


def show_one(request: Request) -> Response:
    """Answer the describe of one object."""
    org: Org = request.app.state.org
    target = target_of(request)
    if _is_unchanged(request):
        return _unchanged(request)
    body = describe(org.store.objects, target, request.path_params["version"], org.url(request))
    return _told(request, body)


def show_basics(request: Request) -> Response:
    """Answer `GET /sobjects/X`: its flags and a few records."""
    org: Org = request.app.state.org
    target = target_of(request)
    version = request.path_params["version"]
    return reply(
        {"objectDescribe": summary(target, version), "recentItems": _recent(org, target, version)}
    )


def _recent(org: Org, target: ObjectType, version: str) -> list[dict[str, object]]:
    """Give the records that were changed last; Salesforce gives those that the user looked at."""
    shown = target.find("Name")
    column = name(shown.name) if shown and not target.is_compound(shown) else '"Id"'
    if shown and target.is_compound(shown):
        column = "concat_ws(' ', FirstName, LastName)"
    live = "where not IsDeleted" if target.find("IsDeleted") else ""
    order = "LastModifiedDate desc," if target.find("LastModifiedDate") else ""
    order = f'order by {order} "Id" limit {RECENT}'
    text = f'select "Id", {column} from {name(target.name)} {live} {order}'
    with org.store.cursor() as cursor:
        rows = cursor.execute(text).fetchall()
    path = path_of(target.name, version)
    return [
        {
            "attributes": {"type": target.name, "url": f"{path}/{record_id}"},
            "Id": record_id,
            "Name": text,
        }
        for record_id, text in rows
    ]


def _changed(request: Request) -> datetime:
    """Give when the definitions were changed last, as far as describes have seen, in seconds.

    A change within the same second moves the time on by one: no client is told 304 wrongly.
    """
    org: Org = request.app.state.org
    now = org.now().replace(microsecond=0)
    seen: tuple[dict[str, ObjectType], datetime] | None
    seen = getattr(request.app.state, "described", None)
    if seen is None or seen[0] != org.store.objects:
        changed = now if seen is None else max(now, seen[1] + timedelta(seconds=1))
        seen = (dict(org.store.objects), changed)
        request.app.state.described = seen
    return seen[1]


def _told(request: Request, body: dict[str, object]) -> Response:
    """Answer with a describe and the eight digits of its ETag."""
    answer = reply(body, headers=_stamped(request))
    tag = f'"{zlib.crc32(answer.body):08x}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={**_stamped(request), "etag": tag})
    answer.headers["etag"] = tag
    return answer


def _stamped(request: Request) -> dict[str, str]:
    return {"last-modified": format_datetime(_changed(request), usegmt=True)}


def _is_unchanged(request: Request) -> bool:
    text = request.headers.get("if-modified-since")
    if text is None:
        return False
    try:
        since = parsedate_to_datetime(text)
    except ValueError:
        return False
    return since.tzinfo is not None and _changed(request) <= since


def _unchanged(request: Request) -> Response:
    return Response(status_code=304, headers=_stamped(request))


routes = [
    Route("/services/data/v{version}/sobjects", show_all, methods=["GET"]),
    Route("/services/data/v{version}/sobjects/{object}", show_basics, methods=["GET"]),
    Route("/services/data/v{version}/sobjects/{object}/describe", show_one, methods=["GET"]),
]
