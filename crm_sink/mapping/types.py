"""The texts that a mapping's `type:` may hold, and the field that each of them means.

`Number(3, 0)` ↔ `FieldSchema(type=DOUBLE, precision=3, scale=0)`. The limits are Salesforce's for
custom fields. What the org really has is told by its describe, which wins (see `resolve`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm_sink.mapping.names import did_you_mean
from crm_sink.schema import FieldSchema, FieldType

NUMBERS = {
    "number": FieldType.DOUBLE,
    "percent": FieldType.PERCENT,
    "currency": FieldType.CURRENCY,
}
PICKLISTS = {
    "picklist": FieldType.PICKLIST,
    "multiselectpicklist": FieldType.MULTIPICKLIST,
}
# Types without arguments, with the length that Salesforce gives them.
FIXED = {
    "textarea": (FieldType.TEXTAREA, 255),
    "checkbox": (FieldType.BOOLEAN, 0),
    "date": (FieldType.DATE, 0),
    "datetime": (FieldType.DATETIME, 0),
    "time": (FieldType.TIME, 0),
    "email": (FieldType.EMAIL, 80),
    "phone": (FieldType.PHONE, 40),
    "url": (FieldType.URL, 255),
}
SPELLINGS = {
    "number": "Number(18, 0)",
    "percent": "Percent(5, 2)",
    "currency": "Currency(18, 2)",
    "text": "Text(80)",
    "textarea": "TextArea",
    "longtextarea": "LongTextArea(1024)",
    "checkbox": "Checkbox",
    "date": "Date",
    "datetime": "DateTime",
    "time": "Time",
    "picklist": "Picklist(Hot, Warm, Cold)",
    "multiselectpicklist": "MultiselectPicklist(A, B)",
    "email": "Email",
    "phone": "Phone",
    "url": "Url",
    "lookup": "Lookup(Account)",
}
LONGEST_PICKLIST_VALUE = 255
MULTIPICKLIST_LENGTH = 4099


@dataclass(frozen=True, slots=True)
class TypeFault:
    """What is wrong with a type text, and the cure."""

    message: str
    hint: str


def parse_type(text: str, *, field: str = "") -> FieldSchema | TypeFault:
    """Give the field that a type text means, named `field`.

    Example: `parse_type("Percent(5, 2)")` is a percent field of precision 5 and scale 2.
    """
    match = re.fullmatch(r"\s*([A-Za-z]+)\s*(?:\((.*)\))?\s*", text, re.DOTALL)
    if match is None:
        return TypeFault(f"{text!r} is not a type", "Such as Number(3, 0), Text(80) or DateTime.")
    kind, arguments = match.group(1).lower(), match.group(2)
    if kind not in SPELLINGS:
        known = [spelling.split("(")[0] for spelling in SPELLINGS.values()]
        return TypeFault(f"there is no type {match.group(1)}", did_you_mean(kind, known))
    parts = [] if arguments is None else _split(arguments)
    if kind in FIXED:
        return _fixed(kind, arguments, field)
    makers = {**dict.fromkeys(NUMBERS, _number), **dict.fromkeys(PICKLISTS, _picklist)}
    return makers.get(kind, _lookup if kind == "lookup" else _text)(kind, parts, field)


def type_text(field: FieldSchema) -> str:
    """Give the type text of a field, as a mapping file would write it."""
    names = {kind: word for word, kind in NUMBERS.items()}
    if field.type in names:
        word = SPELLINGS[names[field.type]].split("(")[0]
        return f"{word}({field.precision or 18}, {field.scale})"
    if field.type is FieldType.INT:
        return f"Number({field.precision or 8}, 0)"
    if field.type in (FieldType.PICKLIST, FieldType.MULTIPICKLIST):
        word = "Picklist" if field.type is FieldType.PICKLIST else "MultiselectPicklist"
        return f"{word}({', '.join(map(_quoted, field.values))})"
    if field.type in (FieldType.REFERENCE, FieldType.ID):
        return f"Lookup({field.reference_to[0] if field.reference_to else 'Object'})"
    fixed = {kind: SPELLINGS[word] for word, (kind, _) in FIXED.items()}
    if field.type is FieldType.TEXTAREA and field.length > 255:
        return f"LongTextArea({field.length})"
    return fixed.get(field.type, f"Text({min(field.length or 255, 255)})")


def _split(arguments: str) -> list[str]:
    """Split at commas; a picklist value that holds a comma stands in quotes."""
    parts = re.findall(r'\s*("[^"]*"|\'[^\']*\'|[^,]*)\s*(?:,|$)', arguments)
    return [part.strip() for part in parts[:-1]] or [arguments.strip()]


def _quoted(value: str) -> str:
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}" if re.search(r"[\"'\s]$|^[\s\"']|,", value) else value


def _unquoted(part: str) -> str:
    """Take the quotes from around a value; one alone is a part of it, as in 6"."""
    is_quoted = len(part) > 1 and part[0] == part[-1] and part[0] in "'\""
    return part[1:-1] if is_quoted else part


