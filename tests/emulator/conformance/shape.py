"""Compares what the local org answers with what was recorded: everything but the values.

Keys and their order, kinds of values, the form of dates and ids; codes, flags and messages whole.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

KINDS = (
    ("moment with +0000", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")),
    ("moment with Z", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("id of 18", re.compile(r"(?=\w*\d)[0-9a-z][0-9A-Za-z]{14}(?:[A-Z0-5]{3})")),
    ("path", re.compile(r"/services/\S+")),
    ("url", re.compile(r"https?://\S+")),
)
# What a client branches on: compared whole. The rest only by kind.
WHOLE = frozenset(
    {
        "errorCode", "statusCode", "httpStatusCode", "success", "created", "done", "hasErrors",
        "isSuccessful", "state", "operation", "concurrencyMode", "contentType", "lineEnding",
        "columnDelimiter", "jobType", "referenceId", "graphId", "encoding", "maxBatchSize",
        "soapType", "token_type", "error", "exceptionCode", "faultcode", "fullName",
    }
)  # fmt: skip
# Lists whose entries have a name: another org has others; entries of one name are compared.
NAMED = frozenset({"fields", "sobjects"})
ORGS_OWN = frozenset(
    {
        "childRelationships", "recordTypeInfos", "supportedScopes", "picklistValues",
        "actionOverrides", "namedLayoutInfos", "recentItems", "sObjects",
    }
)  # fmt: skip
# Only in an org with state and country picklists; that is a setting of an org.
PICKLIST_ADDRESS = ("statecode", "countrycode")
ID = re.compile(r"\b(?=\w*\d)[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?\b")


def differences(recorded: str | None, answered: str, content_type: str | None) -> list[str]:
    """Say where two bodies differ; nothing when they are alike."""
    if recorded is None or not recorded.strip():
        return [f"a body where none was: {answered[:60]}"] if answered.strip() else []
    kind = content_type or ""
    if "csv" in kind:
        return _table(recorded, answered)
    if recorded.lstrip().startswith("<"):
        return _markup(recorded, answered)
    try:
        told = json.loads(answered)
    except json.JSONDecodeError:
        return [f"no JSON: {answered[:60]!r}"]
    if kind == "only the quoted keys":
        told = {key: told.get(key) for key in json.loads(recorded)}
        return [] if told == json.loads(recorded) else [f"{told}, recorded {recorded}"]
    return values(json.loads(recorded), told)


def values(recorded: Any, told: Any, at: str = "") -> list[str]:
    """Compare two JSON values."""
    if isinstance(recorded, dict) and isinstance(told, dict):
        return _objects(recorded, told, at)
    if isinstance(recorded, list) and isinstance(told, list):
        return _lists(recorded, told, at)
    key = at.rpartition(".")[2]
    if key in WHOLE and not (recorded is None or told is None):
        return [] if recorded == told else [f"{at}: {told!r}, recorded {recorded!r}"]
    if recorded is None or told is None:
        # An empty value says nothing of its kind; a list is never null.
        return [f"{at}: null against a list"] if isinstance(recorded or told, list) else []
    one, other = _kind(recorded), _kind(told)
    same = one == other or (one == "text" and other in TEXTS)
    return [] if same else [f"{at}: {other}, recorded {one}"]


TEXTS = frozenset({"text", *(name for name, _ in KINDS)})


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return next((name for name, found in KINDS if found.fullmatch(value)), "text")
    return type(value).__name__


def _objects(recorded: dict[str, Any], told: dict[str, Any], at: str) -> list[str]:
    found = [
        f"{at}: no key {key}"
        for key in recorded
        if key not in told and not key.lower().endswith(PICKLIST_ADDRESS)
    ]
    found += (
        []
        if _is_release_bound(recorded)
        else [f"{at}: a key {key} too many" for key in told if key not in recorded]
    )
    if at.endswith(".urls") and {"sobject", "describe", "layouts"} & (
        recorded.keys() | told.keys()
    ):
        found = []  # which pages an object has is its own
    common = [key for key in recorded if key in told]
    # Keys of a token's answer were recorded in two orders; others differ by object and release.
    unordered = {"access_token", "flexiPage"} & recorded.keys() or at.endswith(".urls")
    if not unordered and not found and common != [key for key in told if key in recorded]:
        found.append(f"{at}: keys in another order: {', '.join(told)[:70]}")
    for key in common:
        if key == "message" and ("errorCode" in recorded or "statusCode" in recorded):
            found += _words(recorded[key], told[key], at)
        else:
            found += values(recorded[key], told[key], f"{at}.{key}")
    return found


def _is_release_bound(recorded: dict[str, Any]) -> bool:
    """Say whether later releases add keys: to describes, to the list of resources, to limits."""
    if "developerName" not in recorded and "recordTypeId" in recorded:
        return True
    return "associateEntityType" not in recorded and (
        {"keyPrefix", "queryable"} <= recorded.keys()
        or ({"soapType", "byteLength"} <= recorded.keys() and "aiPredictionField" not in recorded)
        or {"sobjects", "limits"} <= recorded.keys()
        or {"DailyApiRequests", "DataStorageMB"} <= recorded.keys()
        or {"childSObject", "field"} <= recorded.keys()
        or {"rest", "sobjects", "partner"} <= recorded.keys()
        or {"asserted_user", "urls"} <= recorded.keys()
    )


def _words(recorded: str, told: str, at: str) -> list[str]:
    one, other = (ID.sub("<id>", text) for text in (recorded, told))
    return [] if one == other else [f"{at}.message: {told!r}, recorded {recorded!r}"]


def _lists(recorded: list[Any], told: list[Any], at: str) -> list[str]:
    key = at.rpartition(".")[2]
    if key in NAMED and all(isinstance(one, dict) and "name" in one for one in recorded):
        return _named(recorded, told, at)
    if key == "fields" and not all(isinstance(one, dict) for one in recorded):
        return [] if recorded == told else [f"{at}: {told}, recorded {recorded}"]
    if all(isinstance(one, dict) and {"version", "label"} <= one.keys() for one in recorded + told):
        told = told[: len(recorded)]  # a later release has more versions
    is_records = all(isinstance(one, dict) and "attributes" in one for one in recorded)
    if key in ORGS_OWN or key == "records" or (recorded and is_records):
        return _first(recorded, told, at)
    if len(recorded) != len(told):
        return [f"{at}: {len(told)} entries, recorded {len(recorded)}"]
    return [
        difference
        for place, (one, other) in enumerate(zip(recorded, told, strict=True))
        for difference in values(one, other, f"{at}[{place}]")
    ]


def _first(recorded: list[Any], told: list[Any], at: str) -> list[str]:
    """Compare entries of which another org has another number, each with the first of ours."""
    if not recorded or not told:
        is_records = at.endswith("records")
        return [f"{at}: empty on one side"] if is_records and bool(recorded) != bool(told) else []
    pairs = [(one, told[min(place, len(told) - 1)]) for place, one in enumerate(recorded)]
    found = [one for pair in pairs for one in values(*pair, at)]
    return list(dict.fromkeys(found))


def _named(recorded: list[Any], told: list[Any], at: str) -> list[str]:
    ours = {one["name"]: one for one in told}
    found = []
    for one in recorded:
        other = ours.get(one["name"])
        if other is None and one["name"].lower().endswith(PICKLIST_ADDRESS):
            continue
        if other is None:
            found += [] if at.endswith("sobjects") else [f"{at}: no {one['name']}"]
        else:
            found += values(one, other, at)
            if one.get("type") != other.get("type"):
                found.append(f"{at}: {one['name']} is {other['type']}, recorded {one['type']}")
    return list(dict.fromkeys(found))


def _table(recorded: str, told: str) -> list[str]:
    head, other = recorded.splitlines()[0], (told.splitlines() or [""])[0]
    if head != other:
        return [f"columns {other}, recorded {head}"]
    one, two = (list(csv.DictReader(io.StringIO(text))) for text in (recorded, told))
    if bool(one) != bool(two):
        return [f"{len(two)} rows, recorded {len(one)}"]
    pairs = zip(one, two, strict=False)
    return [
        f"{name}: {other[name]!r}, recorded {row[name]!r}"
        for row, other in pairs
        for name in ("sf__Error", "Success", "Created", "Error")
        if name in row and ID.sub("", row[name]) != ID.sub("", other[name] or "")
    ]


def _markup(recorded: str, told: str) -> list[str]:
    try:
        root = ElementTree.fromstring(told)
    except ElementTree.ParseError:
        return [f"no XML: {told[:60]!r}"]
    return _elements(ElementTree.fromstring(recorded), root, "")


def _elements(recorded: ElementTree.Element, told: ElementTree.Element, at: str) -> list[str]:
    name = recorded.tag.rpartition("}")[2]
    if recorded.tag != told.tag:
        return [f"{at}: element {told.tag}, recorded {recorded.tag}"]
    one, other = ([child.tag for child in element] for element in (recorded, told))
    if one != other:
        missing = [tag.rpartition("}")[2] for tag in one if tag not in other]
        more = [tag.rpartition("}")[2] for tag in other if tag not in one]
        return [f"{at}/{name}: without {missing}, more {more}, {len(other)} against {len(one)}"]
    if not one:
        return values(recorded.text, told.text, f"{at}.{name}")
    return [
        difference
        for left, right in zip(recorded, told, strict=True)
        for difference in _elements(left, right, f"{at}/{name}")
    ]
