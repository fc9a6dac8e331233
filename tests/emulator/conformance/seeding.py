"""Brings an org into the state in which a recording begins: its objects, fields and records.

What a story's own calls create is left to them. Only the org's public seams are used: objects and
fields are added to the store, records with the recorded ids are inserted.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crm_sink.emulator import ids
from crm_sink.emulator.schema import Field, ObjectType, PicklistValue
from crm_sink.emulator.sql import name
from tests.emulator.conformance.exchange import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.emulator.org import Org
    from tests.emulator.conformance.exchange import Exchange

URL = re.compile(r"/services/data/v[\d.]+/sobjects/(\w+)/(\w{15,18})$")
TARGET = re.compile(r"/services/data/v[\d.]+/sobjects/(\w+)/(?:Id/)?(\w{15,18})$")
SELECT = re.compile(r"select\s+(.*?)\s+from\s+(\w+)", re.IGNORECASE | re.DOTALL)
MOMENT = re.compile(r"(?<=\d)(?:\+0000|Z)$")
GONE = ("ENTITY_IS_DELETED",)
NEVER = ("INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND")
PREFIXES = {"Case": "500", "CaseComment": "00a", "FeedItem": "0D5", "Event": "00U", "Task": "00T"}


def seed(org: Org, story: Story) -> None:
    """Make what the story takes for granted."""
    kept = tuple(one for one in story.exchanges if one.aside is None)
    story = Story(story.group, story.name, kept, story.fields)
    for body in map(_json, story.exchanges):
        if isinstance(body, dict) and {"fields", "childRelationships"} <= body.keys():
            _as_described(org, body)
    for kind, field in story.fields:
        _object(org, kind, PREFIXES.get(kind, "a9u"), [], {})
        org.store.add_field(kind, field)
    for kind in re.findall(r"TestObject\w+__c", "".join(one.body or "" for one in story.exchanges)):
        _object(org, kind, "a9t", [], {})
    records = _records(story)
    shown = [found for one in story.exchanges for found in [*_shown(one), *_named(one)]]
    for kind, record_id, record in shown:
        _object(org, kind, record_id[:3], list(record), record)
    for one in story.exchanges:
        _asked(org, one)
    _columns(org, story)
    _insert(org, records, _deleted(story))
    for one in story.exchanges:
        _keyed(org, one)
    _more(org, story)


def _json(one: Exchange) -> Any:
    try:
        return json.loads(one.answer or "null")
    except json.JSONDecodeError:
        return None


def _as_described(org: Org, body: dict[str, Any]) -> None:
    """Add an object, or the custom fields of one, from its recorded describe."""
    target = org.store.objects.get(body["name"].lower())
    fields = [_described(one) for one in body["fields"]]
    if target is None:
        made = {one.name.lower(): one for one in fields}
        prefix = body["keyPrefix"] or "a00"
        org.store.add_object(
            ObjectType(
                body["name"], body["label"], body["labelPlural"], prefix, made, body["custom"]
            )
        )
        return
    added = [one for one in fields if _may_add(target, one.name) and target.find(one.name) is None]
    if added:
        org.store.add_fields(target.name, added)


def _described(one: dict[str, Any]) -> Field:
    values = tuple(
        PicklistValue(value["value"], value["label"] or value["value"])
        for value in one.get("picklistValues") or ()
    )
    types = {"combobox": "picklist", "encryptedstring": "string", "anyType": "string"}
    return Field(
        one["name"],
        one["label"],
        types.get(one["type"], one["type"]),
        length=one["length"],
        precision=one["precision"],
        scale=one["scale"],
        nillable=one["nillable"],
        createable=one["createable"],
        updateable=one["updateable"],
        unique=one["unique"],
        external_id=one["externalId"],
        id_lookup=one["idLookup"],
        values=values,
        reference_to=tuple(one["referenceTo"]),
        relationship=one["relationshipName"],
        custom=one["custom"],
        auto=one["defaultedOnCreate"] and one["type"] != "boolean",
        default=False if one["type"] == "boolean" else None,
    )


def _asked(org: Org, one: Exchange) -> None:
    """Add the objects and fields that a query or a body names."""
    for found in SELECT.finditer(one.query.get("q", "")):
        listed = [
            part.strip() for part in found[1].split(",") if re.fullmatch(r"\w+", part.strip())
        ]
        listed += re.findall(r"where (\w+)", one.query["q"], re.IGNORECASE)
        if one.status == 200 and "(" not in found[1]:
            _object(org, found[2], PREFIXES.get(found[2], "a9x"), listed, {})
    body = _body(one)
    if isinstance(body, dict) and "operation" in body and one.status == 200:
        found = SELECT.search(body.get("query", ""))
        kind = found[2] if found else body["object"]
        _object(org, kind, PREFIXES.get(kind, "a9w"), [], {})
    path = re.match(r"/services/data/v[\d.]+/(?:composite/)?(?:sobjects|tree)/(\w+)", one.path)
    if one.status < 300 and isinstance(body, dict):
        if path and "records" not in body:
            _object(org, path[1], "a9y", list(body), body)
            key = one.path.split("/")[-2]
            if key.endswith("__c") and org.store.objects[path[1].lower()].find(key) is None:
                _add_key(org, path[1], key)
        for row in body.get("records") or ():
            kind = (row.get("attributes") or {}).get("type")
            failed = "No such column" in (one.answer or "")
            if kind and not failed:
                _object(org, kind, PREFIXES.get(kind, "a9z"), list(row), row)


def _columns(org: Org, story: Story) -> None:
    """Add the fields that the columns of an upload name."""
    kinds = [body["object"] for body in map(_body, story.exchanges) if _opens_job(body)]
    for one in story.exchanges:
        if one.method == "PUT" and one.body and kinds and story.group == "cli-dx":
            head, *rows = one.body.split()
            _object(org, kinds[0], "a9v", head.split(","), {})
            if head.startswith("Id,"):
                _insert(
                    org, {row[:18]: (kinds[0], {}) for row in rows if row[15:18].isalnum()}, set()
                )


def _opens_job(body: Any) -> bool:
    return isinstance(body, dict) and "operation" in body and "object" in body


def _body(one: Exchange) -> Any:
    try:
        return json.loads(one.body or "null")
    except json.JSONDecodeError:
        return None


def _add_key(org: Org, kind: str, key: str) -> None:
    made = Field(key, key, "string", 36, unique=True, external_id=True, id_lookup=True, custom=True)
    org.store.add_field(kind, made)


# Fields that a standard object has when a feature is switched on in its org.
FEATURES = frozenset(
    {"RecordTypeId", "IsPartner", "IsCustomerPortal", "ChannelProgramName",
     "ChannelProgramLevelName"}
)  # fmt: skip
STANDARD = (
    Field("Id", "Record ID", "id", 18, nillable=False, createable=False, updateable=False,
          auto=True, id_lookup=True),
    Field("IsDeleted", "Deleted", "boolean", createable=False, updateable=False, default=False),
    Field("CreatedDate", "Created Date", "datetime", createable=False, updateable=False, auto=True),
    Field("CreatedById", "Created By ID", "reference", 18, createable=False, updateable=False,
          reference_to=("User",), relationship="CreatedBy", auto=True),
    Field("LastModifiedDate", "Last Modified Date", "datetime", createable=False,
          updateable=False, auto=True),
    Field("LastModifiedById", "Last Modified By ID", "reference", 18, createable=False,
          updateable=False, reference_to=("User",), relationship="LastModifiedBy", auto=True),
    Field("SystemModstamp", "System Modstamp", "datetime", createable=False, updateable=False,
          auto=True),
)  # fmt: skip


def _object(org: Org, kind: str, prefix: str, keys: list[str], example: dict[str, Any]) -> None:
    if kind in ("AggregateResult",):
        return
    target = org.store.objects.get(kind.lower())
    if target is None:
        fields = {one.name.lower(): one for one in STANDARD}
        if kind.endswith("__c"):
            fields["name"] = Field("Name", "Name", "string", 80)
        org.store.add_object(ObjectType(kind, kind, kind, prefix, fields, kind.endswith("__c")))
        target = org.store.objects[kind.lower()]
    known = {(one.relationship or "").lower() for one in target.fields.values()}
    wanted = [
        key for key in dict.fromkeys(keys)
        if key != "attributes" and target.find(key) is None and key.lower() not in known
        and not isinstance(example.get(key), dict | list)
        and key.lower() != "id"
    ]  # fmt: skip
    made = [_like(target, key, example.get(key)) for key in wanted if _may_add(target, key)]
    if made:
        org.store.add_fields(kind, made)


def _may_add(target: ObjectType, key: str) -> bool:
    """Say whether a field may be added to an object: a standard object has its own fields."""
    from crm_sink.emulator.standard import standard_objects

    if key in FEATURES:
        return True
    return key.endswith("__c") or target.name.lower() not in standard_objects()


def _like(target: ObjectType, key: str, value: Any) -> Field:
    """Make a field that can hold what was recorded."""
    custom = key.endswith("__c")
    if key.endswith("Id") and not custom:
        aim = {"OwnerId": "User", "WhoId": "Contact", "WhatId": "Account"}.get(key, key[:-2])
        return Field(key, key, "reference", 18, reference_to=(aim,), relationship=key[:-2])
    kind = _kind(key, value)
    size = {"email": 80, "string": 255, "textarea": 32000}.get(kind, 0)
    flag = {"nillable": False, "default": False} if kind == "boolean" else {}
    digits = {"precision": 18, "scale": 2} if kind == "double" else {}
    return Field(key, key.removesuffix("__c"), kind, size, custom=custom, **flag, **digits)


def _kind(key: str, value: Any) -> str:
    text = value if isinstance(value, str) else ""
    tests = (
        ("boolean", isinstance(value, bool)),
        ("double", isinstance(value, int | float)),
        ("datetime", MOMENT.search(text) is not None),
        ("date", re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None),
        ("email", "email" in key.lower()),
        ("textarea", len(text) > 255),
    )
    return next((kind for kind, holds in tests if holds), "string")


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _walk(part)
    if isinstance(value, list):
        for part in value:
            yield from _walk(part)


def _records(story: Story) -> dict[str, tuple[str, dict[str, Any]]]:
    """Collect records that are read or written before the story has created them."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    created: set[str] = set()
    for one in story.exchanges:
        if any(code in (one.answer or "") for code in NEVER):
            continue
        for kind, record_id, record in [*_shown(one), *_named(one)]:
            if record_id not in created:
                old = found.get(record_id, (kind, {}))[1]
                found[record_id] = (kind, {**record, **old} if one.method != "GET" else record)
        created |= _made(one)
    return found


