"""Reads the records of a few keys through SOQL pages.

Keys are quoted here, and only here. A key that no record can have (a text where a number is due,
an id that is none) is left out: the org would refuse the whole query for it.
"""

from __future__ import annotations

import csv
import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crm_sink import tables
from crm_sink.crm.call import Call
from crm_sink.engine import Relation
from crm_sink.salesforce import answers, pages
from crm_sink.schema import NUMBER_TYPES, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Read
    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema

LABEL = "/query"
# Bytes of the URL and the headers together: more is answered with 431 (414 for a URL alone).
MAX_HEAD = 16_384
MAX_STATEMENT = 100_000  # characters
MAX_LITERAL = 4_000  # characters of a string literal
# Room for scheme, host, path and headers, which are not known here: a session that is a JWT has
# two thousand characters, and a proxy adds headers of its own.
_ROOM = 4_096
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
)


def read(send: Send, root: str, query: Read, *, engine: Engine, into: Path) -> Relation:
    """Read the records with the keys of the query; all with a key when it names none.

    Returns:
        Table `present` in `into`.
    """
    page = into.with_suffix(".page.csv")
    names = pages.selected(query)
    page.parent.mkdir(parents=True, exist_ok=True)
    with page.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        for soql in statements(query, _keys(query, engine)):
            for record in _records(send, root, soql):
                writer.writerow([_text(record, path) for path in names])
    present = pages.save(query, [page], engine, into)
    page.unlink()
    return present


def statements(query: Read, keys: Iterable[str] | None) -> Iterator[str]:
    r"""Give the SOQL statements that read all keys, each short enough for a URL.

    Example: `SELECT Id, SystemModstamp, Ext__c FROM Lead WHERE Ext__c IN ('a', 'O\'Neill')`.
    """
    start = f"SELECT {', '.join(pages.selected(query))} FROM {query.object} WHERE {query.key.name}"
    if keys is None:
        yield f"{start} != null"
        return
    start += " IN ("
    batch: list[str] = []
    size = length = 0
    for literal in (text for key in keys if (text := soql_literal(query.key, key)) is not None):
        # Each literal is followed by a comma or the closing bracket.
        cost, chars = len(quote(literal, safe="")) + 3, len(literal) + 1
        too_long = size + cost + len(quote(start, safe="")) > MAX_HEAD - _ROOM
        if batch and (too_long or length + chars + len(start) > MAX_STATEMENT):
            yield f"{start}{','.join(batch)})"
            batch, size, length = [], 0, 0
        batch.append(literal)
        size, length = size + cost, length + chars
    if batch:
        yield f"{start}{','.join(batch)})"


def soql_literal(field: FieldSchema, key: str) -> str | None:
    """Write a key as SOQL compares it with the field, or None when no record can have it.

    Text and ids are quoted, with backslash escapes; numbers, booleans and dates are bare.
    """
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        return _number(key)
    if field.type is FieldType.BOOLEAN:
        return key.lower() if key.lower() in {"true", "false"} else None
    if field.type is FieldType.DATE:
        return key if _is_date(key) else None
    if field.type in {FieldType.ID, FieldType.REFERENCE}:
        return f"'{key}'" if _ID.fullmatch(key) else None
    text = key.translate(_ESCAPES)
    # A text field holds no control characters but these.
    if len(text) > MAX_LITERAL or any(ord(char) < 32 for char in text):
        return None
    return f"'{text}'"


def _number(key: str) -> str | None:
    try:
        value = float(key)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return str(int(value)) if value == int(value) and abs(value) < 1e18 else repr(value)


def _is_date(key: str) -> bool:
    try:
        date.fromisoformat(key)
    except ValueError:
        return False
    return len(key) == 10


def _keys(query: Read, engine: Engine) -> list[str] | None:
    if query.keys is None:
        return None
    # One of each kind that the org takes for equal: `A` and `a` would give the record twice.
    same = tables.match_key(query.key, "key")
    found = engine.rows(f"select min(key) from {query.keys.scan()} group by {same} order by 1")
    return [key for (key,) in found if key is not None]


def _records(send: Send, root: str, soql: str) -> Iterator[dict[str, Any]]:
    document = send(Call("GET", f"{root}/query", LABEL, query={"q": soql})).document
    yield from answers.items(document, "records", LABEL)
    while not answers.flag(document, "done"):
        path = answers.text(document, "nextRecordsUrl", LABEL)
        document = send(Call("GET", path, f"{LABEL}/{{locator}}")).document
        yield from answers.items(document, "records", LABEL)


def _text(record: dict[str, Any], path: str) -> str:
    """Give a value, of a parent for `Account.Ext__c`, as text; a null is empty."""
    value: Any = record
    for step in path.split("."):
        value = _member(value, step)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _member(value: Any, step: str) -> Any:
    if not isinstance(value, dict):
        return None
    if step in value:
        return value[step]
    # The org answers with its own spelling of a name.
    return next((inner for key, inner in value.items() if key.lower() == step.lower()), None)
