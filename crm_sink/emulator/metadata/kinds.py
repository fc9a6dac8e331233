"""The types of metadata that the local org has, each with what can be done to it.

Not imitated: all other types: Layout, FlexiPage, CompactLayout, Profile, Flow, ApexClass, … (they
are refused, by name).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from crm_sink.emulator.metadata import custom_field, custom_object, list_view, permission_set
from crm_sink.emulator.metadata.body import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.emulator.altering import Alteration
    from crm_sink.emulator.metadata.body import Body


class Save(Protocol):
    """Makes or changes a component and says whether it is new; see `custom_field.save`."""

    def __call__(self, change: Alteration, full_name: str, body: Body, *, mode: str) -> bool:
        """Save one component."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of metadata."""

    name: str
    save: Save
    delete: Callable[[Alteration, str], None]
    read: Callable[[Alteration, str], Body | None]
    names: Callable[[Alteration], list[str]]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            custom_field.TYPE,
            custom_field.save,
            custom_field.delete,
            custom_field.read,
            custom_field.names,
        ),
        Kind(
            permission_set.TYPE,
            permission_set.save,
            permission_set.delete,
            permission_set.read,
            permission_set.names,
        ),
        Kind(list_view.TYPE, list_view.save, list_view.delete, list_view.read, list_view.names),
        Kind(
            custom_object.TYPE,
            custom_object.save,
            custom_object.delete,
            custom_object.read,
            custom_object.names,
        ),
    )
}


def kind_of(name: str) -> Kind:
    """Give a type of metadata.

    Raises:
        Refused: The local org does not have it.
    """
    found = KINDS.get(name)
    if found is None:
        known = ", ".join(KINDS)
        message = f"The local org does not imitate metadata of type {name}; it has {known}"
        raise Refused("INVALID_TYPE", message)
    return found