def _shown(one: Exchange) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for record in _walk(_json(one)):
        url = (record.get("attributes") or {}).get("url") if "attributes" in record else None
        place = URL.search(url) if isinstance(url, str) else None
        if place is not None and ids.normal(place[2]):
            given = dict(re.findall(r"(\w+)\s*=\s*'([^']*)'", one.query.get("q", "")))
            yield place[1], str(ids.normal(place[2])), {**_cased(given), **record}


def _cased(given: dict[str, str]) -> dict[str, str]:
    return {"SobjectType" if key == "SObjectType" else key: text for key, text in given.items()}


def _named(one: Exchange) -> Iterator[tuple[str, str, dict[str, Any]]]:
    place = TARGET.match(one.path)
    if place and one.method in ("GET", "PATCH", "DELETE") and ids.normal(place[2]):
        yield place[1], str(ids.normal(place[2])), {}
    if "/composite/sobjects" in one.path:
        for record_id in one.query.get("ids", "").split(","):
            kind = {"001": "Account", "003": "Contact"}.get(record_id[:3])
            if kind:
                yield kind, str(ids.normal(record_id)), {}
    body = _body(one)
    rows = body.get("records") or () if isinstance(body, dict) else ()
    for row in rows if one.method == "PATCH" else ():
        record_id = ids.normal(str(row.get("id") or row.get("Id")))
        kind = (row.get("attributes") or {}).get("type")
        if record_id and kind and one.path.endswith(("/composite/sobjects", "/Id")):
            yield kind, record_id, {}


