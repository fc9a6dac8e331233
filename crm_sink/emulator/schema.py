"""What the local org knows of its objects and fields, in the terms of a Salesforce describe.

Holds no data and touches no database. Names are found without regard to case, as Salesforce does.

Not imitated: record types, dependent picklists, formulas and roll-ups.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "id", "reference"}
)
NUMBER_TYPES = frozenset({"double", "currency", "percent"})
PERSON_OBJECTS = frozenset({"lead", "contact", "user"})

DUCKDB_TYPES = {
    **dict.fromkeys(TEXT_TYPES, "VARCHAR"),
    **dict.fromkeys(NUMBER_TYPES, "DOUBLE"),
    "int": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    # Of a value that may be of any type there is its JSON text.
    "anyType": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value that a picklist offers."""

    value: str
    label: str
    active: bool = True
    default: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object; `type` is the word that describe uses for it.

    `length` is in characters, `precision` counts all digits of a number and `scale` those after
    the point. `auto` marks what the org itself fills in on create (ids, owner, audit fields).
    `compound` names the compound field that this one is a part of; `child_relationship` is how an
    admin called the records that refer to another by this lookup, without `__r`. `guarded` marks a
    field that nobody sees until a permission set grants it. `tracked` has its changes kept (see
    `history`).
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    restricted: bool = False
    values: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    child_relationship: str | None = None
    default: Any = None
    custom: bool = False
    master_detail: bool = False
    extra_type_info: str | None = None
    compound: str | None = None
    filterable: bool = True
    sortable: bool = True
    help: str | None = None
    auto: bool = False
    guarded: bool = False
    tracked: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the field holds characters, so that comparing it ignores case."""
        return self.type in TEXT_TYPES

    @property
    def is_long_text(self) -> bool:
        """Whether it is a text area over 255 characters, which cannot be filtered or sorted."""
        return self.type == "textarea" and self.length > 255

    @property
    def groupable(self) -> bool:
        """Whether GROUP BY takes it: not decimals, moments, lists, addresses or long texts."""
        ungrouped = (*NUMBER_TYPES, "datetime", "multipicklist", "address", "anyType")
        return self.type not in ungrouped and not self.is_long_text

    @property
    def duckdb_type(self) -> str:
        """The column type in the store; raises KeyError for a compound address."""
        return DUCKDB_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object: its names, the three characters its ids begin with, and its fields in order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    custom: bool = False

    def find(self, name: str) -> Field | None:
        """Give the field of that API name in any case, or None."""
        return self.fields.get(name.lower())

    def stored(self) -> list[Field]:
        """Give the fields that have a column in the store: all but the compound ones."""
        return [field for field in self.fields.values() if not self.is_compound(field)]

    def is_compound(self, field: Field) -> bool:
        """Whether a field is put together from others: an address, or a person's Name."""
        if field.type == "address":
            return True
        return field.name == "Name" and self.name.lower() in PERSON_OBJECTS

    def name_field(self) -> Field | None:
        """Give the field that names a record to a person, or None."""
        return self.find("Name")

    def with_field(self, added: Field) -> ObjectType:
        """Give this object with one more field, or with that field replaced."""
        fields = {**self.fields, added.name.lower(): added}
        return ObjectType(
            self.name, self.label, self.label_plural, self.key_prefix, fields, self.custom
        )

    def without_field(self, named: str) -> ObjectType:
        """Give this object without that field."""
        fields = {key: field for key, field in self.fields.items() if key != named.lower()}
        return ObjectType(
            self.name, self.label, self.label_plural, self.key_prefix, fields, self.custom
        )

    def to_json(self) -> dict[str, Any]:
        """Give plain values from which `from_json` makes an equal object."""
        return {
            "name": self.name,
            "label": self.label,
            "label_plural": self.label_plural,
            "key_prefix": self.key_prefix,
            "custom": self.custom,
            "fields": [asdict(field) for field in self.fields.values()],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> ObjectType:
        """Read what `to_json` wrote, before or after a trip through JSON text."""
        fields = {one["name"].lower(): _field(one) for one in data["fields"]}
        return ObjectType(
            data["name"],
            data["label"],
            data["label_plural"],
            data["key_prefix"],
            fields,
            data["custom"],
        )


def _field(data: dict[str, Any]) -> Field:
    values = tuple(PicklistValue(**one) for one in data["values"])
    return Field(**{**data, "values": values, "reference_to": tuple(data["reference_to"])})
