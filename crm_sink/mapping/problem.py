"""A problem of a mapping file: what, where, and what would cure it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a mapping file. Line and column are 1-based.

    `str(problem)` is the line a person reads: `file:line:column  message hint`.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}  {self.message}"
        if self.hint and not text.endswith((".", "?", "!", ":")):
            text += "."
        return f"{text} {self.hint}" if self.hint else text
