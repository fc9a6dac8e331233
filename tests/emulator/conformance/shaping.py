"""Gives an org the objects and fields that a recording takes for granted.

Records are left to `seeding`. Only public seams of the org's store are used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.schema import Field, ObjectType, PicklistValue
from crm_sink.emulator.standard import standard_objects

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org
    from tests.emulator.conformance.exchange import Exchange


SELECT = re.compile(r"select\s+(.*?)\s+from\s+(\w+)", re.IGNORECASE | re.DOTALL)
MOMENT = re.compile(r"(?<=\d)(?:\+0000|Z)$")
PREFIXES = {"Case": "500", "CaseComment": "00a", "FeedItem": "0D5", "Event": "00U", "Task": "00T"}


def add_described(org: Org, body: dict[str, Any]) -> None:
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


def add_asked(org: Org, one: Exchange) -> None:
    """Add the objects and fields that a query or a body names."""
    for found in SELECT.finditer(one.query.get("q", "")):
        listed = [
            part.strip() for part in found[1].split(",") if re.fullmatch(r"\w+", part.strip())
        ]
        listed += re.findall(r"where (\w+)", one.query["q"], re.IGNORECASE)
        if one.status == 200 and "(" not in found[1]:
            add_object(org, found[2], PREFIXES.get(found[2], "a9x"), listed, {})
    body = one.body_json
    if isinstance(body, dict) and "operation" in body and one.status == 200:
        found = SELECT.search(body.get("query", ""))
        kind = found[2] if found else body["object"]
        add_object(org, kind, PREFIXES.get(kind, "a9w"), [], {})
    path = re.match(r"/services/data/v[\d.]+/(?:composite/)?(?:sobjects|tree)/(\w+)", one.path)
    if one.status < 300 and isinstance(body, dict):
        if path and "records" not in body:
            add_object(org, path[1], "a9y", list(body), body)
            key = one.path.split("/")[-2]
            if key.endswith("__c") and org.store.objects[path[1].lower()].find(key) is None:
                _add_key(org, path[1], key)
        for row in body.get("records") or ():
            kind = (row.get("attributes") or {}).get("type")
            failed = "No such column" in (one.answer or "")
            if kind and not failed:
                add_object(org, kind, PREFIXES.get(kind, "a9z"), list(row), row)


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


def add_object(org: Org, kind: str, prefix: str, keys: list[str], example: dict[str, Any]) -> None:
    """Add an object, and fields that can hold these keys; nested values need no field."""
    if kind == "AggregateResult":
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
