"""CustomField: made, changed, read and deleted; a new one is seen by nobody until it is granted.

A required field needs no grant: everybody sees it (facts 8.3).

Not imitated: changes of a field's type, fields of objects that the local org does not have, custom
settings and metadata types. Not on record and so only likely: the words for an object that there
is not, and for a name that is none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.history.kinds import KINDS
from crm_sink.emulator.history.tracking import TooMany, tracked
from crm_sink.emulator.metadata import components
from crm_sink.emulator.metadata.body import Body, Refused, invalid, is_true, unknown
from crm_sink.emulator.metadata.field_types import parts, type_word
from crm_sink.emulator.schema import Field

if TYPE_CHECKING:
    from crm_sink.emulator.altering import Alteration
    from crm_sink.emulator.schema import ObjectType

TYPE = "CustomField"
NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c", re.ASCII)
# The lines of what is shown in several, as Setup proposes them.
LINES = {"LongTextArea": "3", "Html": "25", "MultiselectPicklist": "4"}
LONGEST_NAME, LONGEST_LABEL = 43, 40  # "API name: at most 40", and `__c`
GONE = "This custom field does not exist or is not accessible"


def save(change: Alteration, full_name: str, body: Body, *, mode: str) -> bool:
    """Make or change a field.

    Args:
        change: What is being changed.
        full_name: `Object.Field__c`.
        body: Its elements.
        mode: create, update or upsert.

    Returns:
        Whether it is new.

    Raises:
        Refused: It cannot be.
    """
    target, name = _target(change, full_name)
    before = target.find(name)
    if before is not None and not before.custom:
        if "trackHistory" not in body or mode == "create":
            raise invalid(f"{full_name} is a standard field, which the local org does not change")
        change.replace_field(target, _tracked(target, before, before, body))
        return False
    if before is not None and mode == "create":
        message = f"There is already a field named {before.name} on {target.name}."
        raise Refused("DUPLICATE_DEVELOPER_NAME", message)
    if before is None and mode == "update":
        raise unknown(TYPE, full_name)
    made = to_field(change, before.name if before else name, body)
    made = _tracked(target, before, made, body)
    if before is None:
        change.add_field(target, made)
    else:
        _check_same(before, made)
        change.replace_field(target, replace(made, guarded=before.guarded and made.guarded))
    components.keep(change, TYPE, f"{target.name}.{made.name}", body)
    return before is None


def delete(change: Alteration, full_name: str) -> None:
    """Delete a field and its values.

    Raises:
        Refused: There is no such field.
    """
    object_name, _, name = full_name.partition(".")
    target = change.find(object_name)
    field = None if target is None else target.find(name)
    if target is None or field is None or not field.custom:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", GONE)
    change.remove_field(target, field)
    components.forget(change, TYPE, full_name)


def read(change: Alteration, full_name: str) -> Body | None:
    """Give a field's elements, or None."""
    object_name, _, name = full_name.partition(".")
    target = change.find(object_name)
    field = None if target is None else target.find(name)
    if target is None or field is None or not (field.custom or field.tracked):
        return None
    kept = components.find(change.cursor, TYPE, full_name)
    shown = kept.body if kept else from_field(field)
    tracks = {"trackHistory": str(field.tracked).lower()} if target.name in KINDS else {}
    return {**shown, **tracks, "fullName": f"{target.name}.{field.name}"}


def names(change: Alteration) -> list[str]:
    """Give the full names of all custom fields."""
    return sorted(
        f"{target.name}.{field.name}"
        for target in change.definitions.values()
        for field in target.fields.values()
        if field.custom
    )


def to_field(change: Alteration, name: str, body: Body) -> Field:
    """Make a field's definition.

    Raises:
        Refused: It contradicts itself, or is of a kind that the local org does not have.
    """
    label = str(body.get("label") or "").strip()
    if not label:
        raise invalid("Must specify a non-empty label for the CustomField")
    if len(label) > LONGEST_LABEL:
        raise invalid(f"Label: data value too large: {label} (max length={LONGEST_LABEL})")
    required, external = is_true(body, "required"), is_true(body, "externalId")
    made = Field(name, label, **parts(name, body, change.definitions), custom=True)
    nillable = made.nillable and not required
    return replace(
        made,
        nillable=nillable,
        external_id=external,
        id_lookup=external,
        unique=is_true(body, "unique"),
        case_sensitive=is_true(body, "caseSensitive"),
        default=_default(made, body),
        help=body.get("inlineHelpText"),
        child_relationship=body.get("relationshipName") if made.reference_to else None,
        guarded=nillable or made.type == "boolean",
    )


def from_field(field: Field) -> Body:
    """Give the elements of a field that no writer has told of."""
    body: Body = {"label": field.label, "type": type_word(field)}
    if field.help:
        body["inlineHelpText"] = field.help
    if field.tracked:
        body["trackHistory"] = "true"
    if field.precision:
        body |= {"precision": str(field.precision), "scale": str(field.scale)}
    if body["type"] in ("Text", "LongTextArea", "Html"):
        body["length"] = str(field.length)
    if body["type"] in LINES:
        body["visibleLines"] = LINES[body["type"]]
    if field.type == "boolean":
        body["defaultValue"] = str(bool(field.default)).lower()
    elif not field.is_long_text:
        body["required"] = str(not field.nillable).lower()
    if field.external_id or field.unique:
        body |= {"externalId": str(field.external_id).lower(), "unique": str(field.unique).lower()}
    if field.values:
        values = [
            {"fullName": one.value, "default": str(one.default).lower(), "label": one.label}
            for one in field.values
        ]
        body["valueSet"] = {
            "restricted": str(field.restricted).lower(),
            "valueSetDefinition": {"sorted": "false", "value": values},
        }
    if field.reference_to:
        body["referenceTo"] = field.reference_to[0]
        if field.child_relationship:
            body["relationshipName"] = field.child_relationship
    return body


def _tracked(target: ObjectType, before: Field | None, made: Field, body: Body) -> Field:
    """Give a field with its tracking as the body has it, or as it was when it has none."""
    was = before is not None and before.tracked
    wanted = is_true(body, "trackHistory") if "trackHistory" in body else was
    try:
        return tracked(target, made, on=wanted)
    except TooMany as refused:
        raise Refused("NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED", str(refused)) from None
    except ValueError as refused:
        raise invalid(str(refused)) from None


def _target(change: Alteration, full_name: str) -> tuple[ObjectType, str]:
    object_name, _, name = full_name.partition(".")
    target = change.find(object_name)
    if target is None:
        message = (
            f"Entity Enumeration Or ID: bad value for restricted picklist field: {object_name}"
        )
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message)
    if not NAME.fullmatch(name) and target.find(name) is None:
        raise invalid("Invalid fullName, must end in a custom suffix (e.g. __c)")
    if len(name) > LONGEST_NAME:
        raise invalid(f"Field Name: data value too large: {name} (max length=40)")
    return target, name


def _check_same(before: Field, after: Field) -> None:
    if before.type != after.type:
        raise invalid(
            f"The local org does not change the type of a field ({before.name}: "
            f"{type_word(before)} to {type_word(after)})"
        )


def _default(made: Field, body: Body) -> object:
    """Give the default of a number or text; a formula in its place has no effect."""
    given = body.get("defaultValue")
    if made.default is not None or given is None or made.type == "boolean":
        return made.default
    text = str(given)
    if made.type in ("double", "currency", "percent"):
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
    if made.type == "string" and len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return None
