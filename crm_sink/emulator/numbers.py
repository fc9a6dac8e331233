"""Counts as a request writes them: a few decimal digits. Signs and decimals are no count."""

from __future__ import annotations

# More would be no count of anything in an org; and `int` refuses texts of thousands of digits.
MOST_DIGITS = 18


def count_in(text: str) -> int | None:
    """Read a count; None when the text is none: `²` is a digit to `isdigit`, but no number."""
    is_count = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_count else None
