"""What the permission sets of the org's user grant, read from their records.

A grant is a FieldPermissions record of a PermissionSet that a PermissionSetAssignment gives to the
user.

Not imitated: permission set groups, muting, session-based and expiring assignments, profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org

# A write to one of these may change what the user sees.
OBJECTS = frozenset({"PermissionSet", "FieldPermissions", "PermissionSetAssignment"})
GRANTED = """
select lower(p.Field), bool_or(p.PermissionsEdit)
from FieldPermissions p
join PermissionSet s on s.Id = p.ParentId
join PermissionSetAssignment a on a.PermissionSetId = s.Id
where a.AssigneeId = ? and (p.PermissionsRead or p.PermissionsEdit)
group by all
"""


def refresh(org: Org) -> None:
    """Let the user see what is granted now, and nothing else that is guarded."""
    with org.store.cursor() as cursor:
        found = cursor.execute(GRANTED, [org.user_id]).fetchall()
    org.store.show(org.store.definitions, {field: bool(writes) for field, writes in found})
