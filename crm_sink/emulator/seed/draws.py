"""Numbers that look random and are the same on every machine and DuckDB version, as SQL.

DuckDB's own `hash` may change between versions; this is plain integer arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

# Two prime fields and two of their generators, as in Lehmer's generator.
FIRST, SECOND = 2_147_483_647, 2_147_483_629


class Draws:
    """Draws for the rows of one object: `number` is the SQL of the row's number, from 1."""

    def __init__(self, seed: int, purpose: str, number: str = "i") -> None:
        self._salt = seed * 7919 + sum(ord(c) * (k + 1) * 31 for k, c in enumerate(purpose))
        self._number = number

    def below(self, count: int, what: str) -> str:
        """Give a whole number from 0 to count - 1; the same `what` draws the same number."""
        salt = self._salt + sum(ord(c) * 257 ** (k % 3) for k, c in enumerate(what))
        mixed = f"((({self._number})::bigint * 1103515245 + {salt * 12345 % FIRST}) % {FIRST})"
        mixed = f"(xor({mixed}, {mixed} >> 15) * 48271 % {FIRST})"
        mixed = f"((xor({mixed}, 123459876) + {salt % SECOND}) * 69621 % {SECOND})"
        return f"({mixed} % {count})"

    def one_of(self, values: Sequence[str], what: str) -> str:
        """Give one of some texts."""
        listed = ", ".join(literal(value) for value in values)
        return f"[{listed}][1 + {self.below(len(values), what)}]"

    def weighted(self, values: dict[str | None, int], what: str) -> str:
        """Give one of some texts, more often the heavier ones; None gives null."""
        spread = [value for value, weight in values.items() for _ in range(weight)]
        listed = ", ".join("null" if value is None else literal(value) for value in spread)
        return f"[{listed}][1 + {self.below(len(spread), what)}]"
