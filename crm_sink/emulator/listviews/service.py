"""`/sobjects/X/listviews`: an object's list views, each with its describe and its results.

    GET  /sobjects/X/listviews               200; `recent` for those that were saved last
    GET  /sobjects/X/listviews/ID            200 with the view's entry
    GET  /sobjects/X/listviews/ID/describe   200 with columns, order, condition and SOQL
    GET  /sobjects/X/listviews/ID/results    200; ?limit= (25, up to 2,000) and ?offset=

ID may be a developer name.

Not imitated: Salesforce's own list views (AllLeads, MyLeads, …), what a user looked at last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.routing import Route

from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.listviews import telling
from crm_sink.emulator.listviews.view import ListView, all_of, find
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org

USUAL, MOST = 25, 2000


def show_all(request: Request) -> Response:
    """Answer `GET /sobjects/X/listviews`, and `…/recent`."""
    target = target_of(request)
    found = all_of(request.app.state.org, target)
    version = request.path_params["version"]
    return reply(
        {
            "done": True,
            "listviews": [telling.entry(view, version) for view in found],
            "nextRecordsUrl": None,
            "size": len(found),
            "sobjectType": target.name,
        }
    )


def show(request: Request) -> Response:
    """Answer `GET /sobjects/X/listviews/ID`."""
    return reply(telling.entry(_view(request), request.path_params["version"]))


def describe(request: Request) -> Response:
    """Answer `GET /sobjects/X/listviews/ID/describe`."""
    return reply(telling.description(_view(request)))


def results(request: Request) -> Response:
    """Answer `GET /sobjects/X/listviews/ID/results`."""
    view = _view(request)
    limit = max(1, min(MOST, _number(request, "limit", USUAL)))
    rows = _rows(request, view, limit + 1, _number(request, "offset", 0))
    return reply(telling.results(view, rows[:limit], done=len(rows) <= limit))


def _rows(request: Request, view: ListView, limit: int, offset: int) -> list[tuple[object, ...]]:
    org: Org = request.app.state.org
    now, version = org.now().replace(tzinfo=None), request.path_params["version"]
    reading = Reading(org.store.objects, now, version, user_id=org.user_id)
    found = replace(translate(view.query(), reading), limit=limit, offset=offset)
    text = found.select(", ".join(column.sql for column in found.columns))
    with org.store.cursor() as cursor:
        return cursor.execute(text, found.parameters).fetchall()


def _number(request: Request, key: str, otherwise: int) -> int:
    text = request.query_params.get(key, str(otherwise))
    found = count_in(text)
    if found is None:
        message = f"invalid value for parameter {key}: {text}"
        raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", message)
    return found


def _view(request: Request) -> ListView:
    views = all_of(request.app.state.org, target_of(request))
    found = find(views, request.path_params["view"])
    if found is None:
        raise not_found()
    return found


ROOT = "/services/data/v{version}/sobjects/{object}/listviews"
routes = [
    Route(ROOT, show_all, methods=["GET"]),
    Route(ROOT + "/recent", show_all, methods=["GET"]),
    Route(ROOT + "/{view}", show, methods=["GET"]),
    Route(ROOT + "/{view}/describe", describe, methods=["GET"]),
    Route(ROOT + "/{view}/results", results, methods=["GET"]),
]
