"""The standard objects of a new org, read from the tables in `standard_fields/`.

A line of a table is `API name | label | type | flags`. The type carries `(length)` or
`(precision,scale)`. Flags: `required` (not nillable), `readonly`, `createonly`, `updateonly`,
`auto` (the org fills it in on create), `lookup` (upserts may match on it), `unique`, `restricted`,
`part=` the compound field, `info=` describe's extraTypeInfo, `to=Object,Object:Relationship`,
`values=` a picklist of `picklists.py`.

Not imitated: the several hundred other standard objects, state and country code picklists.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from crm_sink.emulator.history.kinds import PREFIX
from crm_sink.emulator.schema import Field, ObjectType, PicklistValue
from crm_sink.emulator.standard_fields.account import ACCOUNT
from crm_sink.emulator.standard_fields.contact import CONTACT
from crm_sink.emulator.standard_fields.history import history_fields
from crm_sink.emulator.standard_fields.lead import LEAD
from crm_sink.emulator.standard_fields.opportunity import OPPORTUNITY
from crm_sink.emulator.standard_fields.permissions import (
    FIELD_PERMISSIONS,
    PERMISSION_SET,
    PERMISSION_SET_ASSIGNMENT,
)
from crm_sink.emulator.standard_fields.picklists import PICKLISTS, STAGES
from crm_sink.emulator.standard_fields.setup import (
    LIST_VIEW,
    ORGANIZATION,
    RECORD_TYPE,
    SCRATCH_ORG_INFO,
    TAB_DEFINITION,
)
from crm_sink.emulator.standard_fields.user import GROUP, PROFILE, USER

__all__ = ["STAGES", "standard_objects"]

OBJECTS = (
    ("Account", "Account", "Accounts", "001", ACCOUNT),
    ("Contact", "Contact", "Contacts", "003", CONTACT),
    ("Group", "Group", "Groups", "00G", GROUP),
    ("Lead", "Lead", "Leads", "00Q", LEAD),
    ("ListView", "List View", "List Views", "00B", LIST_VIEW),
    ("Opportunity", "Opportunity", "Opportunities", "006", OPPORTUNITY),
    ("Organization", "Organization", "Organizations", "00D", ORGANIZATION),
    ("FieldPermissions", "Field Permissions", "Field Permissions", "01k", FIELD_PERMISSIONS),
    ("PermissionSet", "Permission Set", "Permission Sets", "0PS", PERMISSION_SET),
    (
        "PermissionSetAssignment",
        "Permission Set Assignment",
        "Permission Set Assignments",
        "0Pa",
        PERMISSION_SET_ASSIGNMENT,
    ),
    ("Profile", "Profile", "Profile", "00e", PROFILE),
    ("RecordType", "Record Type", "Record Types", "012", RECORD_TYPE),
    ("ScratchOrgInfo", "Scratch Org Info", "Scratch Org Infos", "2SR", SCRATCH_ORG_INFO),
    ("TabDefinition", "Tab Definition", "Tab Definitions", "01r", TAB_DEFINITION),
    ("User", "User", "Users", "005", USER),
    *(
        (f"{parent}{word}", label, label, PREFIX, history_fields(parent, label))
        for parent, word, label in (
            ("Account", "History", "Account History"),
            ("Contact", "History", "Contact History"),
            ("Lead", "History", "Lead History"),
            ("Opportunity", "FieldHistory", "Opportunity Field History"),
        )
    ),
)


@cache
def standard_objects() -> dict[str, ObjectType]:
    """Give the objects of a new org by lower case name, their fields in describe's order."""
    return {
        name.lower(): ObjectType(name, label, plural, prefix, _fields(table))
        for name, label, plural, prefix, table in OBJECTS
    }


def _fields(table: str) -> dict[str, Field]:
    fields = [_field(line) for line in table.strip().splitlines()]
    return {field.name.lower(): field for field in fields}


def _field(line: str) -> Field:
    name, label, kind, *rest = (part.strip() for part in line.split(" | "))
    flags = rest[0].split() if rest else []
    given = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    word, size = _type(kind)
    values = _picklist(given["values"]) if "values" in given else ()
    targets, _, relationship = given.get("to", "").partition(":")
    return Field(
        name,
        label,
        word,
        nillable="required" not in flags and word != "boolean",
        createable=not {"readonly", "updateonly"} & set(flags),
        updateable=not {"readonly", "createonly"} & set(flags),
        unique="unique" in flags,
        id_lookup="lookup" in flags or word == "id",
        restricted="restricted" in flags,
        values=values,
        default=_default(word, values),
        reference_to=tuple(targets.split(",")) if targets else (),
        relationship=relationship or None,
        extra_type_info=given.get("info"),
        compound=given.get("part"),
        auto="auto" in flags,
        **size,
    )


def _type(text: str) -> tuple[str, dict[str, Any]]:
    """Read `string(80)`, `percent(3,0)` or `date`, and give the sizes that describe would show."""
    word, _, inside = text.rstrip(")").partition("(")
    if word in ("id", "reference"):
        return word, {"length": 18}
    if word == "address":
        return word, {"sortable": False}
    if word == "anyType":
        return word, {"length": int(inside), "filterable": False}
    if not inside:
        return word, {}
    first, _, second = inside.partition(",")
    if second:
        return word, {"precision": int(first), "scale": int(second)}
    # "For long text areas, filterable and sortable are false" (describe of Account.Description).
    plain = not (word == "textarea" and int(first) > 255)
    return word, {"length": int(first), "filterable": plain, "sortable": plain}


def _picklist(name: str) -> tuple[PicklistValue, ...]:
    found = []
    for text in PICKLISTS[name].split("|"):
        value, _, label = text.lstrip("*").partition("=")
        found.append(PicklistValue(value, label or value, default=text.startswith("*")))
    return tuple(found)


def _default(word: str, values: tuple[PicklistValue, ...]) -> Any:
    if word == "boolean":
        return False
    return next((value.value for value in values if value.default), None)
