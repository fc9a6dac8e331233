"""The nearest known name to one that is not known, for "Did you mean ...?" hints.

Says nothing when no name is near: a wrong guess sends people the wrong way.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known name that is most like a word, without regard to case, or None."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, say: str = "Known are") -> str:
    """Give a hint in a sentence: the nearest name, or else the first few that there are."""
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"Did you mean {near}?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"{say}: {shown}."
