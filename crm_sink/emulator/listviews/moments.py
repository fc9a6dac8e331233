"""Filters on dates and times: `LAST_N_DAYS:7`, `THIS MONTH`, `5/1/2026`, `11/1/2026 12:00 AM`.

A date compared with a time means the whole day, in UTC.

Not imitated: the user's time zone, date formats other than ISO's and US English.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from crm_sink.emulator.listviews.conditions import Compare, Condition, group
from crm_sink.emulator.listviews.literals import BadValue
from crm_sink.emulator.soql.dates import date_range

COUNTED = re.compile(
    r"(?P<way>LAST|NEXT)_(?P<count>\d+)_(?P<unit>DAYS|WEEKS|MONTHS|QUARTERS|YEARS)"
)
DATES = ("%Y-%m-%d", "%m/%d/%Y")
TIMES = ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S")
# Any day will do to see whether a word is a date literal.
SOME_DAY = date(2026, 1, 1)


def compare(path: str, kind: str, operator: str, text: str) -> Condition | None:
    """Compare a date or datetime field with a value as a list view has it.

    Raises:
        BadValue: The text is no date.
    """
    if not text:
        return Compare(path, operator, ("null",))
    word = literal(text)
    if word is not None:
        return Compare(path, operator, (word,))
    moment, is_day = _moment(text)
    if kind == "date":
        return Compare(path, operator, (f"{moment:%Y-%m-%d}",))
    if not is_day:
        return Compare(path, operator, (_written(moment),))
    try:
        after = moment + timedelta(days=1)
    except OverflowError:  # the calendar's last day
        raise BadValue(text) from None
    return _whole_day(path, operator, _written(moment), _written(after))


def literal(text: str) -> str | None:
    """Give the SOQL of a relative date, `LAST 7 DAYS` among them, or None for what is none."""
    word = "_".join(text.upper().split())
    counted = COUNTED.fullmatch(word)
    if counted:
        word = f"{counted['way']}_N_{counted['unit']}:{counted['count']}"
    return None if date_range(word, SOME_DAY) is None else word


def _whole_day(path: str, operator: str, first: str, after: str) -> Condition | None:
    before, since = (
        Compare(path, "lessThan", (first,)),
        Compare(path, "greaterThanOrEqualTo", (first,)),
    )
    ended, later = (
        Compare(path, "lessThan", (after,)),
        Compare(path, "greaterThanOrEqualTo", (after,)),
    )
    return {
        "equals": group("and", [since, ended]),
        "notEquals": group("or", [before, later]),
        "lessThan": before,
        "lessThanOrEqualTo": ended,
        "greaterThan": later,
        "greaterThanOrEqualTo": since,
    }[operator]


def _moment(text: str) -> tuple[datetime, bool]:
    for form in (*DATES, *TIMES):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC), form in DATES
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(text) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC), False


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
