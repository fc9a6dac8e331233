"""Refuses records of permissions that cannot be: unknown fields, grants and assignments made twice.

Words: facts 8.3 for an assignment made twice.

Not imitated: licenses, permissions that need each other. Likely but not on record: the words for a
field that is none, for one that everybody sees anyway, and for a grant made twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.describe.field import permissionable
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.org import Org

BAD_VALUE = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def check(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    """Add the faults of new FieldPermissions and PermissionSetAssignment records."""
    if write.target.name == "FieldPermissions":
        _check_fields(cursor, org, write)
    if write.target.name == "PermissionSetAssignment":
        _refuse_assigned(cursor, write)


def _check_fields(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    named = _typed(write, "field")
    parent = _typed(write, "parentid")
    if named is None or parent is None:
        return
    known = [
        f"{definition.name}.{field.name}".lower()
        for definition in org.store.definitions.values()
        for field in definition.fields.values()
        if permissionable(field)
    ]
    listed = ", ".join(literal(one) for one in known)
    words = f"'Field Name: bad value for restricted picklist field: ' || {named}"
    cursor.execute(
        f"insert into faults select n, {staging.VALUE}, {fault_sql(BAD_VALUE, words, 'Field')} "
        f"from typed where lower({named}) not in ({listed})"
    )
    twice = literal(
        "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    )
    cursor.execute(
        f"insert into faults select n, {staging.UNIQUE}, {fault_sql('DUPLICATE_VALUE', twice)} "
        "from typed t join matched using (n) join FieldPermissions o "
        f"on o.ParentId = t.{parent} and lower(o.Field) = lower(t.{named}) where created"
    )


def _refuse_assigned(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    who, what = _typed(write, "assigneeid"), _typed(write, "permissionsetid")
    if who is None or what is None:
        return
    words = (
        f"'Duplicate PermissionSetAssignment.  Assignee: ' || left(t.{who}, 15) || "
        f"'; Permission Set: ' || left(t.{what}, 15)"
    )
    fault = fault_sql("DUPLICATE_VALUE", words, "AssigneeId", "PermissionSetId")
    cursor.execute(
        f"insert into faults select n, {staging.UNIQUE}, {fault} from typed t "
        "join matched using (n) join PermissionSetAssignment o "
        f"on o.AssigneeId = t.{who} and o.PermissionSetId = t.{what} where created"
    )


def _typed(write: Write, field: str) -> str | None:
    """Give the typed column of a field, when the write has one."""
    column = write.column_of(write.target.fields[field])
    return None if column is None else column.typed
