"""The Name object: a parent of several kinds, such as the user or the queue that owns a lead.

A path through a polymorphic lookup, `Owner.Name`, sees what all kinds share, whatever the record
is; what a kind lacks is null. Its `attributes` say `Name`, and their URL leads to the real record.

Not imitated: the fields of Name that the local org's users do not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.schema import Field, ObjectType
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    ValueSql = Callable[[ObjectType, Field, str], str]

NAME = "Name"
# What the Name object has of a user (object reference, Name).
OF_USERS = (
    "Alias", "Email", "FirstName", "LastName", "IsActive", "Phone", "ProfileId", "Title",
    "UserRoleId", "Username",
)  # fmt: skip
# The column that says which object a row is of.
KIND = "_object"


def kinds_of(objects: Mapping[str, ObjectType], link: Field) -> list[ObjectType]:
    """Give the objects that a lookup may lead to, as far as the org has them."""
    return [objects[one.lower()] for one in link.reference_to if one.lower() in objects]


def name_object(kinds: Sequence[ObjectType]) -> ObjectType:
    """Give the Name object over some kinds."""
    fields = [
        Field("Id", "Name ID", "id", length=18),
        Field("Name", "Name", "string", length=121),
        Field("Type", "Type", "picklist", length=40),
    ]
    for wanted in OF_USERS:
        found = next((field for kind in kinds if (field := kind.find(wanted))), None)
        if found is not None:
            fields.append(found)
    return ObjectType(NAME, "Name", "Names", "", {one.name.lower(): one for one in fields})


def rows_sql(kinds: Sequence[ObjectType], value_sql: ValueSql) -> str:
    """Give the query of all records of some kinds, with the columns of their Name object."""
    wanted = name_object(kinds).fields.values()
    parts = []
    for kind in kinds:
        columns = [f"{literal(kind.name)} as {name(KIND)}"]
        for field in wanted:
            own = kind.find(field.name)
            sql = "null" if own is None else value_sql(kind, own, "k")
            if own is None and field.name == "Type":
                sql = literal(kind.name)
            columns.append(f"{sql} as {name(field.name)}")
        parts.append(f"select {', '.join(columns)} from {name(kind.name)} k")
    return " union all ".join(parts)
