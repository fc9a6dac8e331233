"""The fields of the records that say who may see a field. Only tables; see `standard.py`."""

from __future__ import annotations

PERMISSION_SET = """
Id | PermissionSet ID | id | required readonly auto
Name | Permission Set Name | string(80) | required unique
Label | Permission Set Label | string(80) | required
LicenseId | License ID | string(18) | createonly
ProfileId | Profile ID | reference | readonly to=Profile:Profile
IsOwnedByProfile | Is Owned By Profile | boolean | readonly
IsCustom | Custom | boolean | readonly
Description | Description | string(255)
NamespacePrefix | Namespace Prefix | string(15) | readonly
HasActivationRequired | Has Activation Required | boolean
Type | Type | string(40) | readonly
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

FIELD_PERMISSIONS = """
Id | FieldPermissions ID | id | required readonly auto
ParentId | Parent ID | reference | required createonly to=PermissionSet:Parent
SobjectType | Sobject Type Name | picklist(40) | required createonly
Field | Field Name | picklist(255) | required createonly
PermissionsEdit | Edit Field | boolean
PermissionsRead | Read Field | boolean
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

PERMISSION_SET_ASSIGNMENT = """
Id | PermissionSetAssignment ID | id | required readonly auto
PermissionSetId | PermissionSet ID | reference | required createonly to=PermissionSet:PermissionSet
AssigneeId | Assignee ID | reference | required createonly to=User:Assignee
SystemModstamp | System Modstamp | datetime | required readonly auto
"""
