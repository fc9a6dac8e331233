"""How the text of a value becomes a typed one, and what is wrong with it, as SQL (facts 2.6, 4.4).

One rule book for REST, Collections and Bulk. The two dialects differ in what means null and in
the words for a value that does not parse: JSON `JSON_PARSER_ERROR`, CSV `INVALID_FIELD` (dates)
or `INVALID_TYPE_ON_FIELD_IN_RECORD`. References are looked up in `references`, not here.

Not imitated: picklist values by record type, dependent picklists, phone and URL syntax (Salesforce
checks neither), other spellings of booleans than true, false, 1 and 0. Likely but not on record:
the words for a date outside 1700-4000, and that the last of its days is taken to its end.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_sink.emulator.ids import normal_sql
from crm_sink.emulator.schema import NUMBER_TYPES, Field
from crm_sink.emulator.sql import literal

# White space that Salesforce trims; a non-breaking space survives (facts 2.6).
BLANKS = r"E' \t\n\r\f\x0b'"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
WHOLE = r"[+-]?\d{1,18}"
# A date may come as a full datetime, of which the date part is kept (facts 2.6).
CLOCK_PART = r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)"
DATE = r"\d{4}-\d\d-\d\d(" + CLOCK_PART + ")?"
DATETIME = r"\d{4}-\d\d-\d\d" + CLOCK_PART
EMAIL = r"[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
# describe: an int field has digits 8.
INT_DIGITS = 8
PICKLIST_LENGTH = 255
# "The earliest valid date is 1700-01-01T00:00:00Z GMT ... The latest valid date is
# 4000-12-31T00:00:00Z GMT" (SOQL reference, Minimum and Maximum Dates).
FIRST_YEAR, LAST_YEAR = 1700, 4000
XSD = {"date": "xsd:date", "datetime": "xsd:dateTime"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a staged text means: `clear` stands for null; a null cell is a field left alone."""

    name: str
    clear: str


# JSON's null, while the text "#N/A" is itself. Texts are trimmed on save: none of a caller's needs
# the blank, and `text_of` takes it away from one that is just this.
JSON = Dialect("json", "\ue000 ")
CSV = Dialect("csv", "#N/A")


