"""Which call a rule means: by method, path and object.

The object stands in the path, belongs to the job that the path names, or is in the body: then the
body is read here and handed on.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from crm_sink.emulator import ids

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

    from crm_sink.emulator.faults.rule import Rule
    from crm_sink.emulator.org import Org

DATA = "/services/data/v*/"
JOB = re.compile(r"/jobs/(?:ingest|query)/([0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?)(?:/|$)")
IN_PATH = re.compile(r"/sobjects/(\w+)")
FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
UNPACK = zlib.MAX_WBITS | 32  # gzip or zlib, as the header says


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as far as rules look at it; `job` is an id in 18 characters."""

    method: str
    path: str
    object: str | None = None
    job: str | None = None


def is_meant(rule: Rule, call: Call) -> bool:
    """Say whether a rule's conditions hold for a call, apart from how often."""
    if rule.method and call.method not in {one.upper() for one in rule.method}:
        return False
    if rule.kind == "vanished-job" and call.job is None:
        return False
    # A pattern without a leading slash goes on from /services/data/vXX.0/.
    pattern = rule.path if rule.path.startswith(("/", "*")) else DATA + rule.path
    if not fnmatchcase(call.path, pattern):
        return False
    return rule.object is None or (call.object or "").lower() == rule.object.lower()


async def look(scope: Scope, receive: Receive, org: Org, *, closely: bool) -> tuple[Call, Receive]:
    """Give the call, and what to receive its body from in future.

    Args:
        scope: The request.
        receive: Its body.
        org: Whose jobs say which object they are of.
        closely: Whether the body is read when nothing else tells the object.
    """
    path = scope["path"].rstrip("/") or "/"
    found = JOB.search(path)
    job = ids.normal(found.group(1)) if found else None
    named = _named(scope, path, job, org)
    if closely and named is None and _is_json(scope):
        body = await _whole(receive)
        named, receive = _in_body(scope, body), _again(body, receive)
    return Call(scope["method"], path, named, job), receive


def _named(scope: Scope, path: str, job: str | None, org: Org) -> str | None:
    if job is not None:
        return next((one.object for one in org.jobs.all() if one.id == job), None)
    in_path = IN_PATH.search(path)
    if in_path:
        return in_path.group(1)
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    if "q" in asked:
        said = FROM.search(asked["q"][0])
        return said.group(1) if said else None
    prefix = asked.get("ids", [""])[0][:3]
    return next((one.name for one in org.store.objects.values() if one.key_prefix == prefix), None)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key.lower() == name), b"")


def _is_json(scope: Scope) -> bool:
    return scope["method"] in ("POST", "PATCH") and b"json" in _header(scope, b"content-type")


async def _whole(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _in_body(scope: Scope, body: bytes) -> str | None:
    """Find the object that a job's creation, a query job or the first record names."""
    try:
        packed = _header(scope, b"content-encoding") == b"gzip"
        said: Any = json.loads(zlib.decompress(body, UNPACK) if packed else body)
    except (ValueError, zlib.error):
        return None  # the org itself will refuse it
    if not isinstance(said, dict):
        return None
    if isinstance(said.get("object"), str):
        return str(said["object"])
    if isinstance(said.get("query"), str):
        found = FROM.search(said["query"])
        return found.group(1) if found else None
    records = said.get("records")
    first = records[0] if isinstance(records, list) and records else None
    attributes = first.get("attributes") if isinstance(first, dict) else None
    return str(attributes.get("type")) if isinstance(attributes, dict) else None
