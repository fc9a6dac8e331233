"""Rules between the keys of a mapping that no single key's type can tell.

Exactly one of two keys, types that can be read, names that differ by case alone. They are checked
on the document, so that they are reported together with everything else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_sink.mapping.problem import Problem
from crm_sink.mapping.types import TypeFault, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.mapping.file.document import Data, Document, Path


def rule_problems(document: Document, data: Data, *, file: str) -> list[Problem]:
    """Give every broken rule of a document."""
    if not isinstance(data, dict):
        return []

    def problem(path: Path, message: str, hint: str) -> Problem:
        place = next(
            document.places[path[:end]]
            for end in range(len(path), -1, -1)
            if path[:end] in document.places
        )
        return Problem(file, *place, message, hint)

    rules = [_source(data), _match(data), _fields(data), _gates(data), _examples(data)]
    return [problem(*broken) for rule in rules for broken in rule]


Broken = tuple["Path", str, str]


def _keys(data: Data, key: str) -> dict[str, Data]:
    part = data.get(key) if isinstance(data, dict) else None
    return part if isinstance(part, dict) else {}


def _given(part: dict[str, Data], *keys: str) -> list[str]:
    return [key for key in keys if key in part]


def _source(data: Data) -> Iterator[Broken]:
    source = _keys(data, "source")
    kinds = _given(source, "parquet", "csv", "query")
    if len(kinds) > 1:
        hint = "Keep one of them."
        yield ("source", kinds[1]), f"the source is {' and '.join(kinds)} at once", hint
    if "query" in kinds and not _given(source, "database"):
        hint = "Name the environment variable that holds the database's URL: database: NAME."
        yield ("source", "query"), "a query needs the key database", hint
    if _given(source, "database") and "query" not in kinds:
        yield ("source", "database"), "a database needs the key query", "Give the SQL to run on it."
    if isinstance(data, dict) and "source" in data and not kinds and not source.get("database"):
        hint = "Give one of parquet, csv or query; leave the key out for the Python API."
        yield ("source",), "the source is empty", hint


def _match(data: Data) -> Iterator[Broken]:
    match = _keys(data, "match")
    if not match:
        return
    kinds = _given(match, "external_id", "field")
    if len(kinds) != 1:
        message = "match has both external_id and field" if kinds else "match names no field"
        yield ("match",), message, "Give one of external_id and field (field may be Id)."
    if match.get("missing") == "create" and str(match.get("field", "")).lower() == "id":
        hint = "Match on an external id, or use missing: reject."
        yield ("match", "missing"), "a record cannot be created with an Id of ours", hint


def _fields(data: Data) -> Iterator[Broken]:
    seen: dict[str, str] = {}
    match = _keys(data, "match")
    key = str(match.get("external_id") or match.get("field") or "Id").lower()
    for name, spec in _keys(data, "fields").items():
        path: Path = ("fields", name)
        if name.lower() in seen:
            first = seen[name.lower()]
            message = f"{name} is the field {first} again: names are the same without case"
            yield path, message, "Keep one of them."
        seen.setdefault(name.lower(), name)
        if name.lower() == key:
            message = f"{name} is what records are matched on, so it is not written"
            yield path, message, "Leave it out of fields."
        elif name.lower() == "id":
            yield path, "an Id is Salesforce's own and cannot be written", "Leave it out of fields."
        yield from _field(path, spec)
    flag = _keys(data, "leavers").get("flag")
    if isinstance(flag, str) and flag.lower() in seen:
        hint = "Leave it out of fields: it is set by `leavers`."
        yield ("leavers", "flag"), f"{flag} is also one of the fields", hint


def _field(path: Path, spec: Data) -> Iterator[Broken]:
    if spec is None:
        yield path, f"{path[-1]} has no value", 'Give an expression; "null" clears the field.'
    if not isinstance(spec, dict):
        return
    given = _given(spec, "value", "constant")
    if len(given) == 2:
        yield (*path, "constant"), f"{path[-1]} has both value and constant", "Keep one of them."
    if not given:
        hint = 'Give one of value and constant; value: "null" clears the field.'
        yield path, f"{path[-1]} has no value", hint
    constant = spec.get("constant")
    if isinstance(constant, float) and not math.isfinite(constant):
        yield (*path, "constant"), "a constant must be a finite number", ""
    if isinstance(spec.get("type"), str):
        parsed = parse_type(str(spec["type"]))
        if isinstance(parsed, TypeFault):
            yield (*path, "type"), parsed.message, parsed.hint


def _gates(data: Data) -> Iterator[Broken]:
    gates = _keys(data, "gates")
    freshness, volume, drift = (_keys(gates, key) for key in ("freshness", "volume", "drift"))
    if freshness and not _given(freshness, "warn_after", "hold_after"):
        yield ("gates", "freshness"), "this gate never warns or holds", "Give hold_after: 48h."
    if isinstance(gates.get("volume"), dict) and not _given(
        volume, "hold_if_rows_change", "hold_if_changes_exceed"
    ):
        yield ("gates", "volume"), "this gate never holds", "Give hold_if_rows_change: 50%."
    warn, hold = drift.get("warn", 0.1), drift.get("hold", 0.25)
    if isinstance(warn, int | float) and isinstance(hold, int | float) and warn > hold:
        yield ("gates", "drift"), f"it would hold at {hold} before it warns at {warn}", ""


def _examples(data: Data) -> Iterator[Broken]:
    examples = data.get("examples") if isinstance(data, dict) else None
    match = _keys(data, "match")
    known = {name.lower() for name in _keys(data, "fields")}
    key = str(match.get("external_id") or match.get("field") or "Id").lower()
    for at, example in enumerate(examples if isinstance(examples, list) else ()):
        if not isinstance(example, dict):
            continue
        if len(_given(example, "expect", "reject")) != 1:
            hint = "Give the field values to expect, or the field for which it is a reject."
            yield ("examples", at), "an example has exactly one of expect and reject", hint
        for name in _keys(example, "expect"):
            if name.lower() not in known:
                hint = "Only fields of this mapping can be expected."
                yield ("examples", at, "expect", name), f"{name} is not one of the fields", hint
        refused = example.get("reject")
        if isinstance(refused, str) and refused.strip().lower() not in {*known, key}:
            hint = "A row is rejected for a field of this mapping, or for its key."
            yield ("examples", at, "reject"), f"{refused} is not one of the fields", hint
