"""The endpoints of the pages. Pages need no session: the org listens on loopback only.

Not imitated: login pages, setup, editing (every page only shows).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from crm_sink.emulator.ids import normal
from crm_sink.emulator.listviews.view import all_of, find
from crm_sink.emulator.pages.asked import Asked
from crm_sink.emulator.pages.changes import changes_page
from crm_sink.emulator.pages.deployed import view_page
from crm_sink.emulator.pages.jobs import jobs_page
from crm_sink.emulator.pages.layouts import TABS, layout_of
from crm_sink.emulator.pages.limits import limits_page
from crm_sink.emulator.pages.listing import list_page
from crm_sink.emulator.pages.predictions import prediction_fields, tone
from crm_sink.emulator.pages.record import record_page
from crm_sink.emulator.pages.showing import exact
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org

HOTTEST = 5
# The pages that are of the stand-in itself, beside the tabs of its objects.
TOOLS = ("Changes", "Jobs", "Limits")
HERE = Path(__file__).parent.parent
# Nothing but our own style sheet: what a record holds can start nothing.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


def home(request: Request) -> Response:
    """Show what the org holds, with links to its lists."""
    org: Org = request.app.state.org
    counts = []
    with org.store.cursor() as cursor:
        for tab in TABS:
            target = org.store.objects[tab.lower()]
            live = "where not IsDeleted"
            row = cursor.execute(f"select count(*) from {name(tab)} {live}").fetchone()
            scored = any(found.score for found in prediction_fields(target))
            counts.append((target, layout_of(target).icon, row[0] if row else 0, scored))
    lines = list_page(org, org.store.objects["lead"], Asked()).lines[:HOTTEST]
    found = [line for line in lines if line.prediction and line.prediction.score is not None]
    return _page(request, "home.html", counts=counts, url=org.url(request), hottest=found)


def show_list(request: Request) -> Response:
    """Show a list: one of the page's own, or a deployed view by its id or developer name."""
    org: Org = request.app.state.org
    target = org.store.objects.get(request.path_params["object"].lower())
    if target is None:
        return _missing(request, f"There is no object {request.path_params['object']} in this org.")
    asked, views = Asked.read(request.query_params), all_of(org, target)
    view = find(views, asked.filter_name)
    page = list_page(org, target, asked) if view is None else view_page(org, view, asked)
    links = [(one.label, Asked(filter_name=one.id).link()) for one in views]
    page = replace(page, views=links)
    return _page(request, "list.html", page=page, current=target.name)


def show_record(request: Request) -> Response:
    """Show a record page."""
    org: Org = request.app.state.org
    target = org.store.objects.get(request.path_params["object"].lower())
    record_id = normal(request.path_params["id"])
    if target is None or record_id is None:
        return _missing(request, "There is no such page in this org.")
    page = record_page(org, target, record_id)
    if page is None:
        return _missing(request, f"There is no {target.label} with the id {record_id}.")
    return _page(request, "record.html", page=page, current=target.name)


def show_changes(request: Request) -> Response:
    """Show what was written last."""
    org: Org = request.app.state.org
    page = changes_page(org, request.query_params)
    return _page(request, "changes.html", page=page, current="Changes")


def show_jobs(request: Request) -> Response:
    """Show the bulk jobs."""
    page = jobs_page(request.app.state.org)
    return _page(request, "jobs.html", page=page, current="Jobs")


def show_limits(request: Request) -> Response:
    """Show what is used of the day, and what the calls did."""
    page = limits_page(request.app.state.org)
    return _page(request, "limits.html", page=page, current="Limits")


async def style(request: Request) -> Response:
    """Give the style sheet."""
    return FileResponse(HERE / "static" / "org.css", media_type="text/css")


async def picture(request: Request) -> Response:
    """Give the icon that browsers show in a tab."""
    return FileResponse(HERE / "static" / "org.svg", media_type="image/svg+xml")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["tone"] = tone
    return environment


def _page(request: Request, template: str, status: int = 200, **content: object) -> Response:
    org: Org = request.app.state.org
    tabs = [org.store.objects[tab.lower()] for tab in TABS]
    found = org.store.objects.get(str(content.get("current", "Lead")).lower())
    searched = found or org.store.objects["lead"]
    shown = {"current": "Home", "tabs": tabs, "tools": TOOLS, "searched": searched, **content}
    shown |= {"now": exact(org.now())}
    text = _templates().get_template(template).render(shown)
    return HTMLResponse(text, status, headers={"content-security-policy": POLICY})


def _missing(request: Request, message: str) -> Response:
    return _page(request, "missing.html", 404, message=message)


routes = [
    Route("/", home, methods=["GET"]),
    Route("/lightning/o/{object}/list", show_list, methods=["GET"]),
    Route("/lightning/r/{object}/{id}/view", show_record, methods=["GET"]),
    Route("/lightning/changes", show_changes, methods=["GET"]),
    Route("/lightning/jobs", show_jobs, methods=["GET"]),
    Route("/lightning/limits", show_limits, methods=["GET"]),
    Route("/static/org.css", style, methods=["GET"]),
    Route("/static/org.svg", picture, methods=["GET"]),
]
