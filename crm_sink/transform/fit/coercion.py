"""What turning one value into a field's type consists of; and why it may be impossible.

Every coercion is SQL over two columns: `v`, what the expression gave, and `c`, what becomes of it.
A row is good when `code` is null. The texts of the codes are fixed for a field, so that they are
looked up for bad rows only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads about a reject: what is wrong, and the cure."""

    message: str
    hint: str = ""


NOT_FINITE = Words(
    "the value is not a finite number",
    "Division by zero gives infinity: nullif(divisor, 0) makes it null. "
    "NaN comes from missing inputs of the model.",
)


@dataclass(frozen=True, slots=True)
class Coercion:
    """SQL that makes a value fit, and SQL that tells why it does not.

    Attributes:
        value: SQL over `v`: the value in the field's type, null for null or for what does not fit.
        code: SQL over `v` and `c`: null, or the reject's code.
        words: The texts of each code that `code` can give.
        known: Values of which the nearest is proposed, for a picklist.
    """

    value: str
    code: str
    words: dict[str, Words]
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An expression's type that can never become the field's: a problem of the mapping."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The names of the two columns that a coercion computes on, quoted."""

    v: str
    c: str
