"""Several requests in one call: `/composite`, its batch and its graph (facts 3.2-3.4).

Each part is answered by the org's own application, in order. Only the outer call is counted.

Not imitated: `collateSubrequests`, batch's own quota, the depth and the kinds of a graph's nodes.
Likely but not on record: the words of a composite, a batch or a graph of too many parts.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from starlette.routing import Route

from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.rest.atomic import Part, all_or_none
from crm_sink.emulator.versions import DATA, check_version
from crm_sink.emulator.wire import an_object, clean, json_object, reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message

MOST_PARTS = 25
HANDED_ON = (b"host", b"sforce-auto-assign", b"sforce-duplicate-rule-header")
MOST_QUERIES = 5
MOST_GRAPHS = 75
MOST_NODES = 500
SHOWN = ("Location", "ETag", "Last-Modified")
REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
QUERY = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects)\b")


async def composite(request: Request) -> Response:
    """Answer `POST /composite`: 200, whatever became of the parts."""
    body = await json_object(request)
    parts = _parts(body.get("compositeRequest"))
    if sum(QUERY.match(str(part.get("url"))) is not None for part in parts) > MOST_QUERIES:
        raise ApiError(400, "LIMIT_EXCEEDED", f"At most {MOST_QUERIES} queries and collections")
    if body.get("allOrNone"):
        answered, _ = await all_or_none(request.app.state.org, partial(_parts_of, request, parts))
    else:
        answered = await _parts_of(request, parts)
    return reply({"compositeResponse": [part.told() for part in answered]})


async def graph(request: Request) -> Response:
    """Answer `POST /composite/graph`: each graph is kept or undone as a whole."""
    body = await json_object(request)
    graphs = body.get("graphs")
    if not isinstance(graphs, list) or not graphs:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 graph is required")
    listed = [an_object(one).get("compositeRequest") for one in graphs]
    nodes = sum(len(one) for one in listed if isinstance(one, list))
    if len(graphs) > MOST_GRAPHS or nodes > MOST_NODES:
        text = f"At most {MOST_GRAPHS} graphs and {MOST_NODES} nodes in one call"
        raise ApiError(400, "LIMIT_EXCEEDED", text)
    told = []
    for one in graphs:
        parts = _parts(one.get("compositeRequest"), MOST_NODES)
        answer = partial(_parts_of, request, parts)
        answered, kept = await all_or_none(request.app.state.org, answer)
        told.append(
            {
                "graphId": one.get("graphId"),
                "graphResponse": {"compositeResponse": [part.told() for part in answered]},
                "isSuccessful": kept,
            }
        )
    return reply({"graphs": told})


async def _parts_of(request: Request, parts: list[dict[str, Any]]) -> list[Part]:
    """Answer parts in order; later ones may name the results of earlier ones."""
    answers: dict[str, Any] = {}
    told = []
    for part in parts:
        reference = part.get("referenceId")
        try:
            status, headers, content = await _answer(request, _filled(part, answers))
        except ApiError as error:
            status, headers, content = error.status, {}, error.body()
        answers[str(reference)] = content
        shown = {name: headers[name.lower()] for name in SHOWN if name.lower() in headers}
        told.append(Part(reference, status, shown, content))
    return told


async def batch(request: Request) -> Response:
    """Answer `POST /composite/batch`: independent parts, one after the other."""
    body = await json_object(request)
    told: list[dict[str, Any]] = []
    failed = False
    for part in _parts(body.get("batchRequests")):
        if failed and body.get("haltOnError"):
            halted = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted")
            told.append({"statusCode": 412, "result": halted.body()})
            continue
        url = f"/services/data/{str(part.get('url')).removeprefix('/services/data').lstrip('/')}"
        asked = {**part, "url": url, "body": part.get("richInput")}
        try:
            status, _, content = await _answer(request, asked)
        except ApiError as error:
            status, content = error.status, error.body()
        failed = failed or status >= 400
        told.append({"statusCode": status, "result": content})
    return reply({"hasErrors": failed, "results": told})


def _parts(listed: Any, most: int = MOST_PARTS) -> list[dict[str, Any]]:
    if not isinstance(listed, list) or not listed:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 request is required")
    if len(listed) > most:
        raise ApiError(400, "LIMIT_EXCEEDED", f"At most {most} requests in one call")
    for one in listed:
        an_object(an_object(one).get("httpHeaders") or {})
    return listed


def _filled(part: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """Put earlier results where a part names them: `@{ref.id}`, `@{ref[0].id}`."""

    def value(found: re.Match[str]) -> str:
        content: Any = answers.get(found.group(1))
        for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", found.group(2)):
            try:
                content = content[key] if key else content[count_in(index)]
            except (KeyError, IndexError, TypeError):  # or the number is none
                content = None
                break
        if content is None:
            text = f"Invalid reference specified. No value for {found.group()}"
            raise ApiError(400, "PROCESSING_HALTED", text)
        return json.dumps(content if isinstance(content, str) else json.dumps(content))[1:-1]

    filled: dict[str, Any] = json.loads(REFERENCE.sub(value, json.dumps(part)))
    return filled


async def _answer(request: Request, part: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    """Have the application answer one part, without the gate around it."""
    try:
        url = urlsplit(str(part.get("url")))
    except ValueError:  # a host that is none
        raise not_found() from None
    versioned = DATA.match(url.path)
    if versioned is None:
        raise not_found()
    check_version(versioned)
    sent = b"" if part.get("body") is None else json.dumps(part["body"]).encode()
    kept = [pair for pair in request.scope["headers"] if pair[0] in HANDED_ON]
    given = part.get("httpHeaders") or {}
    extra = [
        (clean(key).lower().encode(), clean(str(value)).encode()) for key, value in given.items()
    ]
    scope = {
        "type": "http",
        # By an older one a streamed answer would ask `receive` without end for a disconnect.
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": request.url.scheme,
        "server": request.scope.get("server"),
        "app": request.app,
        "method": str(part.get("method", "GET")).upper(),
        "path": unquote(url.path).rstrip("/"),
        "raw_path": url.path.encode(),
        "query_string": url.query.replace(" ", "+").encode(),
        "state": request.scope.get("state", {}),
        "headers": [*kept, *extra, (b"content-type", b"application/json")],
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    # The exception layer turns refusals into replies; the router alone would raise them.
    from starlette.middleware.exceptions import ExceptionMiddleware

    handlers = request.app.exception_handlers
    await ExceptionMiddleware(request.app.router, handlers=handlers)(scope, receive, send)
    headers = {key.decode(): value.decode() for key, value in messages[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in messages[1:])
    is_json = headers.get("content-type", "").startswith("application/json")
    told = json.loads(content) if content and is_json else content.decode("utf-8", "replace")
    return messages[0]["status"], headers, told or None


ROOT = "/services/data/v{version}/composite"
routes = [
    Route(ROOT, composite, methods=["POST"]),
    Route(ROOT + "/batch", batch, methods=["POST"]),
    Route(ROOT + "/graph", graph, methods=["POST"]),
]
