"""Brings an org into the state in which a recording begins: the records, in objects of `shaping`.

What a story's own calls create is left to them. Only the org's public seams are used: records with
the recorded ids are inserted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_sink.emulator import ids
from crm_sink.emulator.sql import name
from tests.emulator.conformance.exchange import Story
from tests.emulator.conformance.shaping import (
    MOMENT,
    PREFIXES,
    add_asked,
    add_described,
    add_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.emulator.org import Org
    from tests.emulator.conformance.exchange import Exchange

URL = re.compile(r"/services/data/v[\d.]+/sobjects/(\w+)/(\w{15,18})$")
TARGET = re.compile(r"/services/data/v[\d.]+/sobjects/(\w+)/(?:Id/)?(\w{15,18})$")
GONE = ("ENTITY_IS_DELETED",)
NEVER = ("INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND")


def seed(org: Org, story: Story) -> None:
    """Make what the story takes for granted."""
    kept = tuple(one for one in story.exchanges if one.aside is None)
    story = Story(story.group, story.name, kept, story.fields)
    for body in (one.answer_json for one in story.exchanges):
        if isinstance(body, dict) and {"fields", "childRelationships"} <= body.keys():
            add_described(org, body)
    for kind, field in story.fields:
        add_object(org, kind, PREFIXES.get(kind, "a9u"), [], {})
        org.store.add_field(kind, field)
    for kind in re.findall(r"TestObject\w+__c", "".join(one.body or "" for one in story.exchanges)):
        add_object(org, kind, "a9t", [], {})
    records = _records(story)
    shown = [found for one in story.exchanges for found in [*_shown(one), *_named(one)]]
    for kind, record_id, record in shown:
        add_object(org, kind, record_id[:3], list(record), record)
    for one in story.exchanges:
        add_asked(org, one)
    _columns(org, story)
    _insert(org, records, _deleted(story))
    for one in story.exchanges:
        _keyed(org, one)
    _more(org, story)


def _columns(org: Org, story: Story) -> None:
    """Add the fields that the columns of an upload name."""
    bodies = (one.body_json for one in story.exchanges)
    kinds = [body["object"] for body in bodies if _opens_job(body)]
    for one in story.exchanges:
        if one.method == "PUT" and one.body and kinds and story.group == "cli-dx":
            head, *rows = one.body.split()
            add_object(org, kinds[0], "a9v", head.split(","), {})
            if head.startswith("Id,"):
                _insert(
                    org, {row[:18]: (kinds[0], {}) for row in rows if row[15:18].isalnum()}, set()
                )


def _opens_job(body: Any) -> bool:
    return isinstance(body, dict) and "operation" in body and "object" in body


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
    for record in _walk(one.answer_json):
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
    body = one.body_json
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
        for row in _walk(one.answer_json)
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
        body = one.answer_json
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
