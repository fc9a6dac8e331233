"""PermissionSet: made, changed, read and deleted; its field permissions become records.

Saving one adds to the field permissions that it has, and changes those it names (facts 8.4, where
this is marked as not verified).

Not imitated: permissions other than those on fields (they are kept, without effect).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.describe.field import permissionable
from crm_sink.emulator.metadata import components
from crm_sink.emulator.metadata.body import Body, Refused, elements, invalid, is_true, said, unknown

if TYPE_CHECKING:
    from crm_sink.emulator.altering import Alteration

TYPE = "PermissionSet"


def save(change: Alteration, full_name: str, body: Body, *, mode: str) -> bool:
    """Make or change a permission set; see `custom_field.save`."""
    before = _record(change, full_name)
    if before is not None and mode == "create":
        message = f"The name {full_name} is already used on component type: Permission Set."
        raise Refused("DUPLICATE_DEVELOPER_NAME", message)
    if before is None and mode == "update":
        raise unknown(TYPE, full_name)
    label = said(body, "label")
    if before is None and not label:
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]")
    granted = [(one, _checked(change, one)) for one in elements(body, "fieldPermissions")]
    if before is None:
        values: dict[str, object] = {"Name": full_name, "Label": label, "IsCustom": True}
        values["Description"] = said(body, "description")
        set_id = change.insert(TYPE, values)
    else:
        set_id = before
        change.cursor.execute(
            "update PermissionSet set Label = coalesce(?, Label), "
            "Description = coalesce(?, Description), LastModifiedDate = ?, SystemModstamp = ? "
            "where Id = ?",
            [label, said(body, "description"), change.now, change.now, set_id],
        )
    for one, field in granted:
        _grant(change, set_id, field, one)
    kept = {key: value for key, value in body.items() if key != "fieldPermissions"}
    old = components.find(change.cursor, TYPE, full_name)
    components.keep(change, TYPE, full_name, {**(old.body if old else {}), **kept}, own_id=set_id)
    return before is None


def delete(change: Alteration, full_name: str) -> None:
    """Delete a permission set, its grants and its assignments."""
    found = _record(change, full_name)
    if found is None:
        raise unknown(TYPE, full_name)
    change.cursor.execute("delete from FieldPermissions where ParentId = ?", [found])
    change.cursor.execute("delete from PermissionSetAssignment where PermissionSetId = ?", [found])
    change.cursor.execute("delete from PermissionSet where Id = ?", [found])
    components.forget(change, TYPE, full_name)


def read(change: Alteration, full_name: str) -> Body | None:
    """Give a permission set's elements as its records have them, or None."""
    row = change.cursor.execute(
        "select Id, Name, Label, Description from PermissionSet where lower(Name) = ?",
        [full_name.lower()],
    ).fetchone()
    if row is None:
        return None
    set_id, name, label, description = row
    kept = components.find(change.cursor, TYPE, name)
    granted = change.cursor.execute(
        "select Field, PermissionsRead, PermissionsEdit from FieldPermissions where ParentId = ? "
        "order by lower(Field)",
        [set_id],
    ).fetchall()
    body: Body = {"hasActivationRequired": "false", **(kept.body if kept else {})}
    body |= {"fullName": name, "label": label}
    if description:
        body["description"] = description
    if granted:
        body["fieldPermissions"] = [
            {"field": field, "readable": bool(reads), "editable": bool(writes)}
            for field, reads, writes in granted
        ]
    return body


def names(change: Alteration) -> list[str]:
    """Give the names of all permission sets."""
    rows = change.cursor.execute("select Name from PermissionSet order by Name").fetchall()
    return [str(name) for (name,) in rows]


def _record(change: Alteration, full_name: str) -> str | None:
    row = change.cursor.execute(
        "select Id from PermissionSet where lower(Name) = ?", [full_name.lower()]
    ).fetchone()
    return None if row is None else str(row[0])


def _checked(change: Alteration, granted: Body) -> str:
    """Give a granted field's own name.

    Raises:
        Refused: There is no such field, or everybody sees it.
    """
    named = str(granted.get("field", ""))
    object_name, _, field_name = named.partition(".")
    target = change.find(object_name)
    field = None if target is None else target.find(field_name)
    if target is None or field is None:
        message = f"In field: field - no CustomField named {named} found"
        raise Refused("INVALID_CROSS_REFERENCE_KEY", message)
    if not permissionable(field):
        raise invalid(f"You cannot deploy to a required field: {target.name}.{field.name}")
    return f"{target.name}.{field.name}"


def _grant(change: Alteration, set_id: str, field: str, granted: Body) -> None:
    writes = is_true(granted, "editable")
    reads = writes or is_true(granted, "readable")
    change.cursor.execute(
        "delete from FieldPermissions where ParentId = ? and lower(Field) = ?",
        [set_id, field.lower()],
    )
    if reads:
        change.insert(
            "FieldPermissions",
            {
                "ParentId": set_id,
                "SobjectType": field.partition(".")[0],
                "Field": field,
                "PermissionsRead": True,
                "PermissionsEdit": writes,
            },
        )
