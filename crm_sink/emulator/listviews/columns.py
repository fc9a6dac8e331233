"""The columns of list views: `CORE.USERS.ALIAS` and `LEAD.STATUS` as paths to fields.

Metadata names standard columns by words of their own. The rule behind most is the field's name in
capitals with underscores, after the object's; the others that are on record stand in `ALIASES`.

Not imitated: the full list of standard columns' names, which is not public; labels that differ
between objects beyond the owner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.schema import PERSON_OBJECTS
from crm_sink.emulator.soql.names import OF_USERS, kinds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType

# A column's name without its object and underscores, and the field or path that it means.
ALIASES = {
    "fullname": "Name",
    "phone1": "Phone",
    "phone2": "Fax",
    "phone3": "MobilePhone",
    "mobile": "MobilePhone",
    "url": "Website",
    "employees": "NumberOfEmployees",
    "sales": "AnnualRevenue",
    "revenue": "AnnualRevenue",
    "stage": "StageName",
    "expamount": "ExpectedRevenue",
    "closed": "IsClosed",
    "won": "IsWon",
    "converted": "IsConverted",
    "unread": "IsUnreadByOwner",
    "active": "IsActive",
    "lastupdate": "LastModifiedDate",
    "lastactivity": "LastActivityDate",
    "ownerfullname": "Owner.Name",
    "owneralias": "Owner.Alias",
    "createdbyuser": "CreatedBy.Name",
    "updatedbyuser": "LastModifiedBy.Name",
}
PEOPLE = {
    "coreusers": "Owner",
    "owner": "Owner",
    "createdbyuser": "CreatedBy",
    "updatedbyuser": "LastModifiedBy",
}
ADDRESSES = {"account": ("Billing", "Shipping"), "contact": ("Other", "Mailing"), "lead": ("", "")}
PARTS = {"street": "Street", "city": "City", "state": "State", "zip": "PostalCode",
         "statecode": "State", "country": "Country", "countrycode": "Country"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the path to its field as SOQL writes it, the field, and its head.

    `parent` names the object that the path leads to, if it leads to another.
    """

    path: str
    field: Field
    label: str
    parent: str | None = None

    @property
    def selected(self) -> str:
        """The column as a list view's query selects it."""
        is_picklist = self.field.type in ("picklist", "multipicklist")
        return f"toLabel({self.path})" if is_picklist else self.path


def resolve(objects: Mapping[str, ObjectType], target: ObjectType, name: str) -> Column | None:
    """Find what a column's name means, or give None."""
    parts = name.strip().split(".")
    if len(parts) > 1 and parts[0].lower() == target.name.lower():
        parts = parts[1:]
    if len(parts) == 1:
        return _own(objects, target, parts[0])
    *before, last = parts
    key = _bare("".join(before))
    relationship = PEOPLE.get(key, before[-1])
    return _through(objects, target, relationship, last)


def _own(objects: Mapping[str, ObjectType], target: ObjectType, name: str) -> Column | None:
    bare = _bare(name)
    field = target.find(name) or target.find(bare) or _in_address(target, bare)
    if field is None and bare in ALIASES:
        path = ALIASES[bare]
        if "." in path:
            return _through(objects, target, *path.split("."))
        field = target.find(path)
    if field is None or field.type == "address":
        return None
    if field.type == "reference" and field.relationship:
        # A lookup is shown and filtered by the other record's name.
        return _through(objects, target, field.relationship, "Name")
    return Column(field.name, field, _label(target, field))


def _through(
    objects: Mapping[str, ObjectType], target: ObjectType, relationship: str, name: str
) -> Column | None:
    wanted = relationship.lower()
    link = next(
        (one for one in target.fields.values() if (one.relationship or "").lower() == wanted), None
    )
    if link is None or link.relationship is None:
        return None
    parent = _parent(objects, link)
    if parent is None:
        return None
    field = parent.find(name) or parent.find(_bare(name)) or _named(parent, name)
    if field is None:
        return None
    if len(kinds_of(objects, link)) > 1 and field.name not in ("Id", "Name", *OF_USERS):
        return None
    label = _parent_label(target, link, field)
    return Column(f"{link.relationship}.{field.name}", field, label, parent.name)


def _named(parent: ObjectType, name: str) -> Field | None:
    path = ALIASES.get(_bare(name), "")
    return parent.find(path) if path else None


def _parent(objects: Mapping[str, ObjectType], link: Field) -> ObjectType | None:
    names = sorted(link.reference_to, key=lambda one: one != "User")
    return next((objects[one.lower()] for one in names if one.lower() in objects), None)


def _in_address(target: ObjectType, bare: str) -> Field | None:
    """Find the part of an address: `ADDRESS1_STATE`."""
    first, second = ADDRESSES.get(target.name.lower(), ("", ""))
    for start, prefix in (("address1", first), ("address2", second), ("address", first)):
        part = PARTS.get(bare.removeprefix(start)) if bare.startswith(start) else None
        if part is not None:
            return target.find(prefix + part)
    return None


def _label(target: ObjectType, field: Field) -> str:
    if field.name == "Name" and target.name.lower() in PERSON_OBJECTS:
        return "Name"
    return field.label


def _parent_label(target: ObjectType, link: Field, field: Field) -> str:
    """Give the head of a parent's column: `Account Owner Alias` is on record."""
    before = link.label.removesuffix(" ID")
    if link.relationship == "Owner" and target.name != "Lead":
        before = f"{target.label} Owner"
    if field.name != "Name":
        return f"{before} {field.label}"
    return before if link.custom else f"{before} Name"


def _bare(name: str) -> str:
    return name.replace("_", "").replace(".", "").lower()
