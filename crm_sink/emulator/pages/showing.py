"""Values as people read them: dates, money, percent, how long ago. Always plain text.

Not imitated: the user's locale and time zone (here they are US English and UTC).
"""

from __future__ import annotations

from datetime import date, datetime

STEPS = ((60, "minute"), (3600, "hour"), (86_400, "day"), (30 * 86_400, "month"))
YEAR = 365 * 86_400


def number(value: float) -> str:
    """Write a number with thousands, without zeros that say nothing."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def shown(value: object, kind: str, scale: int = 0) -> str:
    """Write a value of a field type; an empty text for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return _figure(value, kind, scale)
    if isinstance(value, datetime):
        return f"{value:%b} {value.day}, {value:%Y}, {value:%H:%M} UTC"
    if isinstance(value, date):
        return f"{value:%b} {value.day}, {value:%Y}"
    return str(value)


def _figure(value: float, kind: str, scale: int) -> str:
    if kind == "currency":
        return f"${value:,.{scale}f}"
    return f"{number(value)}%" if kind == "percent" else number(value)


def exact(moment: datetime) -> str:
    """Write a moment to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago a moment was; moments to come are said plainly."""
    seconds = (now.replace(tzinfo=None) - moment.replace(tzinfo=None)).total_seconds()
    if seconds < -60:
        return f"in the future ({exact(moment)})"
    if seconds < 60:
        return "just now"
    if seconds >= YEAR:
        return _plural(int(seconds // YEAR), "year")
    size, unit = next((s, u) for s, u in reversed(STEPS) if seconds >= s)
    return _plural(int(seconds // size), unit)


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