def text_of(text: str) -> str:
    """Give a text of JSON as it is staged: it never is the mark of null."""
    return text.rstrip(" ") if text == JSON.clear else text


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a value: a SQL condition, and SQL for what is said about it."""

    condition: str
    code: str
    message: str
    fields: tuple[str, ...] = ()

    def struct(self) -> str:
        """Give the SQL struct that a refused row carries."""
        return fault_sql(self.code, self.message, *self.fields)


def fault_sql(code: str, message: str, *fields: str) -> str:
    """Give the SQL struct that a refused row carries; `message` is SQL itself."""
    names = ", ".join(literal(field) for field in fields)
    return f"{{'code': {literal(code)}, 'message': {message}, 'fields': [{names}]::varchar[]}}"


def typed_sql(field: Field, raw: str, dialect: Dialect) -> str:
    """Give SQL for the typed value of a staged text; null when it is null or does not parse."""
    value = f"nullif({raw}, {literal(dialect.clear)})"
    if field.type in NUMBER_TYPES:
        cast = f"try_cast({value} as double)"
        return f"case when {_full(value, NUMBER)} and isfinite({cast}) then {cast} end"
    if field.type == "int":
        return f"case when {_full(value, WHOLE)} then try_cast({value} as bigint) end"
    if field.type == "boolean":
        return f"case lower({value}) when 'true' then true when 'false' then false " + (
            "when '1' then true when '0' then false end"
        )
    if field.type == "date":
        return f"case when {_full(value, DATE)} then try_cast(substr({value}, 1, 10) as date) end"
    if field.type == "datetime":
        # Shown, and compared by SOQL, to the millisecond: no more of it is kept.
        moment = f"date_trunc('millisecond', try_cast({value} as timestamptz)::timestamp)"
        return f"case when {_full(value, DATETIME)} then {moment} end"
    text = f"nullif({trimmed_sql(value)}, '')"
    # Ids of REST's JSON were mended when they were read.
    is_id = field.type in ("id", "reference")
    return normal_sql(text, mends=dialect is not JSON) if is_id else text


def trimmed_sql(value: str) -> str:
    """Give SQL that trims a text; most texts need it not, and trim() with a list is slow."""
    edges = f"left({value}, 1) <= ' ' or right({value}, 1) <= ' '"
    return f"case when {edges} then trim({value}, {BLANKS}) else {value} end"


def type_fault(field: Field, raw: str, typed: str, dialect: Dialect, place: int) -> Fault | None:
    """Give the fault of a value that is not of its field's type; None for texts.

    `place` is the column's 0-based place in the CSV file, which the message tells.
    """
    given = f"{raw} <> {literal(dialect.clear)}"
    wrong = f"{given} and {typed} is null"
    if field.type not in NUMBER_TYPES | {"int", "boolean", "date", "datetime"}:
        return None
    if dialect is JSON:
        token = f"case when {_full(raw, NUMBER)} then 'VALUE_NUMBER_FLOAT' else 'VALUE_STRING' end"
        start = literal(f"Cannot deserialize instance of {field.type} from ")
        message = f"{start} || {token} || ' value ' || {raw} || {literal(MAY_BE_MISSING)}"
        # The field tells the caller where in the body to point; it is not shown.
        return Fault(wrong, "JSON_PARSER_ERROR", message, (field.name,))
    if field.type in XSD:
        start = literal(f"Failed to deserialize field at col {place}. Due to, '")
        end = literal(f"' is not a valid value for the type {XSD[field.type]}")
        message = f"{start} || {raw} || {end}"
        return Fault(wrong, "INVALID_FIELD", message, (field.name,))
    return Fault(
        wrong, NOT_OF_TYPE, _said(field, "value not of required type: ", raw), (field.name,)
    )


MAY_BE_MISSING = " or request may be missing a required field"
NOT_OF_TYPE = "INVALID_TYPE_ON_FIELD_IN_RECORD"


def value_faults(field: Field, raw: str, typed: str, dialect: Dialect) -> list[Fault]:
    """Give the faults of a value of the right type that its field cannot hold."""
    culprit = (field.name,)
    if field.type == "boolean":
        cleared = f"{raw} = {literal(dialect.clear)}"
        message = literal(f"{field.label}: value not of required type: ")
        return [Fault(cleared, NOT_OF_TYPE, message, culprit)]
    if field.type in NUMBER_TYPES or field.type == "int":
        return _number_faults(field, raw, typed)
    if field.type in XSD:
        return [_out_of_range(field, typed)]
    faults = []
    if field.type in ("picklist", "multipicklist") and field.restricted:
        message = _said(field, "bad value for restricted picklist field: ", raw)
        faults.append(
            Fault(
                _not_offered(field, typed),
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                message,
                culprit,
            )
        )
    length = length_of(field)
    if length:
        message = f"{_said(field, 'data value too large: ', typed)} || ' (max length={length})'"
        faults.append(Fault(f"length({typed}) > {length}", "STRING_TOO_LONG", message, culprit))
    if field.type == "email":
        message = _said(field, "invalid email address: ", typed)
        faults.append(
            Fault(f"not {_full(typed, EMAIL)}", "INVALID_EMAIL_ADDRESS", message, culprit)
        )
    return faults


def length_of(field: Field) -> int:
    """Give how many characters a text field holds at most; 0 when nothing is said of it."""
    if field.type in ("id", "reference", "date", "datetime"):
        return 0
    return field.length or (PICKLIST_LENGTH if field.type == "picklist" else 0)


def digits_of(field: Field) -> int:
    """Give how many digits a number has before the point at most; 0 when nothing is said of it."""
    digits = field.precision - field.scale if field.precision else 0
    return digits or (INT_DIGITS if field.type == "int" else 0)


def offered(field: Field) -> list[str]:
    """Give the values that a picklist offers now."""
    return [one.value for one in field.values if one.active]


def several_sql(label: str) -> str:
    """Give SQL for the words about several records (a list `ids`) for one external id."""
    start = literal(f"{label}: more than one record found for external id field: [")
    return f"{start} || array_to_string(ids, ', ') || ']'"


def key_sql(field: Field, value: str) -> str:
    """Give SQL for what uniqueness and matching compare: without case, unless the field has one."""
    return value if field.case_sensitive or not field.is_text else f"lower({value})"


def _number_faults(field: Field, raw: str, typed: str) -> list[Fault]:
    """Judge the digits before the point; more decimals than the scale are kept (facts 2.6)."""
    digits = digits_of(field)
    if not digits:
        return []
    message = _said(field, "value outside of valid range on numeric field: ", raw)
    too_large = f"abs({typed}) >= 1e{digits}"
    return [Fault(too_large, "NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))]


def _out_of_range(field: Field, typed: str) -> Fault:
    """Judge the year; people quote the code, and a date as Java writes it."""
    beyond = f"year({typed}) not between {FIRST_YEAR} and {LAST_YEAR}"
    message = _said(field, "invalid date: ", f"strftime({typed}, '%a %b %d %H:%M:%S GMT %Y')")
    return Fault(beyond, "FIELD_INTEGRITY_EXCEPTION", message, (field.name,))


def _not_offered(field: Field, typed: str) -> str:
    values = ", ".join(literal(one) for one in offered(field))
    if not values:
        return f"{typed} is not null"
    if field.type == "picklist":
        return f"{typed} not in ({values})"
    return f"not list_has_all([{values}], string_split({typed}, ';'))"


def _full(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, '{pattern}')"


def _said(field: Field, words: str, value: str) -> str:
    """Give SQL for a message that begins with the field's label (facts 7.3)."""
    return f"{literal(f'{field.label}: {words}')} || {value}"
