"""Which objects refer to an object, and by what name their records are reached from it.

Not imitated: children of objects that the local org does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.history.kinds import KINDS, RELATIONSHIP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType

# Standard lookups whose children have a name; the others are in describe with a null name.
NAMES = {
    ("Account", "ParentId"): "ChildAccounts",
    **{(kept, f"{parent}Id"): RELATIONSHIP for parent, kept in KINDS.items()},
    ("Contact", "AccountId"): "Contacts",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Opportunity", "ContactId"): "Opportunities",
    ("User", "ManagerId"): "ManagedUsers",
    ("User", "ProfileId"): "Users",
}


@dataclass(frozen=True, slots=True)
class Child:
    """One lookup that leads to the parent."""

    child: ObjectType
    field: Field
    relationship: str | None


def children_of(objects: Mapping[str, ObjectType], parent: ObjectType) -> list[Child]:
    """Give the lookups that lead to an object, by child name, as describe orders them."""
    return [
        Child(child, field, _relationship(child, field))
        for child in sorted(objects.values(), key=lambda one: one.name)
        for field in child.fields.values()
        if parent.name in field.reference_to
    ]


def _relationship(child: ObjectType, field: Field) -> str | None:
    if not field.custom:
        return NAMES.get((child.name, field.name))
    if field.child_relationship:
        return f"{field.child_relationship}__r"
    # An admin names it; by default it is the child's plural.
    taken = [one for one in child.fields.values() if one.custom and one.type == "reference"]
    plural = child.label_plural.replace(" ", "_")
    place = [one.name for one in taken].index(field.name)
    return f"{plural}{place or ''}__r"
