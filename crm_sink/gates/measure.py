"""Spans (`26h`) and shares (`30%`) of a mapping file as numbers, and numbers as words for people.

Their spelling is checked by `mapping.model` (`Span`, `Share`).
"""

from __future__ import annotations

from datetime import timedelta

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def span(text: str) -> timedelta:
    """Read a time span: `90m`, `26h`, `1.5 d`."""
    return float(text[:-1]) * UNITS[text[-1]]


def share(text: str) -> float:
    """Read a share: `30%` is 0.3."""
    return float(text.rstrip().removesuffix("%")) / 100


def age_words(age: timedelta) -> str:
    """Say how long that is in its one fitting unit, rounded down: `3 h`, `45 min`, `2 days`."""
    seconds = int(age.total_seconds())
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def share_words(value: float) -> str:
    """Say a share in per cent, with no more digits than are read: `0.21 %`, `3 %`, `31 %`."""
    percent = abs(value) * 100
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def rows_words(count: int) -> str:
    """Say how many rows: `1 row`, `10,000 rows`."""
    return "1 row" if count == 1 else f"{count:,} rows"
