"""A duplicate rule as a value: which fields must be equal for a record to look like another.

Not imitated: fuzzy matching, rules across objects, conditions, bypassing sharing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MESSAGE = "Use one of these records?"


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """One rule of one object; all fields together must be equal, without regard to case.

    Attributes:
        allow_save: Whether a caller may save all the same (an alert rule), with
            `Sforce-Duplicate-Rule-Header: allowSave=true`.
    """

    object: str
    fields: tuple[str, ...] = ("Email",)
    allow_save: bool = True
    message: str = MESSAGE

    @property
    def name(self) -> str:
        """The rule's API name, as a new org's own is called."""
        return f"Standard_{self.object}_Duplicate_Rule"

    @property
    def matching(self) -> str:
        """The API name of its matching rule."""
        return f"Standard_{self.object}_Match_Rule_v1_1"

    def told(self) -> dict[str, Any]:
        """Give the rule as JSON."""
        return asdict(self)


def read_rule(given: dict[str, Any]) -> DuplicateRule:
    """Read a rule from JSON.

    Raises:
        TypeError: A key is unknown, or the object is missing.
    """
    return DuplicateRule(**{**given, "fields": tuple(given.get("fields", ("Email",)))})
