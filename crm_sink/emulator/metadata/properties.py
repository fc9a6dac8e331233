"""FileProperties: who made a component and when, as listMetadata and retrieves tell it.

Not imitated: the id of a field that came with the seed, whose birthday is taken for the org's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.metadata import components
from crm_sink.emulator.xml import leaf

if TYPE_CHECKING:
    from datetime import datetime

    from crm_sink.emulator.altering import Alteration


def told(change: Alteration, kind: str, full_name: str, *, folder: str = "") -> str:
    """Give the elements of a component's properties."""
    org = change.org
    kept = components.find(change.cursor, kind, full_name)
    made, changed = (kept.created, kept.modified) if kept else (org.created, org.created)
    person = " ".join(org.person)
    values = {
        "createdById": org.user_id,
        "createdByName": person,
        "createdDate": _stamp(made),
        "fileName": f"{folder}{file_of(kind, full_name)}",
        "fullName": full_name,
        "id": kept.id if kept else "",
        "lastModifiedById": org.user_id,
        "lastModifiedByName": person,
        "lastModifiedDate": _stamp(changed),
        "manageableState": "unmanaged",
        "type": kind,
    }
    return "".join(leaf(key, value) for key, value in values.items())


def file_of(kind: str, full_name: str) -> str:
    """Give the file of a deployment that holds a component."""
    owner = full_name.partition(".")[0]
    if kind == "PermissionSet":
        return f"permissionsets/{owner}.permissionset"
    return "package.xml" if kind == "Package" else f"objects/{owner}.object"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"
