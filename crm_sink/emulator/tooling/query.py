"""`/tooling/query`: SOQL over the org's objects, custom fields and entity definitions.

Not imitated: more than one page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.query.columns import column_metadata
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.tooling.tables import OBJECTS, fill
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org

# These are worked out one at a time.
COSTLY = frozenset({"FullName", "Metadata"})


def run(request: Request) -> Response:
    """Answer `GET /tooling/query?q=…`."""
    soql = request.query_params.get("q")
    if not soql:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    org: Org = request.app.state.org
    version = request.path_params["version"]
    if request.query_params.get("columns", "").lower() == "true":
        with org.store.cursor() as cursor:
            now = org.now().replace(tzinfo=None)
            reading = Reading(fill(org, cursor), now, version, all_rows=False)
            return reply(column_metadata(translate(soql, reading)))
    total, named, records = find(org, soql, version)
    return reply(
        {
            "size": len(records),
            "totalSize": total,
            "done": True,
            "queryLocator": None,
            "entityTypeName": named,
            "records": records,
        }
    )


def find(org: Org, soql: str, version: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Run a query; give how many rows it has, of which object, and the records."""
    with org.store.cursor() as cursor:
        objects = fill(org, cursor)
        now = org.now().replace(tzinfo=None)
        found = translate(soql, Reading(objects, now, version, all_rows=False))
        if found.kind == "count":
            row = cursor.execute(found.count(), found.parameters).fetchone()
            return (int(row[0]) if row else 0), found.target.name, []
        text = found.select(f"{found.record}::varchar")
        rows = cursor.execute(text, found.parameters).fetchall()
    records = [_record(json.loads(row)) for (row,) in rows]
    if len(records) > 1 and any(column.field.name in COSTLY for column in found.columns):
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications "
            f"must specify no more than one row for retrieval. Result size: {len(records)}"
        )
        raise ApiError(400, "MALFORMED_QUERY", message)
    return len(records), found.target.name, records


def _record(record: dict[str, Any]) -> dict[str, Any]:
    attributes = record.get("attributes", {})
    if attributes.get("type", "").lower() in OBJECTS:
        attributes["url"] = attributes["url"].replace("/sobjects/", "/tooling/sobjects/")
    if isinstance(record.get("Metadata"), str):
        record["Metadata"] = json.loads(record["Metadata"])
    return record
