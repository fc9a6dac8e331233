"""Turns records of a JSON body into staged rows: which column each key is, and each value's text.

Finds only what the typed engine cannot see any more: keys that are no field, and JSON values of a
kind that Jackson refuses (facts 2.3, 2.6, 3.1). At most 200 records, so a loop is right here.

Not imitated: the exact column that Jackson would name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_sink.emulator import ids
from crm_sink.emulator.dml.staging import CALLER, Column, Lookup
from crm_sink.emulator.dml.values import JSON, MAY_BE_MISSING, text_of
from crm_sink.emulator.schema import DUCKDB_TYPES, NUMBER_TYPES
from crm_sink.emulator.sql import json_literal, varying
from crm_sink.emulator.wire import clean

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.schema import Field, ObjectType

NESTED = (
    "Nested object for polymorphic foreign key must have an attributes field before any other "
    "fields."
)


# Of these a text is staged as it was sent; ids are mended first.
AS_IT_IS = frozenset(DUCKDB_TYPES) - {"id", "reference"}
NUMBERS = NUMBER_TYPES | {"int"}


@dataclass(slots=True)
class Rows:
    """Staged rows in the making: columns as they turn up, texts by row, faults by row."""

    target: ObjectType
    objects: dict[str, ObjectType]
    columns: dict[tuple[str, str], Column] = field(default_factory=dict)
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    faults: list[tuple[int, str, str, str]] = field(default_factory=list)
    keys: dict[str, Column] = field(default_factory=dict)

    def add(self, number: int, record: dict[str, Any]) -> None:
        """Read one record's keys; `attributes` is skipped."""
        cells = self.cells[number] = {}
        for key, value in record.items():
            if key == "attributes":
                continue
            known = self.keys.get(key) or self._known(key)
            if known is not None:
                kind = type(value)
                if kind is str and known.field.type in AS_IT_IS:
                    cells[known.place] = value if value.isascii() else text_of(clean(value))
                elif (kind is int or kind is float) and known.field.type in NUMBERS:
                    cells[known.place] = repr(value)
                else:
                    self._value(number, known, value)
                continue
            if key.lower() == "attributes":
                continue
            by_name = self._relationship(key)
            if by_name is not None and (value is None or isinstance(value, dict)):
                self._nested(number, by_name, value)
            else:
                self.refuse(number, "INVALID_FIELD", no_such_column(key, self.target))

    def refuse(self, number: int, code: str, message: str, fields: str = "") -> None:
        """Say that a row cannot be written, before its values are judged."""
        self.cells.setdefault(number, {})
        self.faults.append((number, code, clean(message), fields))

    def stage(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Fill the temp tables `stage` and `faults`."""
        from crm_sink.emulator.dml import staging

        width = len(self.columns)
        rows = [
            [str(number), *(cells.get(place) for place in range(width))]
            for number, cells in self.cells.items()
        ]
        texts = "".join(f", r[{place + 2}]" for place in range(width))
        body = varying(json_literal(rows), "varchar")
        unpacked = f"(select unnest(from_json({body}, '[[\"VARCHAR\"]]')) as r)"
        staging.stage(cursor, width, f"select r[1]::bigint{texts} from {unpacked}")
        for number, code, message, fields in self.faults:
            cursor.execute(
                "insert into faults values (?, ?, {'code': ?, 'message': ?, 'fields': ?})",
                [number, CALLER, code, message, [fields] if fields else []],
            )

    def _column(self, found: Field, lookup: Lookup | None = None) -> Column:
        key = (found.name, lookup.field.name if lookup else "")
        if key not in self.columns:
            self.columns[key] = Column(len(self.columns), found, lookup)
        return self.columns[key]

    def _known(self, key: str) -> Column | None:
        """Give the column of a key that names a field; remembered, as keys come 200 times."""
        found = self.target.find(key)
        if found is not None:
            self.keys[key] = self._column(found)
        return self.keys.get(key)

    def _value(self, number: int, column: Column, value: Any) -> None:
        found = column.lookup.field if column.lookup else column.field
        token = "" if isinstance(value, str) else refused_token(found, value)
        if token:
            start = f"Cannot deserialize instance of {found.type} from {token}"
            self.refuse(number, "JSON_PARSER_ERROR", start + MAY_BE_MISSING, found.name)
            return
        self.cells[number][column.place] = staged(found, value)

    def _relationship(self, key: str) -> Field | None:
        for found in self.target.fields.values():
            if found.relationship and found.relationship.lower() == key.lower():
                return found
            custom = found.custom and found.name.lower().removesuffix("__c") + "__r" == key.lower()
            if custom and found.type == "reference":
                return found
        return None

    def _nested(self, number: int, found: Field, value: dict[str, Any] | None) -> None:
        """Read `{"Account": {"Ext__c": "x"}}`: a reference by the other record's external id."""
        if value is None:
            self.cells[number][self._column(found).place] = JSON.clear
            return
        named = type_in(value)
        if len(found.reference_to) > 1 and (named is None or next(iter(value)) != "attributes"):
            self.refuse(number, "JSON_PARSER_ERROR", NESTED)
            return
        named = named or found.reference_to[0]
        target = self.objects.get(named.lower()) if points_to(found, named) else None
        keys = [key for key in value if key != "attributes"]
        by = target.find(keys[0]) if target is not None and keys else None
        if target is None or by is None or not is_key(by):
            wanted = keys[0] if keys else "attributes"
            owner = target or self.target
            self.refuse(number, "INVALID_FIELD", no_such_column(wanted, owner))
            return
        column = self._column(found, Lookup(target, by))
        self._value(number, column, value[keys[0]])


def points_to(reference: Field, named: str) -> bool:
    """Say whether a reference may point to records of an object."""
    return named.lower() in (one.lower() for one in reference.reference_to)


def is_key(found: Field) -> bool:
    """Say whether records may be named by this field (facts 2.5: any idLookup field)."""
    return found.external_id or found.id_lookup or found.type == "id"


def type_in(record: Any) -> str | None:
    """Give the type that a record's `attributes` name."""
    attributes = record.get("attributes") if isinstance(record, dict) else None
    named = attributes.get("type") if isinstance(attributes, dict) else None
    return named if isinstance(named, str) else None


def other_type(record: Any, target: ObjectType) -> str | None:
    """Give the words for a record whose `attributes` name another object; None if they do not."""
    named = type_in(record)
    if named is None or named.lower() == target.name.lower():
        return None
    return f"sObject type '{named}' is not {target.name}, which the request names"


def no_such_column(key: str, target: ObjectType) -> str:
    """Give the words for a key that is no field."""
    return f"No such column '{key}' on sobject of type {target.name}"


def staged(found: Field, value: Any) -> str:
    """Give the text under which a JSON value is staged."""
    if isinstance(value, str):
        text = value if value.isascii() else text_of(clean(value))
        # An 18-character id in the wrong case is mended by its checksum.
        is_long_id = len(text) == 18 and found.type in ("id", "reference")
        return ids.normal(text) or text if is_long_id else text
    if value is None:
        return JSON.clear
    return str(value).lower() if isinstance(value, bool) else repr(value)


def refused_token(found: Field, value: Any) -> str:
    """Give Jackson's words for a JSON value of the wrong kind; nothing when it may pass."""
    if isinstance(value, dict):
        return "START_OBJECT value {"
    if isinstance(value, list):
        return "START_ARRAY value ["
    number = found.type in NUMBER_TYPES or found.type == "int"
    if isinstance(value, bool):
        written = str(value).lower()
        return "" if found.type == "boolean" else f"VALUE_{written.upper()} value {written}"
    if isinstance(value, int | float) and not number:
        kind = "INT" if isinstance(value, int) else "FLOAT"
        return f"VALUE_NUMBER_{kind} value {value!r}"
    return ""


def place_of(text: str, key: str, occurrence: int = 0) -> str:
    """Give ` at [line:L, column:C]` of a key's value in a body, as Jackson ends its messages."""
    found = list(re.finditer(rf'"{re.escape(key)}"\s*:\s*', text, re.IGNORECASE))
    start = found[min(occurrence, len(found) - 1)].end() if found else 0
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return f" at [line:{line}, column:{column}]"
