"""CustomField and EntityDefinition as objects that the Tooling API can query.

The tables are temporary and made for one query; what stays are the ids of the fields. All custom
fields are in there, granted or not.

Not imitated: the many other objects of the Tooling API (FieldDefinition, ApexClass, Layout, …),
most fields of those it has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crm_sink.emulator.altering import altering
from crm_sink.emulator.metadata import components, custom_field
from crm_sink.emulator.schema import Field, ObjectType
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from crm_sink.emulator.org import Org

ENTITY_DEFINITION = ObjectType(
    "EntityDefinition",
    "Entity Definition",
    "Entity Definitions",
    "4ie",
    {
        field.name.lower(): field
        for field in (
            Field("Id", "ID", "id", 18),
            Field("DurableId", "Durable ID", "string", 255),
            Field("QualifiedApiName", "Qualified API Name", "string", 255),
            Field("DeveloperName", "Developer Name", "string", 255),
            Field("Label", "Label", "string", 255),
            Field("PluralLabel", "Plural Label", "string", 255),
            Field("KeyPrefix", "Key Prefix", "string", 3),
            Field("IsCustomizable", "Is Customizable", "boolean"),
        )
    },
)
CUSTOM_FIELD = ObjectType(
    "CustomField",
    "Custom Field",
    "Custom Fields",
    "00N",
    {
        field.name.lower(): field
        for field in (
            Field("Id", "ID", "id", 18),
            Field(
                "EntityDefinitionId", "Entity Definition ID", "reference", 18,
                reference_to=("EntityDefinition",), relationship="EntityDefinition",
            ),
            Field("TableEnumOrId", "Table", "string", 255),
            Field("DeveloperName", "Name", "string", 40),
            Field("NamespacePrefix", "Namespace Prefix", "string", 15),
            Field("ManageableState", "Manageable State", "string", 40),
            Field("FullName", "Full Name", "string", 255),
            Field("Metadata", "Metadata", "string", 131072),
            Field("CreatedDate", "Created Date", "datetime"),
            Field("LastModifiedDate", "Last Modified Date", "datetime"),
            Field("SystemModstamp", "System Modstamp", "datetime"),
        )
    },
)  # fmt: skip
OBJECTS = {one.name.lower(): one for one in (CUSTOM_FIELD, ENTITY_DEFINITION)}


def fill(org: Org, cursor: duckdb.DuckDBPyConnection) -> dict[str, ObjectType]:
    """Make the tables for one handle, and give all objects that a query may name."""
    name_seeded_fields(org)
    entities = [
        (one.name, one.name, one.name, one.name, one.label, one.label_plural, one.key_prefix, True)
        for one in org.store.definitions.values()
    ]
    _make(cursor, ENTITY_DEFINITION, entities)
    fields = []
    for one in components.of_type(cursor, custom_field.TYPE):
        owner, _, named = one.full_name.partition(".")
        body = json.dumps(one.body)
        fields.append(
            (
                one.id, owner, owner, named.removesuffix("__c"), None, "unmanaged", one.full_name,
                body, one.created, one.modified, one.modified,
            )
        )  # fmt: skip
    _make(cursor, CUSTOM_FIELD, fields)
    return {**org.store.objects, **OBJECTS}


def name_seeded_fields(org: Org) -> None:
    """Give an id to each custom field that has none yet."""
    with org.store.cursor() as cursor:
        known = {one.full_name.lower() for one in components.of_type(cursor, custom_field.TYPE)}
    found = [
        (f"{target.name}.{field.name}", field)
        for target in org.store.definitions.values()
        for field in target.fields.values()
        if field.custom and f"{target.name}.{field.name}".lower() not in known
    ]
    if not found:
        return
    with altering(org) as change:
        for full_name, field in found:
            body = custom_field.from_field(field)
            components.keep(change, custom_field.TYPE, full_name, body)


def _make(
    cursor: duckdb.DuckDBPyConnection, target: ObjectType, rows: Sequence[tuple[object, ...]]
) -> None:
    columns = ", ".join(f"{name(one.name)} {one.duckdb_type}" for one in target.fields.values())
    cursor.execute(f"create or replace temp table {name(target.name)} ({columns})")
    marks = ", ".join("?" for _ in target.fields)
    if rows:
        cursor.executemany(f"insert into {name(target.name)} values ({marks})", rows)
