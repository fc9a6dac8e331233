"""CustomObject: an object with its custom fields and list views, as it is read and retrieved.

It is never saved as a whole: its fields and list views are components of their own.

Not imitated: standard fields in an object's file, objects that are made by metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.metadata import custom_field, list_view
from crm_sink.emulator.metadata.body import Body, Refused

if TYPE_CHECKING:
    from crm_sink.emulator.altering import Alteration

TYPE = "CustomObject"
# What an object holds: the element in its file, and where such components are read.
CHILDREN = {"fields": custom_field, "listViews": list_view}


def save(change: Alteration, full_name: str, body: Body, *, mode: str) -> bool:
    """Refuse to make or change an object."""
    raise _refused(full_name)


def delete(change: Alteration, full_name: str) -> None:
    """Refuse to delete an object."""
    raise _refused(full_name)


def read(change: Alteration, full_name: str) -> Body | None:
    """Give an object's fields and list views, or None when there is no such object."""
    target = change.find(full_name)
    if target is None:
        return None
    body: Body = {"fullName": target.name}
    for element, kind in CHILDREN.items():
        own = [one for one in kind.names(change) if one.partition(".")[0] == target.name]
        found = [child for one in own if (child := child_of(change, element, one)) is not None]
        if found:
            body[element] = found
    return body


def child_of(change: Alteration, element: str, full_name: str) -> Body | None:
    """Give a component as it stands in its object's file, where its name is short."""
    body = CHILDREN[element].read(change, full_name)
    if body is None:
        return None
    return {**body, "fullName": str(body["fullName"]).partition(".")[2]}


def names(change: Alteration) -> list[str]:
    """Give the names of all objects."""
    return sorted(target.name for target in change.definitions.values())


def _refused(full_name: str) -> Refused:
    text = f"The local org does not make or change objects as a whole ({full_name})"
    return Refused("INVALID_TYPE", text)
