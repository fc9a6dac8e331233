"""Custom fields from the words that a Salesforce admin uses: `Number(3, 0)`, `Picklist(Hot, Cold)`.

Not imitated: Time, AutoNumber, formulas, roll-up summaries, global value sets.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from crm_sink.emulator.schema import Field, PicklistValue

PART = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,]*)\s*(?:,|$)""")
TYPE_TEXT = re.compile(r"\s*([A-Za-z]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
NAME = re.compile(r"[A-Za-z]\w*__c", re.ASCII)
# "Number: at most 18 digits" and "Long text area: 256 to 131,072 characters" (metadata guide).
MOST_DIGITS = 18
LONG_TEXT = range(256, 131_073)
TEXT = range(1, 256)
PICKLIST_LENGTH, MULTIPICKLIST_LENGTH = 255, 4099
FIXED_LENGTHS = {"email": 80, "phone": 40, "url": 255}
NUMBERS = {"number": "double", "currency": "currency", "percent": "percent"}
PLAIN = {"date": "date", "datetime": "datetime"}


def custom_field(
    name: str,
    type_text: str,
    *,
    label: str | None = None,
    external_id: bool = False,
    unique: bool = False,
    restricted: bool = True,
    help: str | None = None,  # noqa: A002
) -> Field:
    """Make a custom field.

    Args:
        name: API name, ending in `__c`.
        type_text: `Text(40)`, `TextArea`, `LongTextArea(1024)`, `Html(1024)`, `Number(3, 0)`,
            `Currency(16, 2)`, `Percent(5, 2)`, `Checkbox`, `Date`, `DateTime`, `Email`, `Phone`,
            `Url`, `Picklist(Hot, "Warm, or so")`, `MultiselectPicklist(A, B)`, `Lookup(Account)` or
            `MasterDetail(Account)`.
        label: What people see; by default the name in words.
        external_id: Whether upserts may match on it. An external id here is unique too.
        unique: Whether two records may not share a value.
        restricted: Whether a picklist refuses values that it does not offer.
        help: The text that people see at the field.

    Raises:
        ValueError: The name or the type is none.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a custom field: it must end in __c")
    found = TYPE_TEXT.fullmatch(type_text)
    if found is None:
        raise ValueError(f"{type_text!r} is no type of a field")
    word, inside = found[1].lower(), _parts(found[2] or "")
    made = Field(name, label or _label(name), **_kind(name, word, inside, type_text), custom=True)
    if word in ("picklist", "multiselectpicklist"):
        made = replace(made, restricted=restricted)
    return replace(
        made,
        external_id=external_id,
        id_lookup=external_id,
        unique=unique or external_id,
        help=help,
    )


def _parts(inside: str) -> list[str]:
    """Split what stands in the brackets at its commas; in quotes a value may hold one."""
    parts = [part.strip() for part in PART.findall(inside)[:-1]] or [""]
    return [
        part[1:-1] if part[:1] in ("'", '"') and part.endswith(part[:1]) and len(part) > 1 else part
        for part in parts
    ]


def _label(name: str) -> str:
    return name.removesuffix("__c").replace("_", " ")


def _kind(name: str, word: str, inside: list[str], type_text: str) -> dict[str, Any]:
    """Give the parts of a field that follow from its type."""
    if word in NUMBERS:
        return _number(NUMBERS[word], inside, type_text)
    if word in PLAIN or word in FIXED_LENGTHS:
        kind = PLAIN.get(word, word)
        return {"type": kind, "length": FIXED_LENGTHS.get(word, 0)}
    if word == "time":
        raise ValueError("the local org does not imitate fields of type Time")
    if word == "checkbox":
        return {"type": "boolean", "nillable": False, "default": False}
    if word in ("picklist", "multiselectpicklist"):
        return _picklist(word, inside, type_text)
    if word in ("lookup", "masterdetail"):
        return _lookup(name, word, inside, type_text)
    return _text(word, inside, type_text)


def _number(kind: str, inside: list[str], type_text: str) -> dict[str, Any]:
    if len(inside) != 2 or not all(part.isdigit() for part in inside):
        raise ValueError(f"{type_text!r} needs digits and decimals, as in Number(3, 0)")
    precision, scale = int(inside[0]), int(inside[1])
    if not 0 < precision <= MOST_DIGITS or scale > precision:
        raise ValueError(f"{type_text!r}: at most {MOST_DIGITS} digits, decimals among them")
    return {"type": kind, "precision": precision, "scale": scale}


def _picklist(word: str, inside: list[str], type_text: str) -> dict[str, Any]:
    if not all(inside):
        raise ValueError(f"{type_text!r} needs its values, as in Picklist(Hot, Warm, Cold)")
    values = tuple(PicklistValue(value, value) for value in inside)
    if word == "picklist":
        return {"type": "picklist", "length": PICKLIST_LENGTH, "values": values}
    length = MULTIPICKLIST_LENGTH
    return {"type": "multipicklist", "length": length, "values": values, "sortable": False}


def _lookup(name: str, word: str, inside: list[str], type_text: str) -> dict[str, Any]:
    if len(inside) != 1 or not inside[0]:
        raise ValueError(f"{type_text!r} needs one object, as in Lookup(Account)")
    detail = word == "masterdetail"
    return {
        "type": "reference",
        "length": 18,
        "reference_to": (inside[0],),
        "relationship": name.removesuffix("__c") + "__r",
        "master_detail": detail,
        "nillable": not detail,
    }


def _text(word: str, inside: list[str], type_text: str) -> dict[str, Any]:
    if word == "textarea":
        return {"type": "textarea", "length": 255, "extra_type_info": "plaintextarea"}
    allowed = {"text": TEXT, "longtextarea": LONG_TEXT, "html": LONG_TEXT}.get(word)
    if allowed is None:
        raise ValueError(f"{type_text!r} is no type of a field")
    if not inside[0].isdigit() or int(inside[0]) not in allowed:
        raise ValueError(f"{type_text!r}: the length is from {allowed[0]} to {allowed[-1]}")
    length = int(inside[0])
    if word == "text":
        return {"type": "string", "length": length}
    info = "richtextarea" if word == "html" else "plaintextarea"
    long = {"filterable": False, "sortable": False}
    return {"type": "textarea", "length": length, "extra_type_info": info, **long}
