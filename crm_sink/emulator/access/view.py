"""An object as a user sees it: guarded fields are in there only when they were granted (facts 8.3).

Fields of the org's seed and standard fields are not guarded: everybody sees them.

Not imitated: taking a standard field away from a user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import ObjectType


def view(definition: ObjectType, grants: Mapping[str, bool]) -> ObjectType:
    """Give an object without the fields that were not granted.

    Args:
        definition: The object with all its fields.
        grants: By `object.field` in lower case: whether it may be written, too.
    """
    seen = definition
    for field in definition.fields.values():
        if not field.guarded:
            continue
        writes = grants.get(f"{definition.name}.{field.name}".lower())
        if writes is None:
            seen = seen.without_field(field.name)
        elif not writes:
            seen = seen.with_field(replace(field, createable=False, updateable=False))
    return seen
