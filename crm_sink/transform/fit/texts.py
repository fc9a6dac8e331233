"""Values made text: trimmed, measured, and free of what cannot travel.

Salesforce trims text and stores "" as null, so that is done here too: what is sent is then what is
read back. A literal `#N/A` would clear the field in a Bulk file. Length is counted as Salesforce
counts it, in UTF-16 units: an emoji is two. Nothing is cut unless the field says `truncate: true`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal
from crm_sink.schema import FieldType
from crm_sink.transform.fit.coercion import NOT_FINITE, Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.kinds import Kind

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema

# Unicode's white space, without the non-breaking kinds (U+00A0, U+2007, U+202F): they survive.
WHITE = (
    "\t\n\x0b\x0c\r \x85\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
    "\u2028\u2029\u205f\u3000"
)
# Control characters but tab and line feed: XML and Salesforce's pages have no place for them.
CONTROL = r"[\x00-\x08\x0B-\x1F\x7F-\x9F]"
UNUSUAL = f"^[{WHITE}]|[{WHITE}]$|{CONTROL}"
EMAIL = r"[^\s@\"(),:;<>\[\]\\]+@[^\s@\"(),:;<>\[\]\\.]+(\.[^\s@\"(),:;<>\[\]\\.]+)+"
LARGEST_WHOLE = 2**53  # up to here a double holds every whole number, and so every id made of one
LISTS = {Kind.LIST, Kind.TEXT_LIST, Kind.STRUCT, Kind.MAP}
TAKEN = frozenset(Kind) - LISTS - {Kind.BYTES, Kind.OTHER}


def text(field: FieldSchema, kind: Kind, slot: Slot, *, truncate: bool) -> Coercion | Mismatch:
    """Coerce to a text, email, phone, url or other field whose values are free text."""
    if kind not in TAKEN:
        return Mismatch(f"is text, but the expression gives {kind}", text_hint(kind))
    value = trimmed(slot.v, kind)
    limit = field.length or 255
    if truncate:
        value = _cut(value, limit)
    tests = [f"when {slot.c} is null then {lost(slot.v, kind)}"]
    if not truncate:
        tests.append(f"when {_is_too_long(slot.c, limit)} then 'TEXT_TOO_LONG'")
    tests.append(f"when {slot.c} = '#N/A' then 'TEXT_IS_NA'")
    if field.type is FieldType.EMAIL:
        tests.append(f"when not regexp_full_match({slot.c}, '{EMAIL}') then 'NOT_AN_EMAIL'")
    return Coercion(value=value, code=f"case {' '.join(tests)} end", words=text_words(field))


def trimmed(v: str, kind: Kind) -> str:
    """Give SQL for a value as trimmed text with LF line ends.

    Null when nothing is left, for a text with control characters, and for NaN and infinity.
    """
    if kind is Kind.FLOAT:
        # pandas makes floats of whole numbers as soon as one is missing: 7.0 is meant as 7.
        whole = f"{v} = trunc({v}) and abs({v}) <= {LARGEST_WHOLE}"
        return (
            f"case when not isfinite({v}) then null "
            f"when {whole} then cast(cast({v} as bigint) as varchar) else cast({v} as varchar) end"
        )
    if kind is not Kind.TEXT:
        return f"cast({v} as varchar)"
    plain = f"cast({v} as varchar)"
    lf = f"replace(replace({plain}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
    cleaned = f"trim({lf}, {literal(WHITE)})"
    kept = f"case when not regexp_matches({cleaned}, '{CONTROL}') then {cleaned} end"
    # One look tells the plain texts, and most without it. To trim every text would be ten times
    # slower.
    unusual = f"regexp_matches({plain}, {literal(UNUSUAL)})"
    looked = (
        f"case when {_is_ascii(plain)} then {plain} when {unusual} then {kept} else {plain} end"
    )
    return f"nullif({looked}, '')"


def _is_ascii(text: str) -> str:
    r"""Give SQL for: printable ASCII without quotes and backslashes, and no space at either end.

    The engine shows any other byte of a blob as `\xAA`, and does so in a fourth of the time that a
    regular expression takes to look at them.
    """
    ends = f"{text} like ' %' or {text} like '% '"
    return f"cast(encode({text}) as varchar) = {text} and not ({ends})"


def lost(v: str, kind: Kind) -> str:
    """Give SQL for the code of a text that became null: null for a blank one."""
    if kind is Kind.FLOAT:
        return f"case when {v} is null then null else 'NOT_FINITE' end"
    if kind is not Kind.TEXT:
        return "null"
    blank = f"trim(cast({v} as varchar), {literal(WHITE)}) = ''"
    return f"case when {v} is null or {blank} then null else 'CONTROL_CHARACTER' end"


def text_hint(kind: Kind) -> str:
    """Give the cure for a value that is not one text."""
    if kind is Kind.TEXT_LIST:
        return "Join it: array_to_string(x, ', '), or reasons(x, 3) for a ranked list."
    if kind in (Kind.LIST, Kind.MAP):
        return "For a model's factors: reasons(x, 3). Or take one element: x[1]."
    if kind is Kind.BYTES:  # Parquet's text without its mark, as older writers leave it
        return "UTF-8 is made text by decode(x); a key, by who writes it."
    return "Name one of its parts: x.part." if kind is Kind.STRUCT else ""


def text_words(field: FieldSchema) -> dict[str, Words]:
    """Give the texts of the codes of a text field."""
    return {
        "TEXT_TOO_LONG": Words(
            f"{field.name} holds {field.length or 255:,} characters",
            "Shorten the value; a text field may say truncate: true, or be made longer in Setup.",
        ),
        "NOT_FINITE": NOT_FINITE,
        "TEXT_IS_NA": Words(
            "the text is #N/A, by which a Bulk file clears a field",
            "Say nullif(x, '#N/A') if the field is to be cleared.",
        ),
        "CONTROL_CHARACTER": Words(
            "the text holds a control character",
            "Take it out: regexp_replace(x, '[[:cntrl:]]', ' ', 'g').",
        ),
        "NOT_AN_EMAIL": Words("this is no email address", "It needs a name, an @ and a domain."),
    }


def _units(c: str) -> str:
    """Give SQL for the length in UTF-16 units: a character beyond the BMP counts twice."""
    beyond = f"regexp_replace({c}, '[\\x{{0000}}-\\x{{FFFF}}]', '', 'g')"
    return f"(length({c}) + length({beyond}))"


def _is_too_long(c: str, limit: int) -> str:
    # UTF-8 never has fewer bytes than UTF-16 has units: most rows are settled by `strlen`.
    return f"(strlen({c}) > {limit} and {_units(c)} > {limit})"


def _cut(value: str, limit: int) -> str:
    """Give SQL that keeps the beginning of a text, as many UTF-16 units as fit.

    A mark after each character that counts twice makes units countable; half of one is dropped.
    """
    astral = r"[\x{10000}-\x{10FFFF}]"
    marked = f"regexp_replace({value}, '({astral})', '\\1\x01', 'g')"
    whole = f"regexp_replace(left({marked}, {limit}), '{astral}$', '')"
    kept = f"nullif(rtrim(replace({whole}, '\x01', ''), {literal(WHITE)}), '')"
    return f"case when strlen({value}) > {limit} then {kept} else {value} end"