def _made(one: Exchange) -> set[str]:
    """Give the ids that an exchange creates."""
    is_new = one.status == 201 or one.method == "POST"
    return {
        str(row["id"])
        for row in _walk(_json(one))
        if "success" in row and row.get("id") and (is_new or row.get("created"))
    }


def _deleted(story: Story) -> set[str]:
    gone = [one for one in story.exchanges if any(code in (one.answer or "") for code in GONE)]
    return {record_id for one in gone for _, record_id, _ in _named(one)}


def _insert(org: Org, records: dict[str, tuple[str, dict[str, Any]]], deleted: set[str]) -> None:
    now = org.stamp()
    with org.store.writing() as cursor:
        for record_id, (kind, record) in records.items():
            target = org.store.objects[kind.lower()]
            if record_id in (org.org_id, org.user_id):
                continue
            values: dict[str, Any] = {"Id": record_id}
            for one in target.stored():
                if one.type == "datetime" and one.auto:
                    values[one.name] = now
                if one.name in ("CreatedById", "LastModifiedById", "OwnerId"):
                    values[one.name] = org.user_id
                if one.name in ("Name", "LastName", "Company", "StageName") and not one.nillable:
                    values[one.name] = "x"
                given = record.get(one.name)
                if one.type in ("date", "datetime") and not isinstance(given, str):
                    continue  # Bulk 1.0 in JSON writes milliseconds
                if given is not None and not isinstance(given, dict | list) and one.name != "Id":
                    values[one.name] = MOMENT.sub("", given) if isinstance(given, str) else given
            if record_id in deleted:
                values["IsDeleted"] = True
            marks = ", ".join("?" for _ in values)
            columns = ", ".join(name(key) for key in values)
            into = f"insert into {name(target.name)} ({columns}) values ({marks})"
            cursor.execute(into, list(values.values()))