def _number(kind: str, parts: list[str], field: str) -> FieldSchema | TypeFault:
    hint = f"Such as {SPELLINGS[kind]}: digits in all, and digits behind the point."
    if len(parts) != 2 or not all(re.fullmatch(r"\d{1,4}", part) for part in parts):
        return TypeFault(f"{kind.capitalize()} takes two whole numbers", hint)
    precision, scale = int(parts[0]), int(parts[1])
    if not 1 <= precision <= 18:
        return TypeFault(f"a number has 1 to 18 digits, not {precision}", hint)
    if scale > precision:
        return TypeFault(f"{scale} digits behind the point are more than {precision} in all", hint)
    return FieldSchema(field, NUMBERS[kind], precision=precision, scale=scale)


def _text(kind: str, parts: list[str], field: str) -> FieldSchema | TypeFault:
    low, high = (1, 255) if kind == "text" else (256, 131_072)
    word = SPELLINGS[kind].split("(")[0]
    hint = f"Such as {SPELLINGS[kind]}."
    if len(parts) != 1 or not re.fullmatch(r"\d{1,9}", parts[0]):
        return TypeFault(f"{word} takes one whole number, the characters that fit", hint)
    length = int(parts[0])
    if not low <= length <= high:
        more = " Up to 255 characters: Text(n)." if kind == "longtextarea" else ""
        more = " For more: LongTextArea(n)." if kind == "text" and length > high else more
        return TypeFault(f"{word} holds {low} to {high:,} characters, not {length}", hint + more)
    type_ = FieldType.STRING if kind == "text" else FieldType.TEXTAREA
    return FieldSchema(field, type_, length=length)


def _picklist(kind: str, parts: list[str], field: str) -> FieldSchema | TypeFault:
    word, hint = SPELLINGS[kind].split("(")[0], f"Such as {SPELLINGS[kind]}."
    values = [_unquoted(part) for part in parts]
    if not values or "" in values:
        return TypeFault(f"{word} needs its values", hint)
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        return TypeFault(f"{word} has {twice[0]} twice", "Keep one of them.")
    bad = next((v for v in values if len(v) > LONGEST_PICKLIST_VALUE or ";" in v), None)
    if bad is not None:
        return TypeFault(
            f"{bad[:40]!r} cannot be a picklist value", "At most 255 characters, and no semicolon."
        )
    length = LONGEST_PICKLIST_VALUE if kind == "picklist" else MULTIPICKLIST_LENGTH
    return FieldSchema(field, PICKLISTS[kind], length=length, restricted=True, values=tuple(values))


def _fixed(kind: str, arguments: str | None, field: str) -> FieldSchema | TypeFault:
    if arguments is not None:
        return TypeFault(f"{SPELLINGS[kind]} takes nothing in brackets", "")
    type_, length = FIXED[kind]
    return FieldSchema(field, type_, length=length, nillable=type_ is not FieldType.BOOLEAN)


def _lookup(kind: str, parts: list[str], field: str) -> FieldSchema | TypeFault:
    if len(parts) != 1 or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", parts[0]):
        return TypeFault("Lookup takes the object it points to", f"Such as {SPELLINGS[kind]}.")
    return FieldSchema(field, FieldType.REFERENCE, length=18, reference_to=(parts[0],))
