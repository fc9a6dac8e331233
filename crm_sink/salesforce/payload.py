"""Writes the changes of one Collections call as JSON. At most 200 records: Python values will do.

`null` clears a field, an absent one is left as it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crm_sink import tables
from crm_sink.engine import name
from crm_sink.schema import NUMBER_TYPES, FieldType
from crm_sink.tickets import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.crm.contract import Chunk
    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema


def records(chunk: Chunk, engine: Engine) -> list[dict[str, Any]]:
    """Give the records of a chunk, in the order of `numbered`.

    Example: `{"attributes": {"type": "Lead"}, "id": "00Q…", "Score__c": 83,
    "Account": {"Ext__c": "a-1"}}`.
    """
    columns = [
        column
        for field in chunk.fields
        for column in (tables.text_of(field, name(field.name)), tables.write(field.name))
    ]
    cells = ", ".join(["id", "key", *columns])
    found = engine.rows(f"select {cells} from ({numbered(chunk)}) order by index")
    return [_record(chunk, row) for row in found]


def numbered(chunk: Chunk) -> str:
    """Give a query of the chunk's changes with their place in the call, `index`, from 0."""
    return (
        f"select row_number() over (order by key, id) - 1 as index, * from {chunk.changes.scan()}"
    )


def body(sent: Sequence[dict[str, Any]]) -> bytes:
    """Give the JSON of a call with these records; one that fails does not undo the others."""
    return json.dumps({"allOrNone": False, "records": list(sent)}, ensure_ascii=False).encode()


def _record(chunk: Chunk, row: tuple[Any, ...]) -> dict[str, Any]:
    record_id, key, *cells = row
    # Salesforce wants `attributes` before any other name.
    record: dict[str, Any] = {"attributes": {"type": chunk.object}}
    if chunk.action in (Action.UPDATE, Action.DELETE):
        record["id"] = record_id
    else:
        record[chunk.key.name] = _value(chunk.key, key)
    for field, text, written in zip(chunk.fields, cells[::2], cells[1::2], strict=True):
        is_key = field.name.lower() == chunk.key.name.lower()
        if written and not (is_key and chunk.key.name in record):
            _put(record, field, _value(field, text))
    return record


def _put(record: dict[str, Any], field: FieldSchema, value: Any) -> None:
    relation, _, foreign = field.name.partition(".")
    if not foreign:
        record[field.name] = value
    elif value is None and field.lookup is not None:
        # A lookup is cleared through its own field.
        record[field.lookup] = None
    else:
        record[relation] = None if value is None else {foreign: value}


def _value(field: FieldSchema, text: str | None) -> Any:
    if text is None:
        return None
    if field.type is FieldType.BOOLEAN:
        return text == "true"
    if field.type is FieldType.INT or (field.type in NUMBER_TYPES and "." not in text):
        return int(text)
    return float(text) if field.type in NUMBER_TYPES else text
