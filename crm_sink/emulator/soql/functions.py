"""The functions of SOQL: aggregates, and parts of dates.

Not imitated: FORMAT's words (it gives the value as it is), DISTANCE, GEOLOCATION, toLabel's
translations, multi-currency conversion.
"""

from __future__ import annotations

from crm_sink.emulator.schema import NUMBER_TYPES, Field

AGGREGATES = {
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
}
COUNTS = ("count", "count_distinct")

# A date function, its SQL, and the describe type of what it gives.
DATE_PARTS = {
    "calendar_year": ("year({})::integer", "int"),
    "calendar_quarter": ("quarter({})::integer", "int"),
    "calendar_month": ("month({})::integer", "int"),
    "fiscal_year": ("year({})::integer", "int"),
    "fiscal_quarter": ("quarter({})::integer", "int"),
    "fiscal_month": ("month({})::integer", "int"),
    "day_in_month": ("day({})::integer", "int"),
    "day_in_week": ("(dayofweek({}) + 1)::integer", "int"),
    "day_in_year": ("dayofyear({})::integer", "int"),
    "week_in_year": ("((dayofyear({}) - 1) // 7 + 1)::integer", "int"),
    "hour_in_day": ("hour({})::integer", "int"),
    "day_only": ("({})::date", "date"),
}
# Functions that change nothing in an org of one language, one currency and one time zone.
PLAIN = ("tolabel", "convertcurrency", "converttimezone", "format")


def aggregate_sql(function: str, argument: str | None, field: Field | None) -> tuple[str, Field]:
    """Give an aggregate's SQL and a field that describes its result."""
    word = function.lower()
    sql = AGGREGATES[word].format(argument or "*")
    if word in COUNTS or field is None:
        return sql, Field(function, function, "int")
    if word in ("min", "max"):
        return sql, field
    kind = field.type if field.type in NUMBER_TYPES else "double"
    if word == "sum" and field.type == "int":
        return f"({sql})::bigint", Field(function, function, "int")
    return sql, Field(function, function, kind, precision=18, scale=field.scale)


def may_aggregate(function: str, field: Field) -> bool:
    """Whether a field can stand in an aggregate: sums need numbers, minima an order."""
    word = function.lower()
    if word in ("sum", "avg"):
        return field.type in NUMBER_TYPES or field.type == "int"
    if word in ("min", "max"):
        return field.type not in ("boolean", "id", "reference", "address")
    return field.type != "address"


def part_sql(function: str, argument: str) -> tuple[str, Field]:
    """Give the SQL of a part of a date, and a field that describes it."""
    template, kind = DATE_PARTS[function.lower()]
    return template.format(argument), Field(function, function, kind)
