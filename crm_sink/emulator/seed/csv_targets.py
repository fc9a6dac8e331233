"""Where the columns of a CSV file go: fields, new fields, parents by external id, owners by name.

A target is written `Industry`, `Region__c:Text(40)`, `Deal_Id__c:Text(40):external_id`,
`Account.Customer_Id__c` (the lookup to Account by that key) or `Owner.Name`.

Not imitated: parents of parents, polymorphic lookups other than the owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType
    from crm_sink.emulator.store import Store

FLAGS = frozenset({"external_id", "unique"})


@dataclass(frozen=True, slots=True)
class Target:
    """One destination: the field that is stored, and the CSV column that fills it.

    `parent` and `key` say where a lookup finds its record; `is_owner` that it is a person's name.
    """

    field: Field
    column: str
    parent: ObjectType | None = None
    key: Field | None = None
    is_owner: bool = False


def targets(store: Store, object_name: str, columns: Mapping[str, str]) -> list[Target]:
    """Read the target texts, adding the custom fields that they describe and the org lacks.

    Args:
        store: The org's records.
        object_name: The object that the rows become.
        columns: Target text → header of the CSV column.

    Raises:
        ValueError: A target names no field, or no object of that name exists.
    """
    if object_name.lower() not in store.objects:
        raise ValueError(f"the org has no object {object_name}")
    for text in columns:
        path, *rest = text.split(":")
        if rest and "." not in path:
            flags = set(rest[1:])
            if flags - FLAGS:
                raise ValueError(f"{text!r}: {', '.join(sorted(flags - FLAGS))} is no flag")
            made = custom_field(
                path, rest[0], external_id="external_id" in flags, unique="unique" in flags
            )
            add_missing(store, object_name, (made,))
    owner = store.objects[object_name.lower()]
    return [_target(store, owner, text, column) for text, column in columns.items()]


def _target(store: Store, owner: ObjectType, text: str, column: str) -> Target:
    relationship, dot, key_name = text.split(":")[0].partition(".")
    if not dot:
        found = owner.find(relationship)
        if found is None:
            raise ValueError(
                f"{owner.name} has no field {relationship}; give its type to make it, "
                f"as in {relationship.removesuffix('__c')}__c:Text(40)"
            )
        if owner.is_compound(found):
            raise ValueError(f"{owner.name}.{found.name} is put together from other fields")
        return Target(found, column)
    return _lookup(store, owner, relationship, key_name, column=column)


def _lookup(
    store: Store, owner: ObjectType, relationship: str, key_name: str, *, column: str
) -> Target:
    link = next(
        (
            field
            for field in owner.fields.values()
            if (field.relationship or "").lower() == relationship.lower()
        ),
        None,
    )
    if link is None:
        raise ValueError(f"{owner.name} has no relationship {relationship}")
    if relationship.lower() == "owner" and key_name.lower() == "name":
        return Target(link, column, is_owner=True)
    parent = store.objects.get(link.reference_to[0].lower())
    key = parent.find(key_name) if parent else None
    if parent is None or key is None or parent.is_compound(key):
        raise ValueError(f"{link.reference_to[0]} has no field {key_name}")
    return Target(link, column, parent, key)
