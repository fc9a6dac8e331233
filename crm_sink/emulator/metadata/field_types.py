"""The types of custom fields: from the words of the Metadata API to a field's definition.

Rules and words that are on record: facts 8.3, and the recorded upsertMetadata replies.

Not imitated: fields of type AutoNumber, formula, Summary, Time, Location, encrypted text and
external lookups (they are refused); global value sets, dependent picklists. Likely but not on
record: the words for what a field must say, but for three of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.emulator.metadata.body import Body, Refused, elements, invalid, is_true, number
from crm_sink.emulator.schema import PicklistValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType

NUMBERS = {"Number": "double", "Currency": "currency", "Percent": "percent"}
PLAIN = {
    "Date": ("date", 0),
    "DateTime": ("datetime", 0),
    "Email": ("email", 80),
    "Phone": ("phone", 40),
    "Url": ("url", 255),
}
LONG = {"LongTextArea": "plaintextarea", "Html": "richtextarea"}
PICKLISTS = {"Picklist": ("picklist", 255), "MultiselectPicklist": ("multipicklist", 4099)}
# "Number: at most 18 digits"; "Long text area: 256 to 131,072" (metadata guide, CustomField).
MOST_DIGITS, SHORTEST_LONG, LONGEST_LONG, LONGEST_TEXT = 18, 256, 131_072, 255


def parts(name: str, body: Body, objects: Mapping[str, ObjectType]) -> dict[str, Any]:
    """Give the parts of a field that follow from its type.

    Raises:
        Refused: The type is none that the local org knows, or lacks what it needs.
    """
    kind = str(body.get("type", ""))
    if "formula" in body or kind == "Summary":
        raise invalid(f"The local org does not imitate formula and summary fields ({name})")
    if kind in NUMBERS:
        return _number(kind, body)
    if kind in PLAIN:
        return {"type": PLAIN[kind][0], "length": PLAIN[kind][1]}
    if kind in PICKLISTS:
        return _picklist(kind, body)
    if kind == "Checkbox":
        return _checkbox(body)
    if kind in LONG or kind in ("Text", "TextArea"):
        return _text(kind, body)
    if kind in ("Lookup", "MasterDetail"):
        return _lookup(name, kind, body, objects)
    if not kind:
        raise invalid("Must specify 'type' for the CustomField")
    raise invalid(f"The local org does not imitate fields of type {kind} ({name})")


def type_word(field: Field) -> str:
    """Give the Metadata API's word for a field's type."""
    words = {
        **{kind: word for word, kind in NUMBERS.items()},
        **{kind: word for word, (kind, _) in (*PLAIN.items(), *PICKLISTS.items())},
        "boolean": "Checkbox",
        "string": "Text",
    }
    if field.type == "reference":
        return "MasterDetail" if field.master_detail else "Lookup"
    if field.type == "textarea":
        if field.extra_type_info == "richtextarea":
            return "Html"
        return "LongTextArea" if field.is_long_text else "TextArea"
    return words.get(field.type, field.type)


def _number(kind: str, body: Body) -> dict[str, Any]:
    precision, scale = number(body, "precision", kind), number(body, "scale", kind)
    if not 0 < precision <= MOST_DIGITS or scale > precision:
        raise invalid(f"Invalid precision or scale for a CustomField of type {kind}")
    return {"type": NUMBERS[kind], "precision": precision, "scale": scale}


def _picklist(kind: str, body: Body) -> dict[str, Any]:
    value_set = next(iter(elements(body, "valueSet")), {})
    definition = next(iter(elements(value_set, "valueSetDefinition")), {})
    if not definition:
        raise invalid(f"Must specify 'valueSet' for a CustomField of type {kind}")
    values = tuple(
        PicklistValue(
            one.get("fullName") or one.get("valueName") or one.get("label", ""),
            one.get("label") or one.get("fullName") or one.get("valueName", ""),
            active=str(one.get("isActive", "true")).lower() != "false",
            default=is_true(one, "default"),
        )
        for one in elements(definition, "value")
    )
    if not all(one.value for one in values):
        raise invalid(f"Must specify 'fullName' for each value of a CustomField of type {kind}")
    word, length = PICKLISTS[kind]
    made: dict[str, Any] = {"type": word, "length": length, "values": values}
    made["restricted"] = is_true(value_set, "restricted")
    made["default"] = next((one.value for one in values if one.default), None)
    return made | ({} if word == "picklist" else {"sortable": False})


def _checkbox(body: Body) -> dict[str, Any]:
    if is_true(body, "required"):
        raise invalid("Can not specify 'required' for a CustomField of type Checkbox")
    if str(body.get("defaultValue") or "") == "" and body.get("defaultValue") is not False:
        raise invalid("Must specify 'defaultValue' for a CustomField of type Checkbox")
    return {"type": "boolean", "nillable": False, "default": is_true(body, "defaultValue")}


def _text(kind: str, body: Body) -> dict[str, Any]:
    if kind == "TextArea":
        return {"type": "textarea", "length": 255, "extra_type_info": "plaintextarea"}
    length = number(body, "length", kind)
    if kind == "Text":
        if not 1 <= length <= LONGEST_TEXT:
            raise invalid(f"Invalid length, maximum is: {LONGEST_TEXT}")
        return {"type": "string", "length": length}
    if length < SHORTEST_LONG:
        raise invalid(f"Invalid length, minimum is: {SHORTEST_LONG}")
    if length > LONGEST_LONG:
        raise invalid(f"Invalid length, maximum is: {LONGEST_LONG}")
    if is_true(body, "required"):
        raise invalid(f"Can not specify 'required' for a CustomField of type {kind}")
    number(body, "visibleLines", kind)
    long = {"filterable": False, "sortable": False}
    return {"type": "textarea", "length": length, "extra_type_info": LONG[kind], **long}


def _lookup(name: str, kind: str, body: Body, objects: Mapping[str, ObjectType]) -> dict[str, Any]:
    named = str(body.get("referenceTo", ""))
    target = objects.get(named.lower())
    if target is None:
        message = f"In field: referenceTo - no CustomObject named {named} found"
        raise Refused("INVALID_CROSS_REFERENCE_KEY", message)
    detail = kind == "MasterDetail"
    return {
        "type": "reference",
        "length": 18,
        "reference_to": (target.name,),
        "relationship": name.removesuffix("__c") + "__r",
        "master_detail": detail,
        "nillable": not detail,
    }
