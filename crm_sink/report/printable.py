"""Text of unknown origin as one line that is safe to print: it cannot steer the terminal. Pure."""

from __future__ import annotations

import unicodedata

# Control characters (Cc), and invisible ones that turn the direction of text (Cf).
_UNPRINTABLE = frozenset({"Cc", "Cf"})


def one_line(text: str, width: int | None = None) -> str:
    """Write line ends as ⏎ and unprintable characters as �, and cut at `width` with …."""
    line = text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\r", "⏎").replace("\t", " ")
    if width is not None and len(line) > width:
        line = line[: width - 1] + "…"
    return "".join("�" if unicodedata.category(char) in _UNPRINTABLE else char for char in line)
