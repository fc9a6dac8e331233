"""Reads a batch of Bulk 1.0 into staged text columns: CSV, JSON or XML.

CSV goes the way of Bulk 2.0. Records of JSON and XML become the same columns: a nested record is a
column `Relationship.Key`, JSON's null and XML's `xsi:nil` clear, an empty XML element is ignored.

Not imitated: the exact words for a record that is no record. Not on record and so only likely: an
empty text in JSON clears its field, as it does in REST.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml.values import CSV, JSON, Dialect, text_of
from crm_sink.emulator.ingest.header import BadFile, columns_of, read_header
from crm_sink.emulator.ingest.source import stage_file
from crm_sink.emulator.ingest.working import BODY, STAGED
from crm_sink.emulator.rest.rows import type_in
from crm_sink.emulator.sql import literal
from crm_sink.emulator.wire import clean
from crm_sink.emulator.xml import BadXml, is_nil, named, parse, tag

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from xml.etree.ElementTree import Element

    import duckdb

    from crm_sink.emulator.dml.staging import Column
    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.schema import ObjectType

MOST_ROWS = 10_000
# The words of Bulk for bad values, and JSON's mark for null: "#N/A" is a text here.
RECORDS = Dialect("records", JSON.clear)

Record = dict[str, str]


def stage_batch(
    cursor: duckdb.DuckDBPyConnection, folder: Path, batch: Job, objects: dict[str, ObjectType]
) -> tuple[tuple[Column, ...], Dialect]:
    """Write the rows of a batch to its staging file, and say what they mean.

    Raises:
        BadFile: The whole batch fails with this `stateMessage`.
    """
    if batch.more["content"] == "CSV":
        header = read_header(folder / BODY, batch, objects)
        rows = stage_file(cursor, folder / BODY, folder / STAGED, batch, header)
        _check_count(rows)
        return header.columns, CSV
    content = (folder / BODY).read_bytes()
    read = _json_records if batch.more["content"] == "JSON" else _xml_records
    records = list(read(content))
    _check_count(len(records))
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = columns_of(names, batch, objects)
    _stage(cursor, folder / STAGED, names, records)
    return columns, RECORDS


def _check_count(rows: int) -> None:
    if not rows:
        raise BadFile("InvalidBatch : Records not found")
    if rows > MOST_ROWS:
        raise BadFile(f"InvalidBatch : Exceeded max records per batch : {MOST_ROWS}")


def _json_records(content: bytes) -> Iterable[Record]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"InvalidBatch : Failed to parse JSON. {error}") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadFile("InvalidBatch : Failed to parse JSON. An array of records is expected")
    return (_json_record(one) for one in found)


def _json_record(given: dict[str, Any]) -> Record:
    record: Record = {}
    for key, value in given.items():
        if key == "attributes":
            continue
        if isinstance(value, dict):
            record |= _named(key, _json_record(value), type_in(value))
        elif isinstance(value, list):
            raise BadFile(f"InvalidBatch : Failed to parse JSON. {key} holds an array")
        else:
            record[key] = _json_text(value)
    return record


def _json_text(value: object) -> str:
    if value is None:
        return RECORDS.clear
    if isinstance(value, bool):
        return str(value).lower()
    return text_of(clean(value)) if isinstance(value, str) else repr(value)


def _xml_records(content: bytes) -> Iterable[Record]:
    try:
        root = parse(content)
    except BadXml as error:
        raise BadFile(f"InvalidBatch : Failed to parse XML. {error}") from None
    if tag(root) != "sObjects":
        raise BadFile(f"InvalidBatch : Failed to parse XML. Expected sObjects, found {tag(root)}")
    return (_xml_record(one) for one in named(root, "sObject"))


def _xml_record(element: Element) -> Record:
    record: Record = {}
    for child in element:
        name = tag(child)
        if name == "type":
            continue
        if is_nil(child):
            record[name] = RECORDS.clear
        elif len(child):
            nested = next(named(child, "sObject"), child)
            kinds = [one.text for one in named(nested, "type")]
            record |= _named(name, _xml_record(nested), kinds[0] if kinds else None)
        elif child.text:
            record[name] = text_of(child.text)
    return record


def _named(relationship: str, record: Record, kind: str | None) -> Record:
    """Write a nested record as CSV would: `Relationship.Key`, with its type when it is told."""
    start = f"{kind}:" if kind else ""
    return {f"{start}{relationship}.{key}": value for key, value in record.items()}


def _stage(
    cursor: duckdb.DuckDBPyConnection, path: Path, names: list[str], records: list[Record]
) -> None:
    rows = [
        [str(number), *(record.get(name) for name in names)]
        for number, record in enumerate(records)
    ]
    cursor.execute("create or replace temp table given as select ? as body", [json.dumps(rows)])
    texts = "".join(f", r[{place + 2}] as c{place}" for place in range(len(names)))
    cursor.execute(
        f"copy (select r[1]::bigint as n{texts} from "
        "(select unnest(from_json(body, '[[\"VARCHAR\"]]')) as r from given)) "
        f"to {literal(str(path))} (format parquet)"
    )
