"""One field as a describe shows it: every key of the recordings, in their order.

Not imitated: formulas, encryption, dependent picklists, prediction fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.emulator.schema import Field, ObjectType, PicklistValue

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    "anyType": "xsd:anyType",
}
# UTF-8 needs up to three bytes for a character of the basic plane: byteLength is 3 x length.
BYTES = 3
INT_DIGITS = 8
# Recorded: these have no field-level security although a client may write them.
UNGUARDED = frozenset(
    {
        "ownerid", "firstname", "salutation", "isunreadbyowner", "individualid",
        "forecastcategoryname", "pricebook2id", "emailbouncedreason", "emailbounceddate",
    }
)  # fmt: skip


# Every key of a field in the recorded order; the values that never differ here.
ALWAYS: dict[str, object] = {
    "aggregatable": None,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": None,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": None,
    "caseSensitive": None,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": None,
    "custom": None,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": None,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": None,
    "extraTypeInfo": None,
    "filterable": None,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": None,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": None,
    "inlineHelpText": None,
    "label": None,
    "length": None,
    "mask": None,
    "maskType": None,
    "name": None,
    "nameField": None,
    "namePointing": None,
    "nillable": None,
    "permissionable": None,
    "picklistValues": None,
    "polymorphicForeignKey": None,
    "precision": None,
    "queryByDistance": None,
    "referenceTargetField": None,
    "referenceTo": None,
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": None,
    "scale": None,
    "searchPrefilterable": None,
    "soapType": None,
    "sortable": None,
    "type": None,
    "unique": None,
    "updateable": None,
    "writeRequiresMasterRead": None,
}


def describe_field(owner: ObjectType, field: Field) -> dict[str, object]:
    """Give a field's entry in `fields`."""
    is_id = field.type in ("id", "reference")
    is_address = field.type == "address"
    writable = not owner.is_compound(field)
    several = len(field.reference_to) > 1
    found = {
        "aggregatable": field.type not in ("boolean", "address", "anyType")
        and not field.is_long_text,
        "byteLength": field.length if is_id else field.length * BYTES,
        "cascadeDelete": field.master_detail,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": _compound(owner, field),
        "createable": field.createable and writable,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.auto or field.default is not None,
        "digits": INT_DIGITS if field.type == "int" else 0,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type_info,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.id_lookup or field.external_id,
        "inlineHelpText": field.help,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field is owner.name_field(),
        "namePointing": several,
        "nillable": field.nillable,
        "permissionable": permissionable(field),
        "picklistValues": [_picklist(value) for value in field.values],
        "polymorphicForeignKey": several,
        "precision": field.precision,
        "queryByDistance": is_address,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "relationshipOrder": 0 if field.master_detail else None,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference" and field.createable and not field.auto,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable and not is_address,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and writable,
        "writeRequiresMasterRead": field.master_detail,
    }
    return {**ALWAYS, **found}


def _compound(owner: ObjectType, field: Field) -> str | None:
    """Give the compound that a field is a part of; Account.Name names itself, as recorded."""
    if field.name == "Name" and owner.name == "Account":
        return "Name"
    return field.compound


def permissionable(field: Field) -> bool:
    """Whether field-level security is granted on it: not on required or system fields."""
    if field.name.lower() in UNGUARDED or field.master_detail:
        return False
    writable = field.createable and field.updateable
    guarded = writable or field.type == "address" or field.name == "ExpectedRevenue"
    return guarded and (field.nillable or field.type == "boolean")


def _picklist(value: PicklistValue) -> dict[str, object]:
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label,
        "validFor": None,
        "value": value.value,
    }
