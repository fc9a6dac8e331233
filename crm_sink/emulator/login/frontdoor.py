"""A browser's way in: `/services/oauth2/singleaccess`, which `sf org open` calls, and its address.

The address is good for one visit in Salesforce; the local org's pages need no login, so that it
only leads on.

Not imitated: one-time passwords that are looked at, application ids.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org


async def single_access(request: Request) -> Response:
    """Tell a client with a session where to send its user's browser."""
    org: Org = request.app.state.org
    form = await request.form() if request.method == "POST" else {}
    given = {**request.query_params, **{key: str(value) for key, value in form.items()}}
    _, _, token = request.headers.get("authorization", "").partition(" ")
    if not org.sessions.is_valid(token.strip() or given.get("access_token", "")):
        return PlainTextResponse("Bad_OAuth_Token", 403)
    url = org.url(request)
    asked = {"otp": secrets.token_urlsafe(48)}
    wanted = given.get("redirect_uri", "").removeprefix(url)
    if wanted:
        asked["startURL"] = wanted
    return reply({"frontdoor_uri": f"{url}/secur/frontdoor.jsp?{urlencode(asked)}"})


def frontdoor(request: Request) -> Response:
    """Lead a browser on to the page that it was sent for, on this org and no other."""
    asked = request.query_params
    wanted = asked.get("startURL") or asked.get("retURL") or ""
    return RedirectResponse("/" + wanted.lstrip("/\\"), 302)


routes = [
    Route("/services/oauth2/singleaccess", single_access, methods=["GET", "POST"]),
    Route("/secur/frontdoor.jsp", frontdoor, methods=["GET"]),
]
