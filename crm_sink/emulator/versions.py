"""Which API versions answer, and what each root lists (facts 2.1).

Not imitated: behaviour that differs by version, but for upserts before 46.0 and for resources that
came later than 31.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.routing import Route

from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DATA = re.compile(r"/services/data/v(?P<major>\d+)\.(?P<minor>\d+)(/|$)")
OLDEST = 31
NEWEST = 68
RETIRED = range(7, OLDEST)
# From which version on a resource is there, as its page in the guides says (facts 3.1, 4.10).
SINCE = (
    (re.compile(r"/composite/sobjects/[^/]+/[^/]+"), 46),
    (re.compile(r"/composite/sobjects(/[^/]+)?"), 42),
    (re.compile(r"/composite/graph"), 50),
    (re.compile(r"/composite/(batch|tree/[^/]+)"), 34),
    (re.compile(r"/composite"), 38),
    (re.compile(r"/jobs/ingest(/.*)?"), 41),
    (re.compile(r"/jobs/query/[^/]+/resultPages"), 58),
    (re.compile(r"/jobs/query(/.*)?"), 47),
    (re.compile(r"/limits/recordCount"), 40),
)
SEASONS = ("Winter", "Spring", "Summer")
# Version 32.0 was Winter '15; three releases a year since.
FIRST_WINTER, ITS_YEAR = 32, 15

RESOURCES = (
    "tooling", "metadata", "eclair", "folders", "prechatForms", "contact-tracing", "jsonxform",
    "chatter", "payments", "tabs", "appMenu", "quickActions", "queryAll", "commerce", "wave",
    "analytics", "search", "composite", "parameterizedSearch", "fingerprint", "theme",
    "nouns", "domino", "event", "serviceTemplates", "recent", "connect", "licensing", "limits",
    "process", "dedupe", "async-queries", "query", "jobs", "localizedvalue", "mobile",
    "emailConnect", "flexiPage", "tokenizer", "compactLayouts", "sobjects", "actions", "support",
)  # fmt: skip


def is_offered(version: str) -> bool:
    """Say whether an API version answers, written as `58.0`."""
    major, _, minor = version.partition(".")
    return minor == "0" and OLDEST <= (count_in(major) or 0) <= NEWEST


def check_version(found: re.Match[str]) -> None:
    """Refuse a path of DATA whose version does not answer, or has no such resource yet.

    Raises:
        ApiError: 410 of a retired one, 404 of one that there is not, or is without the resource.
    """
    major, minor = count_in(found["major"]), count_in(found["minor"])
    if minor == 0 and major in RETIRED:
        raise ApiError(
            410,
            "GONE",
            "The requested resource has been retired or removed. "
            "Delete or update any references to the resource.",
        )
    if minor != 0 or major is None or not OLDEST <= major <= NEWEST:
        raise not_found()
    rest = found.string[found.end("minor") :].rstrip("/")
    since = next((since for path, since in SINCE if path.fullmatch(rest)), OLDEST)
    if major < since:
        raise not_found()


def label(version: int) -> str:
    """Give a release's name; one of them has a curly quote, as on the wire."""
    years, season = divmod(version - FIRST_WINTER, 3)
    quote = "’" if version == 42 else "'"
    return f"{SEASONS[season]} {quote}{ITS_YEAR + years}"


async def list_versions(request: Request) -> Response:
    """Answer `GET /services/data`, which needs no session."""
    return reply(
        [
            {"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(OLDEST, NEWEST + 1)
        ]
    )


async def list_resources(request: Request) -> Response:
    """Answer `GET /services/data/vXX.0`: names and paths."""
    root = f"/services/data/v{request.path_params['version']}"
    found = {resource: f"{root}/{resource}" for resource in RESOURCES}
    found["identity"] = request.app.state.org.identity_url(request)
    return reply(found)


routes = [
    Route("/services/data", list_versions, methods=["GET"]),
    Route("/services/data/v{version}", list_resources, methods=["GET"]),
]
