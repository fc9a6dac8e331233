"""An object as a describe shows it: every recorded key, in alphabetical order.

Not imitated: layouts, record types other than Master.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.emulator.describe.field import describe_field
from crm_sink.emulator.history.kinds import CREATED, HISTORIES, PARENTS, RELATIONSHIP
from crm_sink.emulator.history.tracking import is_trackable
from crm_sink.emulator.history.values import said_of
from crm_sink.emulator.schema import PicklistValue
from crm_sink.emulator.soql.children import children_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType
    from crm_sink.emulator.soql.children import Child

MASTER_RECORD_TYPE = "012000000000000AAA"
# Objects that an API client may not write: they are set up, not entered.
READ_ONLY = HISTORIES | {"ListView", "Organization", "Profile", "TabDefinition", "RecordType"}
SEARCHED = frozenset({"Account", "Contact", "Lead", "Opportunity", "User"})
MERGED = frozenset({"Account", "Contact", "Lead"})


def summary(target: ObjectType, version: str) -> dict[str, object]:
    """Give an object's entry in the global describe."""
    written = target.name not in READ_ONLY
    is_deletable = written and target.find("IsDeleted") is not None
    searched = target.custom or target.name in SEARCHED
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": written,
        "custom": target.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": is_deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": target.name in SEARCHED,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": target.key_prefix,
        "label": target.label,
        "labelPlural": target.label_plural,
        "layoutable": searched,
        "mergeable": target.name in MERGED,
        "mruEnabled": searched,
        "name": target.name,
        "queryable": True,
        # "Supported calls: getUpdated() and getDeleted()" (object reference, LeadHistory).
        "replicateable": written or target.name in HISTORIES,
        "retrieveable": True,
        "searchable": searched,
        "triggerable": searched,
        "undeletable": is_deletable,
        "updateable": written,
        "urls": _urls(target.name, version),
    }


def describe(
    objects: Mapping[str, ObjectType], target: ObjectType, version: str, instance: str
) -> dict[str, object]:
    """Give the full describe of an object, keys in the recorded (alphabetical) order."""
    page = f"{instance}/{{ID}}"
    more: dict[str, object] = {
        "actionOverrides": [],
        "childRelationships": [_child(child) for child in children_of(objects, target)],
        "compactLayoutable": target.custom or target.name in SEARCHED,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [
            describe_field(target, _offering(objects, target, field))
            for field in target.fields.values()
        ],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master(target.name, version)],
        "searchLayoutable": target.custom or target.name in SEARCHED,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {target.label_plural.lower()}", "name": "everything"},
            {"label": f"My {target.label_plural.lower()}", "name": "mine"},
        ],
        "urls": {
            "compactLayouts": f"{path_of(target.name, version)}/describe/compactLayouts",
            "rowTemplate": f"{path_of(target.name, version)}/{{ID}}",
            "approvalLayouts": f"{path_of(target.name, version)}/describe/approvalLayouts",
            "uiDetailTemplate": page,
            "uiEditTemplate": f"{page}/e",
            "listviews": f"{path_of(target.name, version)}/listviews",
            "describe": f"{path_of(target.name, version)}/describe",
            "uiNewRecord": f"{instance}/{target.key_prefix}/e",
            "quickActions": f"{path_of(target.name, version)}/quickActions",
            "layouts": f"{path_of(target.name, version)}/describe/layouts",
            "sobject": path_of(target.name, version),
        },
    }
    return dict(sorted({**summary(target, version), **more}.items()))


def _offering(objects: Mapping[str, ObjectType], target: ObjectType, field: Field) -> Field:
    """Give a history's `Field` with the names that a row may have there."""
    parent = objects.get(PARENTS.get(target.name, "").lower())
    if parent is None or field.name != "Field":
        return field
    may_be = [one for one in parent.stored() if is_trackable(parent, one)]
    names = [(CREATED, "Created."), *((said_of(one), one.label) for one in may_be)]
    values = sorted((PicklistValue(*one) for one in names), key=lambda one: one.value.lower())
    return replace(field, values=tuple(values))


def path_of(object_name: str, version: str) -> str:
    """Give the path of an object's resource."""
    return f"/services/data/v{version}/sobjects/{object_name}"


def _urls(object_name: str, version: str) -> dict[str, str]:
    path = path_of(object_name, version)
    return {
        "compactLayouts": f"{path}/describe/compactLayouts",
        "rowTemplate": f"{path}/{{ID}}",
        "approvalLayouts": f"{path}/describe/approvalLayouts",
        "listviews": f"{path}/listviews",
        "describe": f"{path}/describe",
        "quickActions": f"{path}/quickActions",
        "layouts": f"{path}/describe/layouts",
        "sobject": path,
    }


def _child(child: Child) -> dict[str, object]:
    return {
        "cascadeDelete": child.field.master_detail or child.relationship == RELATIONSHIP,
        "childSObject": child.child.name,
        "deprecatedAndHidden": False,
        "field": child.field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.relationship,
        "restrictedDelete": False,
    }


def _master(object_name: str, version: str) -> dict[str, object]:
    layouts = f"{path_of(object_name, version)}/describe/layouts/{MASTER_RECORD_TYPE}"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE,
        "urls": {"layout": layouts},
    }
