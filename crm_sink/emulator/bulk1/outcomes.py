"""The results of a batch of Bulk 1.0: kept in its folder, told in CSV, JSON or XML.

A write's result has one line for each row that was sent, in their order (facts 5). A query's is
the records themselves.

Not imitated: results of several files for one query.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.bulk1.forms import document
from crm_sink.emulator.ingest.results import ERROR
from crm_sink.emulator.sql import literal
from crm_sink.emulator.xml import leaf, wrap

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

ROWS, RECORDS = "outcome.parquet", "records.parquet"
HEADER = ("Id", "Success", "Created", "Error")


def keep(cursor: duckdb.DuckDBPyConnection, folder: Path) -> tuple[int, int]:
    """Keep what became of each row, inside the batch's transaction.

    Returns:
        How many rows there are, and how many of them failed.
    """
    cursor.execute(
        "copy (select n, id, rank is null as success, rank is null and created as created, "
        f"fault.code as code, fault.message as message, fault.fields as fields, {ERROR} as error "
        f"from outcome) to {literal(str(folder / ROWS))} (format parquet)"
    )
    row = cursor.execute("select count(*), count(rank) from outcome").fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def write_records(org: Org, batch: Job, found: Translation) -> int:
    """Keep the records of a query as JSON texts; give how many there are."""
    path = org.jobs.folder(batch.id) / RECORDS
    text = (
        f"copy ({found.select(f'{found.record}::varchar as record')}) "
        f"to {literal(str(path))} (format parquet)"
    )
    with org.store.cursor() as cursor:
        row = cursor.execute(text, found.parameters).fetchone()
    return int(row[0]) if row else 0


def as_csv(org: Org, batch: Job) -> str:
    """Tell a write's result as CSV: every value quoted."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER)
    for record_id, success, created, *_, error in _rows(org, batch):
        flags = (str(success).lower(), str(created).lower())
        writer.writerow([record_id or "", *flags, error or ""])
    return text.getvalue()


def as_json(org: Org, batch: Job) -> list[dict[str, object]]:
    """Tell a write's result as JSON."""
    return [
        {
            "success": success,
            "created": created,
            "id": record_id,
            "errors": []
            if success
            else [
                {
                    "message": message,
                    "fields": list(fields),
                    "statusCode": code,
                    "extendedErrorDetails": None,
                }
            ],
        }
        for record_id, success, created, code, message, fields, _ in _rows(org, batch)
    ]


def as_xml(org: Org, batch: Job) -> str:
    """Tell a write's result as XML."""
    entries = []
    for record_id, success, created, code, message, fields, _ in _rows(org, batch):
        culprits = "".join(leaf("fields", field) for field in fields or ())
        fault = leaf("message", message) + leaf("statusCode", code)
        parts = "" if success else wrap("errors", culprits + fault)
        parts += leaf("id", record_id) if record_id else ""
        entries.append(wrap("result", parts + leaf("success", success) + leaf("created", created)))
    return document("results", "".join(entries))


def records(org: Org, batch: Job) -> str:
    """Give the records of a query as one JSON array."""
    return f"[{','.join(_records(org, batch))}]"


def records_as_xml(org: Org, batch: Job) -> str:
    """Give the records of a query as XML."""
    entries = "".join(_sobject("records", json.loads(text)) for text in _records(org, batch))
    return document("queryResult", entries, typed=True)


def _sobject(name: str, record: dict[str, Any]) -> str:
    parts = [leaf("type", record["attributes"]["type"])]
    for key, value in record.items():
        if key == "attributes":
            continue
        parts.append(_sobject(key, value) if isinstance(value, dict) else leaf(key, value))
    return f'<{name} xsi:type="sObject">{"".join(parts)}</{name}>'


def _rows(org: Org, batch: Job) -> list[tuple[Any, ...]]:
    path = literal(str(org.jobs.folder(batch.id) / ROWS))
    columns = "id, success, created, code, message, fields, error"
    with org.store.cursor() as cursor:
        return cursor.execute(f"select {columns} from read_parquet({path}) order by n").fetchall()


def _records(org: Org, batch: Job) -> list[str]:
    path = literal(str(org.jobs.folder(batch.id) / RECORDS))
    text = f"select record from read_parquet({path}) order by file_row_number"
    with org.store.cursor() as cursor:
        return [record for (record,) in cursor.execute(text).fetchall()]