def _keyed(org: Org, one: Exchange) -> None:
    """Make the record that an upsert by key was recorded to update."""
    place = re.match(r"/services/data/v[\d.]+/sobjects/(\w+)/(\w+__c)/(.+)$", one.path)
    if place and one.method == "PATCH" and one.status in (200, 204):
        record_id = ids.record_id(org.store.objects[place[1].lower()].key_prefix, 62**6)
        _insert(org, {record_id: (place[1], {place[2]: place[3]})}, set())


def _more(org: Org, story: Story) -> None:
    """Fill an object up to the number of records that a recorded page speaks of."""
    for one in story.exchanges:
        body = _json(one)
        if not isinstance(body, dict) or not body.get("nextRecordsUrl"):
            continue
        kind = body["records"][0]["attributes"]["type"]
        with org.store.writing() as cursor:
            held = cursor.execute(f"select count(*) from {name(kind)}").fetchone()
            missing = body["totalSize"] - (held[0] if held else 0)
            first = org.store.reserve(cursor, kind, max(missing, 0))
            prefix = org.store.objects[kind.lower()].key_prefix
            made = [ids.record_id(prefix, number) for number in range(first, first + missing)]
            cursor.execute(
                f"insert into {name(kind)} (Id, Name, CreatedDate, LastModifiedDate) "
                "select unnest(?), 'More', ?, ?",
                [made, org.stamp(), org.stamp()],
            )
