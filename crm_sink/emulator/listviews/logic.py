"""The `booleanFilter` of a list view: `(1 AND 2) OR NOT 3`, numbers of its filters from 1.

Not imitated: the parentheses that Salesforce wants where AND and OR meet (here AND binds closer).
"""

from __future__ import annotations

import re

from crm_sink.emulator.listviews.conditions import Condition, Not, group
from crm_sink.emulator.numbers import count_in

TOKEN = re.compile(r"\s*(\d+|\(|\)|[A-Za-z]+)")


class BadLogic(Exception):
    """The text joins nothing, or names a filter that there is not."""


def combine(text: str, conditions: list[Condition | None]) -> Condition | None:
    """Join numbered conditions; one that is None lets every record pass.

    Raises:
        BadLogic: The text cannot be read.
    """
    reader = _Reader(_tokens(text), conditions)
    found = reader.either()
    if reader.tokens:
        raise BadLogic(text)
    return found


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        token = TOKEN.match(text, at)
        if token is None:
            raise BadLogic(text)
        found.append(token[1].upper())
        at = token.end()
    return found


class _Reader:
    """Reads tokens from the left, each word taking what binds closer first."""

    def __init__(self, tokens: list[str], conditions: list[Condition | None]) -> None:
        self.tokens = tokens
        self._conditions = conditions

    def either(self) -> Condition | None:
        found = [self._every()]
        while self._take("OR"):
            found.append(self._every())
        # What lets everything pass makes the whole OR pass.
        return None if None in found else group("or", found)

    def _every(self) -> Condition | None:
        found = [self._one()]
        while self._take("AND"):
            found.append(self._one())
        return group("and", found)

    def _one(self) -> Condition | None:
        if self._take("NOT"):
            inner = self._one()
            return None if inner is None else Not(inner)
        if self._take("("):
            found = self.either()
            if not self._take(")"):
                raise BadLogic("a parenthesis is open")
            return found
        token = self.tokens.pop(0) if self.tokens else ""
        number = count_in(token)
        if number is None or not 1 <= number <= len(self._conditions):
            raise BadLogic(token)
        return self._conditions[number - 1]

    def _take(self, word: str) -> bool:
        if self.tokens[:1] != [word]:
            return False
        self.tokens.pop(0)
        return True
