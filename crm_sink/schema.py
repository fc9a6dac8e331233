"""What the CRM says of its objects and fields: the nouns of a describe, CRM-neutral.

The type names are those of Salesforce's describe (`FieldDefinition.type`). How a value travels on
the wire is the business of `salesforce/`; which DuckDB type a column has stands in `tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FieldType(StrEnum):
    """The field types of Salesforce's describe that a value can be written to."""

    STRING = "string"
    TEXTAREA = "textarea"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    COMBOBOX = "combobox"
    ENCRYPTED = "encryptedstring"
    REFERENCE = "reference"
    ID = "id"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    OTHER = "other"  # compound (address, location), base64, ...: can be read by people, not by us


TEXT_TYPES = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.PICKLIST,
        FieldType.MULTIPICKLIST,
        FieldType.COMBOBOX,
        FieldType.ENCRYPTED,
        FieldType.REFERENCE,
        FieldType.ID,
    }
)
NUMBER_TYPES = frozenset({FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field, as the CRM describes it, or as a mapping's `type:` declares it.

    `name` is the API name. For a lookup through an external id (`Account.Ext__c`) it is the whole
    path, the other attributes are those of the field at its end, and `lookup` is the reference
    field on this object that it sets (`AccountId`).
    """

    name: str
    type: FieldType
    label: str = ""
    length: int = 0  # characters; 0 for what is not text
    precision: int = 0  # total digits of a number; 0 when unknown
    scale: int = 0  # digits behind the point
    nillable: bool = True
    defaulted: bool = False  # the org fills it when a record is created without it
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False  # can be the key of an upsert
    case_sensitive: bool = False
    filterable: bool = True
    restricted: bool = False  # restricted picklist: other values are refused
    values: tuple[str, ...] = ()  # active picklist values
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None  # `Account` for AccountId, `Broker__r` for Broker__c
    master_detail: bool = False
    lookup: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """One object and its fields, keyed by lower-case API name (names are case-insensitive)."""

    name: str
    label: str
    key_prefix: str
    fields: dict[str, FieldSchema] = field(default_factory=dict)

    def find(self, name: str) -> FieldSchema | None:
        """Give the field of that API name, whatever its case, or None."""
        return self.fields.get(name.lower())
