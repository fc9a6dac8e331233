"""Values made dates, datetimes and times of day.

Salesforce wants an offset with every datetime and keeps whole seconds, in UTC. A timestamp without
a zone is never guessed: a column of them is a problem of the mapping, a text without an offset is
a reject. Dates run from the year 1700 to 4000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import moment
from crm_sink.transform.fit.coercion import Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.kinds import Kind

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema

FIRST, LAST = "1700-01-01", "4000-12-31"
DATE_TEXT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK_TEXT = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
OFFSET_TEXT = r" ?([Zz]|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"

DATE_WORDS = {
    "NOT_A_DATE": Words("this is no date", "Write it as 2026-11-20."),
    "DATE_OUT_OF_RANGE": Words(
        "Salesforce keeps dates of the years 1700 to 4000", "Check how the date is computed."
    ),
}
DATETIME_WORDS = {
    "NOT_A_DATETIME": Words("this is no date and time", "Write it as 2026-11-20T06:00:00Z."),
    "TIMESTAMP_NO_ZONE": Words(
        "the time has no zone", "Write it with one: 2026-11-20T06:00:00Z or ...+01:00."
    ),
    "DATE_OUT_OF_RANGE": DATE_WORDS["DATE_OUT_OF_RANGE"],
}


def date(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a date field. Of a timestamp with a zone the date in UTC is taken."""
    v, c = slot.v, slot.c
    if kind is Kind.TEXT:
        part = f"left(trim({v}), 10)"
        shape = f"{DATE_TEXT}([T ]{CLOCK_TEXT}({OFFSET_TEXT})?)?"
        zoned = f"cast({moment(v)} at time zone 'UTC' as date)"
        read = f"case when {_has_offset(v)} then {zoned} else try_cast({part} as date) end"
        value = f"case when regexp_full_match(trim({v}), '{shape}') then {read} end"
    elif kind is Kind.ZONED:
        value = f"cast({v} at time zone 'UTC' as date)"
    elif kind in (Kind.DATE, Kind.NAIVE, Kind.NULL):
        value = f"cast({v} as date)"
    else:
        return Mismatch(f"is a date, but the expression gives {kind}", _number_hint(kind))
    code = (
        f"case when {_is_blank(v, kind)} then null when {c} is null then 'NOT_A_DATE' "
        f"when {c} not between date '{FIRST}' and date '{LAST}' then 'DATE_OUT_OF_RANGE' end"
    )
    return Coercion(value=value, code=code, words=DATE_WORDS)


def datetime(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a datetime field: UTC, whole seconds (a fraction is dropped)."""
    v, c = slot.v, slot.c
    if kind is Kind.TEXT:
        shape = f"{DATE_TEXT}[Tt ]{CLOCK_TEXT}{OFFSET_TEXT}"
        read = _seconds(f"{moment(v)} at time zone 'UTC'")
        value = f"case when regexp_full_match(trim({v}), '{shape}') then {read} end"
    elif kind is Kind.ZONED:
        # Microseconds since 1970 in UTC: ten times quicker than `at time zone`.
        micros = f"epoch_us({v})"
        second = f"{micros} - (({micros} % 1000000) + 1000000) % 1000000"
        value = f"case when isfinite({v}) then make_timestamp({second}) end"
    elif kind is Kind.NULL:
        value = f"cast({v} as timestamp)"
    elif kind in (Kind.NAIVE, Kind.DATE):
        return Mismatch(
            f"is a date and time, but the expression gives {kind}",
            "Say which zone it is in: scored_at at time zone 'UTC'."
            if kind is Kind.NAIVE
            else "Say which moment of the day: cast(d as timestamp) at time zone 'UTC'.",
        )
    else:
        return Mismatch(f"is a date and time, but the expression gives {kind}", _number_hint(kind))
    code = (
        f"case when {_is_blank(v, kind)} then null when {c} is null then {_no_datetime(v, kind)} "
        f"when {c} < timestamp '{FIRST}' or {c} > timestamp '{LAST} 23:59:59' "
        "then 'DATE_OUT_OF_RANGE' end"
    )
    return Coercion(value=value, code=code, words=DATETIME_WORDS)


def time(field: FieldSchema, kind: Kind, slot: Slot) -> Coercion | Mismatch:
    """Coerce to a time field: whole seconds."""
    v, c = slot.v, slot.c
    if kind is Kind.TEXT:
        read = f"try_cast(trim({v}) as time)"
        value = f"case when regexp_full_match(trim({v}), '{CLOCK_TEXT}Z?') then {read} end"
    elif kind in (Kind.TIME, Kind.NULL):
        value = f"cast({v} as time)"
    else:
        return Mismatch(
            f"is a time of day, but the expression gives {kind}", "Cast it: cast(x as time)."
        )
    made = f"make_time(hour({value}), minute({value}), cast(second({value}) as double))"
    whole = f"case when hour({value}) < 24 then {made} end"  # the engine knows 24:00, too
    code = f"case when {_is_blank(v, kind)} then null when {c} is null then 'NOT_A_TIME' end"
    words = {"NOT_A_TIME": Words("this is no time of day", "Write it as 06:30:00.")}
    return Coercion(value=whole, code=code, words=words)


def _seconds(at: str) -> str:
    return f"date_trunc('second', {at})"


def _has_offset(v: str) -> str:
    return f"regexp_matches(trim({v}), ':[0-9.]+{OFFSET_TEXT}$')"


def _is_blank(v: str, kind: Kind) -> str:
    return f"({v} is null or trim({v}) = '')" if kind is Kind.TEXT else f"{v} is null"


def _no_datetime(v: str, kind: Kind) -> str:
    if kind is not Kind.TEXT:
        return "'DATE_OUT_OF_RANGE'"  # infinity
    naive = f"regexp_full_match(trim({v}), '{DATE_TEXT}([Tt ]{CLOCK_TEXT})?')"
    return f"case when {naive} then 'TIMESTAMP_NO_ZONE' else 'NOT_A_DATETIME' end"


def _number_hint(kind: Kind) -> str:
    if kind in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL):
        return "Seconds since 1970: to_timestamp(x)."
    return ""
