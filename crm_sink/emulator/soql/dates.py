"""Date literals such as TODAY and LAST_N_DAYS:7, as half-open ranges of days in UTC.

Source: "Date Formats and Date Literals in WHERE" of the SOQL reference. Weeks begin on Sunday.

Not imitated: the user's time zone and the org's fiscal year (both are the calendar's, in UTC).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

NAMED = {
    "YESTERDAY": ("DAY", -1, 1),
    "TODAY": ("DAY", 0, 1),
    "TOMORROW": ("DAY", 1, 1),
    **{
        f"{word}_{fiscal}{unit}": (unit, offset, 1)
        for unit in ("WEEK", "MONTH", "QUARTER", "YEAR")
        for word, offset in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        for fiscal in ("", "FISCAL_")
        if not fiscal or unit in ("QUARTER", "YEAR")
    },
}
COUNTED = re.compile(
    r"(?:(LAST|NEXT)_N_|N_)(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S(_AGO)?:\s*(\d{1,9})$"
)
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def date_range(literal: str, today: date) -> tuple[date, date] | None:
    """Give the first day of a literal and the day after its last, or None for an unknown word."""
    text = literal.upper()
    if text in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        text = f"{text[:4]}_N_DAYS:90"
    if text in NAMED:
        unit, offset, length = NAMED[text]
        return _span(unit, offset, length, today)
    found = COUNTED.match(text)
    if found is None or bool(found[1]) == bool(found[3]):
        return None
    direction, unit, _, count = found.groups()
    return _counted(direction, unit, int(count), today)


def _counted(direction: str | None, unit: str, count: int, today: date) -> tuple[date, date]:
    if direction is None:
        return _span(unit, -count, 1, today)
    if direction == "NEXT":
        return _span(unit, 1, count, today)
    # "LAST_N_DAYS:n starts n days before the current day and continues up to now"; the other
    # units end before the current one.
    return _span(unit, -count, count + (unit == "DAY"), today)


def _span(unit: str, offset: int, length: int, today: date) -> tuple[date, date]:
    return _start(unit, offset, today), _start(unit, offset + length, today)


def _start(unit: str, offset: int, today: date) -> date:
    """Give the first day of the unit that is `offset` units from now, or the calendar's last."""
    try:
        return _first_day(unit, offset, today)
    except (OverflowError, ValueError):  # no such day: `LAST_N_YEARS:5000` goes back to the first
        return date.max if offset > 0 else date.min


def _first_day(unit: str, offset: int, today: date) -> date:
    if unit == "DAY":
        return today + timedelta(days=offset)
    if unit == "WEEK":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return sunday + timedelta(weeks=offset)
    size = MONTHS[unit]
    month = (today.year * 12 + today.month - 1) // size * size + offset * size
    return date(month // 12, month % 12 + 1, 1)
