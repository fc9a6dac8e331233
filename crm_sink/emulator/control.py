"""Lets `crm-sink org seed` fill a running org: `POST /__seed__`. No part of Salesforce.

The body is a JSON object with any of: `fields`, a list of {object, name, type, external_id, label,
help}; `records`, counts by object; `csv`, one {path, object, columns, values, defaults,
date_format}; `history`, whether changes of the fields that predictions are written to are tracked:
by default of new fields of objects with at most 100,000 records. The answer tells what was made,
and which fields are `tracked`. Calls are neither counted nor limited, and need no session: the org
listens on loopback only.
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
from crm_sink.emulator.seed.demo import PREDICTIONS, AlreadySeeded, add_missing, seed
from crm_sink.emulator.seed.fields import custom_field
from crm_sink.emulator.seed.history import track_seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

NO_RECORDS = {"leads": 0, "accounts": 0, "contacts": 0, "opportunities": 0}


def fill(org: Org, wanted: dict[str, Any]) -> dict[str, Any]:
    """Add fields and records to an org, and tell what was made.

    Raises:
        ValueError: A part has another shape; or a field's type, a file or a column is wrong.
        AlreadySeeded: The org holds such records already.
    """
    _check(wanted)
    known = set(_fields_of(org))
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
    made["tracked"] = _track(org, wanted, known)
    return made


def _check(wanted: dict[str, Any]) -> None:
    fields, records = wanted.get("fields", []), wanted.get("records", {})
    named = {"object", "name", "type"}
    if not isinstance(fields, list) or not all(
        isinstance(one, dict) and named <= one.keys() and {type(one[key]) for key in named} == {str}
        for one in fields
    ):
        raise ValueError("fields is a list of objects, each with the texts object, name and type")
    counts = records.items() if isinstance(records, dict) else [("", None)]
    if not all(key in NO_RECORDS and type(count) is int for key, count in counts):
        raise ValueError(f"records are counts of {', '.join(NO_RECORDS)}")


def _track(org: Org, wanted: dict[str, Any], known: set[tuple[str, str]]) -> list[str]:
    """Track what predictions are written to: new fields, or all of them where that is asked for."""
    asked = wanted.get("history")
    if asked is False:
        return []
    written = [(one["object"], one["name"]) for one in wanted.get("fields", [])]
    if "records" in wanted:
        written += [(kind, field.name) for kind, fields in PREDICTIONS.items() for field in fields]
    distinct = dict.fromkeys((kind.lower(), field.lower()) for kind, field in written)
    new = [one for one in distinct if asked or one not in known]
    return track_seeded(org.store, new, asked=bool(asked))


def _fields_of(org: Org) -> Iterator[tuple[str, str]]:
    for kind, target in org.store.definitions.items():
        yield from ((kind, field) for field in target.fields)


def _add_fields(org: Org, fields: list[dict[str, Any]]) -> list[str]:
    """Add those that are missing: all of them, or none when one is wrong."""
    made = [(wanted["object"], _field(org, wanted)) for wanted in fields]
    return [
        f"{target}.{name}"
        for target, field in made
        for name in add_missing(org.store, target, (field,))
    ]


def _field(org: Org, wanted: dict[str, Any]) -> Field:
    if wanted["object"].lower() not in org.store.objects:
        raise ValueError(f"the local org has no object {wanted['object']}")
    try:
        return custom_field(
            wanted["name"],
            wanted["type"],
            label=wanted.get("label"),
            external_id=bool(wanted.get("external_id")),
            help=wanted.get("help"),
        )
    except ValueError as error:
        raise ValueError(f"{wanted['object']}.{wanted['name']}: {error}") from None


async def answer(request: Request) -> Response:
    """Fill the org as the body says.

    Only JSON is taken: a page of another site cannot send it without asking first, and is refused.
    """
    if request.headers.get("content-type") != "application/json":
        return JSONResponse({"error": "Content-Type must be application/json"}, status_code=415)
    try:
        wanted = await request.json()
        if not isinstance(wanted, dict):
            raise ValueError("the body is no JSON object")
        made = await run_in_threadpool(fill, request.app.state.org, wanted)
    except AlreadySeeded as error:
        return JSONResponse({"error": str(error)}, status_code=409)
    except (ValueError, OSError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse(made)


routes = [Route("/__seed__", answer, methods=["POST"])]
