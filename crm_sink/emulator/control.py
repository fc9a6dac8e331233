"""Lets `crm-sink org seed` fill a running org: `POST /__seed__`. No part of Salesforce.

The body is a JSON object with any of: `fields`, a list of {object, name, type, external_id, label,
help}; `records`, counts by object; `csv`, one {path, object, columns, values, defaults,
date_format}. The answer tells what was
made. Calls are neither counted nor limited, and need no session: the org listens on loopback only.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_sink.emulator.seed.csv import seed_csv
from crm_sink.emulator.seed.csv_staging import CsvOptions
from crm_sink.emulator.seed.demo import AlreadySeeded, add_missing, seed
from crm_sink.emulator.seed.fields import custom_field

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org

NO_RECORDS = {"leads": 0, "accounts": 0, "contacts": 0, "opportunities": 0}


def fill(org: Org, wanted: dict[str, Any]) -> dict[str, Any]:
    """Add fields and records to an org, and tell what was made.

    Raises:
        ValueError: A field's type, a file or a column is wrong.
        AlreadySeeded: The org holds such records already.
    """
    made: dict[str, Any] = {"fields": _add_fields(org, wanted.get("fields", []))}
    if "records" in wanted:
        counts = {**NO_RECORDS, **wanted["records"]}
        number = int(wanted.get("seed", 7))
        made["records"] = asdict(seed(org.store, **counts, seed=number, clock=org.clock))
    if "csv" in wanted:
        csv = wanted["csv"]
        options = CsvOptions(
            date_format=csv.get("date_format"),
            defaults=csv.get("defaults", {}),
            values=csv.get("values", {}),
        )
        path, object_name = Path(csv["path"]), csv["object"]
        report = seed_csv(
            org.store, path, object_name, csv["columns"], clock=org.clock, options=options
        )
        made["csv"] = asdict(report)
    return made


def _add_fields(org: Org, fields: list[dict[str, Any]]) -> list[str]:
    added = []
    for wanted in fields:
        if wanted["object"].lower() not in org.store.objects:
            raise ValueError(f"the local org has no object {wanted['object']}")
        field = custom_field(
            wanted["name"],
            wanted["type"],
            label=wanted.get("label"),
            external_id=bool(wanted.get("external_id")),
            help=wanted.get("help"),
        )
        added += [
            f"{wanted['object']}.{name}"
            for name in add_missing(org.store, wanted["object"], (field,))
        ]
    return added


async def answer(request: Request) -> Response:
    """Fill the org as the body says.

    Only JSON is taken: a page of another site cannot send it without asking first, and is refused.
    """
    if request.headers.get("content-type") != "application/json":
        return JSONResponse({"error": "Content-Type must be application/json"}, status_code=415)
    wanted = await request.json()
    try:
        made = await run_in_threadpool(fill, request.app.state.org, wanted)
    except (ValueError, AlreadySeeded, OSError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse(made)


routes = [Route("/__seed__", answer, methods=["POST"])]
