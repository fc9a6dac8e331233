"""Values made checkboxes, picklist values and record ids: those of which only some are allowed.

A checkbox has no null (INVALID_TYPE_ON_FIELD_IN_RECORD). Values of a restricted picklist are
compared with case. A record id of 15 characters is written with 18, as Salesforce gives it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal
from crm_sink.transform.fit.coercion import Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.kinds import NUMBERS, Kind
from crm_sink.transform.fit.texts import TAKEN, lost, text, text_hint, text_words, trimmed

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema

# The key prefixes of the standard objects that are looked up most.
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "Lead": "00Q",
    "Group": "00G",
    "Product2": "01t",
    "Case": "500",
    "Campaign": "701",
}


def checkbox(
    field: FieldSchema, kind: Kind, slot: Slot, *, keeps_null: bool
) -> Coercion | Mismatch:
    """Coerce to a checkbox: true and false, 1 and 0, the texts of these."""
    v, c = slot.v, slot.c
    if kind is Kind.TEXT:
        value = (
            f"case lower(trim({v})) when 'true' then true when '1' then true "
            "when 'false' then false when '0' then false end"
        )
    elif kind in NUMBERS:
        value = f"case {v} when 1 then true when 0 then false end"
    elif kind in (Kind.BOOLEAN, Kind.NULL):
        value = f"cast({v} as boolean)"
    else:
        return Mismatch(
            f"is a checkbox, but the expression gives {kind}", "Compare it: x is not null."
        )
    null = "null" if keeps_null else "'CHECKBOX_NULL'"
    return Coercion(
        value=value,
        code=f"case when {v} is null then {null} when {c} is null then 'NOT_A_CHECKBOX' end",
        words={
            "CHECKBOX_NULL": Words(
                "a checkbox is true or false, never empty", "Decide: coalesce(x, false)."
            ),
            "NOT_A_CHECKBOX": Words(
                "this is neither true nor false", "Write a condition: x = 'yes'."
            ),
        },
    )


def picklist(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a picklist. One that is not restricted takes any text that fits."""
    free = text(field, kind, slot, truncate=False)
    if isinstance(free, Mismatch) or not (field.restricted and field.values):
        return free
    listed = ", ".join(literal(value) for value in field.values)
    code = (
        f"case when {slot.c} is null then {lost(slot.v, kind)} "
        f"when {slot.c} = '#N/A' then 'TEXT_IS_NA' "
        f"when {slot.c} in ({listed}) then null else 'NOT_IN_PICKLIST' end"
    )
    words = {**text_words(field), "NOT_IN_PICKLIST": picklist_words(field)}
    return Coercion(value=free.value, code=code, words=words, known=field.values)


def multipicklist(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a multi-select picklist: values joined by `;`, in the picklist's own order.

    Takes a text with semicolons, or a list of texts.
    """
    is_list = kind is Kind.TEXT_LIST
    if not is_list and kind not in TAKEN:
        return Mismatch(f"is a list of choices, but the expression gives {kind}", text_hint(kind))
    given = f"array_to_string({slot.v}, ';')" if is_list else slot.v
    kind = Kind.TEXT if is_list else kind
    parts = f"string_split({trimmed(given, kind)}, ';')"
    chosen = (
        f"list_distinct(list_filter(list_transform({parts}, lambda x: trim(x)), lambda x: x <> ''))"
    )
    order = f"[{', '.join(literal(value) for value in field.values)}]::varchar[]"
    rank = f"lambda x: {{'i': coalesce(list_position({order}, x), 1000000), 'x': x}}"
    ordered = f"list_transform(list_sort(list_transform({chosen}, {rank})), lambda p: p.x)"
    value = f"nullif(array_to_string({ordered}, ';'), '')"
    # Of semicolons alone nothing is left, and that is null.
    left = f"replace(cast({given} as varchar), ';', '')" if kind is Kind.TEXT else given
    tests = [f"when {slot.c} is null then {lost(left, kind)}"]
    tests.append(f"when {slot.c} = '#N/A' then 'TEXT_IS_NA'")
    if field.restricted and field.values:
        unknown = (
            f"list_filter(string_split({slot.c}, ';'), lambda x: not list_contains({order}, x))"
        )
        tests.append(f"when len({unknown}) > 0 then 'NOT_IN_PICKLIST'")
    tests.append(f"when length({slot.c}) > {field.length or 4099} then 'TEXT_TOO_LONG'")
    words = {**text_words(field), "NOT_IN_PICKLIST": picklist_words(field)}
    return Coercion(
        value=value, code=f"case {' '.join(tests)} end", words=words, known=field.values
    )


def picklist_words(field: FieldSchema) -> Words:
    """Give what a person reads of a value that a restricted picklist does not have."""
    shown = ", ".join(field.values[:10]) + (", ..." if len(field.values) > 10 else "")
    return Words(
        f"{field.name} is a restricted picklist and has no such value",
        f"It allows: {shown}. Map to one of these, or add the value in Setup.",
    )


def reference(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a record id, of 18 characters.

    The last three are a check on the case of the first fifteen: a wrong one tells of an id whose
    case was lost on the way (a spreadsheet, an upper-casing join).
    """
    if kind not in (Kind.TEXT, Kind.NULL):
        return Mismatch(f"is a record id, but the expression gives {kind}", "")
    plain = f"nullif(trim(cast({slot.v} as varchar)), '')"
    value = f"case when length({plain}) = 15 then {plain} || {checksum(plain)} else {plain} end"
    tests = [
        f"when {slot.c} is null then null",
        f"when not regexp_full_match({slot.c}, '[a-zA-Z0-9]{{18}}') then 'NOT_AN_ID'",
        f"when upper(right({slot.c}, 3)) <> {checksum(f'left({slot.c}, 15)')} then 'ID_CHECKSUM'",
    ]
    prefixes = [PREFIXES[name] for name in field.reference_to if name in PREFIXES]
    if prefixes and len(prefixes) == len(field.reference_to):
        listed = ", ".join(literal(prefix) for prefix in prefixes)
        tests.append(f"when left({slot.c}, 3) not in ({listed}) then 'ID_OF_OTHER_OBJECT'")
    return Coercion(
        value=value,
        code=f"case {' '.join(tests)} end",
        words={
            "NOT_AN_ID": Words("this is no record id", "An id has 15 or 18 letters and digits."),
            "ID_CHECKSUM": Words(
                "the last three characters do not fit the rest of the id",
                "The case of its letters was lost: take the id as the org gives it.",
            ),
            "ID_OF_OTHER_OBJECT": Words(
                f"the id is not of {' or '.join(field.reference_to)}", "Look up the right object."
            ),
        },
    )


def checksum(id15: str) -> str:
    """Give SQL for the three characters that make an 18-character id of one with 15.

    Each stands for five characters: bit i is set when the i-th is an upper-case letter.
    """
    letters = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'"
    marks = []
    for start in (1, 6, 11):
        bits = " + ".join(
            f"(case when substr({id15}, {start + i}, 1) between 'A' and 'Z' then {2**i} else 0 end)"
            for i in range(5)
        )
        marks.append(f"substr({letters}, {bits} + 1, 1)")
    return f"({' || '.join(marks)})"
