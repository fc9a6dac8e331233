"""`/__settings__`: changes how a running local org behaves. No part of Salesforce; no session.

    GET  /__settings__  200 with all settings below, memory_limit and parallel_jobs
    POST /__settings__  an object with some of them → 200 with all; 400 {"error": text}

    daily_api_requests calls in a rolling 24 hours
    daily_bulk_batches bulk batches in a rolling 24 hours: 10,000 rows of a Bulk 2.0 job are one
    daily_query_jobs   query jobs of Bulk 2.0 in a rolling 24 hours
    batch_rows         rows of a bulk job that are committed together
    batch_seconds      how long a batch, or a call that writes, holds its row locks (0: not at all)
    lock_wait_seconds  how long a write waits for a lock before its rows fail (Salesforce: 10)
    latency_seconds    how long each call is on its way (0: not at all)
    job_seconds        how long a bulk job takes at least, half of it in the queue
    log_values         whether the write log keeps old and new values
    duplicate_rules    [{"object", "fields" (default ["Email"]), "allow_save" (default true),
                       "message"}], at most one for each object

They hold until the org stops; what `crm-sink org start` was given stays for its next start. How
many jobs run at once is chosen at its start.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from crm_sink.emulator.duplicates.rule import read_rule

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.settings import OrgSettings

KINDS: dict[str, type | tuple[type, ...]] = {
    "daily_api_requests": int,
    "daily_bulk_batches": int,
    "daily_query_jobs": int,
    "batch_rows": int,
    "batch_seconds": (int, float),
    "lock_wait_seconds": (int, float),
    "latency_seconds": (int, float),
    "job_seconds": (int, float),
    "log_values": bool,
    "duplicate_rules": list,
}
# Told, and chosen at the start only.
FIXED = ("memory_limit", "parallel_jobs")
LEAST = {"batch_rows": 1, "daily_api_requests": 1, "daily_bulk_batches": 0, "daily_query_jobs": 0}
LONGEST = {
    "batch_seconds": 600.0,
    "lock_wait_seconds": 600.0,
    "latency_seconds": 60.0,
    "job_seconds": 3600.0,
}


async def show(request: Request) -> Response:
    """Tell the settings."""
    org: Org = request.app.state.org
    return JSONResponse(_told(org.settings))


async def change(request: Request) -> Response:
    """Change some settings."""
    org: Org = request.app.state.org
    try:
        org.settings = replace(org.settings, **_read(json.loads(await request.body()), org))
        org.limits.daily = org.settings.daily_api_requests
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(_told(org.settings))


def _read(given: Any, org: Org) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError("send a JSON object")
    for key, value in given.items():
        if key not in KINDS:
            raise ValueError(f"there is no setting {key!r}; there are {', '.join(KINDS)}")
        if not isinstance(value, KINDS[key]) or (isinstance(value, bool) and key != "log_values"):
            raise ValueError(f"{key}: {value!r} is of the wrong kind")
    for key, least in LEAST.items():
        if given.get(key, least) < least:
            raise ValueError(f"{key} is at least {least}")
    for key, longest in LONGEST.items():
        if not 0 <= given.get(key, 0) <= longest:
            raise ValueError(f"{key} is 0 to {longest:.0f}")
    if "duplicate_rules" not in given:
        return given
    rules = tuple(read_rule(one) for one in given["duplicate_rules"])
    for rule in rules:
        target = org.store.objects.get(rule.object.lower())
        if target is None or not all(target.find(field) for field in rule.fields):
            raise ValueError(f"duplicate_rules: {rule.object} has no {', '.join(rule.fields)}")
    return {**given, "duplicate_rules": rules}


def _told(settings: OrgSettings) -> dict[str, Any]:
    told = {key: getattr(settings, key) for key in (*KINDS, *FIXED)}
    return {**told, "duplicate_rules": [rule.told() for rule in settings.duplicate_rules]}


routes = [
    Route("/__settings__", show, methods=["GET"]),
    Route("/__settings__", change, methods=["POST"]),
]
