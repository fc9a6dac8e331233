"""Seeded mutations of a valid text: of its bytes, its lines, and its words."""

from __future__ import annotations

import random
from collections.abc import Iterator

# What means something to a reader of YAML, CSV or SQL.
TOKENS = [
    *"{}[]:,#'\"|>~%@`?*&!()$;\t\n\r\0\x1b\x85",
    *(
        "- ",
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object ",
        "null",
        "true",
        "1e999",
        "0x1f",
        "-0",
        "NaN",
    ),
    *("select ", " from ", "--", "/*", "cast(", "::", "''", '""', "=1+1", "\r\n", "..", "\u2028"),
    *("é", "😀", "\ufeff", "\ud7ff", "9" * 30, "x" * 300, "2026-02-30", "\n  ", "---\n", "...\n"),
]


def mutations(valid: bytes, *, count: int, seed: int) -> Iterator[bytes]:
    """Give so many mutations of a text, each of one to four changes."""
    draw = random.Random(seed)
    for _ in range(count):
        mutated = valid
        for _ in range(draw.choice((1, 1, 2, 3, 4))):
            mutated = draw.choice((_byte, _word, _cut, _doubled, _lines))(mutated, draw)
        yield mutated


def _byte(text: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + bytes([draw.randrange(256)]) + text[at + draw.randrange(2) :]


def _word(text: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(TOKENS).encode() + text[at + draw.randrange(3) :]


def _cut(text: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + text[at + draw.randrange(1, 20) :]


def _doubled(text: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + text[at : at + draw.randrange(1, 20)] + text[at:]


def _lines(text: bytes, draw: random.Random) -> bytes:
    """Let two lines change places, or be one."""
    lines = text.splitlines(keepends=True) or [b""]
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    if draw.random() < 0.3:
        lines[one] = lines[one].rstrip(b"\n")
    return b"".join(lines)
