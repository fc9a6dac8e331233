"""Which fields are tracked: at most twenty of an object, and only of objects that have a history.

A tracked field says so in its definition.

Not imitated: the switch of an object itself (`enableHistory`), which is taken for on; the larger
numbers of fields that Salesforce sells. Likely but not on record: the words for a field that cannot
be tracked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.history.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.emulator.schema import Field, ObjectType
    from crm_sink.emulator.store import Store

# "You can track up to 20 fields per object" (Field History Tracking).
MOST = 20
TOO_MANY = "exceeded the allowed number of fields to track on a given entity"


class TooMany(ValueError):
    """Twenty other fields of the object are tracked."""

    def __init__(self) -> None:
        super().__init__(TOO_MANY)


def tracked(target: ObjectType, field: Field, *, on: bool = True) -> Field:
    """Give a field with its tracking switched on or off.

    Raises:
        TooMany: Twenty others are tracked.
        ValueError: The object has no history, or the field cannot be tracked.
    """
    if not on:
        return replace(field, tracked=False)
    if target.name not in KINDS:
        raise ValueError(f"The entity: {target.name} does not have history tracking enabled")
    if not is_trackable(target, field):
        raise ValueError(f"The field: {field.name} cannot be tracked")
    if room(target, besides=field.name) == 0:
        raise TooMany
    return replace(field, tracked=True)


def is_trackable(target: ObjectType, field: Field) -> bool:
    """Say whether a field of an object that has a history may be tracked."""
    return field.createable and field.updateable and not target.is_compound(field)


def room(target: ObjectType, *, besides: str = "") -> int:
    """Say how many more fields of an object may be tracked."""
    others = (one for one in target.fields.values() if one.name.lower() != besides.lower())
    return MOST - sum(one.tracked for one in others)


def track(store: Store, object_name: str, names: Iterable[str]) -> None:
    """Track some fields of an object from now on.

    Raises:
        ValueError: See `tracked`.
    """
    target = store.definitions[object_name.lower()]
    for name in names:
        target = target.with_field(tracked(target, target.fields[name.lower()]))
    store.redefine(target)
