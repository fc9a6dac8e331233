"""The destination field of each mapped field, as the org has it or else as `type:` says.

Assumes a checked mapping (see `check`); judges nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.mapping.types import TypeFault, parse_type
from crm_sink.schema import FieldSchema, FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.mapping.model import FieldSpec, LoadedMapping
    from crm_sink.schema import ObjectSchema


def resolve(
    loaded: LoadedMapping, schema: ObjectSchema | None, related: Mapping[str, ObjectSchema]
) -> tuple[dict[str, FieldSchema], FieldSchema]:
    """Give the field of each mapped field, by its API name, and the field of the key.

    Args:
        loaded: The mapping.
        schema: The object as the org describes it, or None to go by `type:` alone.
        related: The objects that lookups lead to, by lower-case API name.

    Returns:
        Fields in the order of the mapping, named as the org spells them; and the key's field.
    """
    fields = [_field(path, spec, schema, related) for path, spec in loaded.mapping.fields.items()]
    return {field.name: field for field in fields}, _key(loaded, schema)


def find_lookup(schema: ObjectSchema, path: str) -> FieldSchema | None:
    """Give the reference field whose relationship a path such as `Account.Ext__c` goes through."""
    relationship = path.split(".")[0].lower()
    for field in schema.fields.values():
        if field.relationship is not None and field.relationship.lower() == relationship:
            return field
    return None


def find_end(
    reference: FieldSchema, path: str, related: Mapping[str, ObjectSchema]
) -> FieldSchema | None:
    """Give the field at the end of a lookup path, or None when it is not known."""
    by_name = {name.lower(): schema for name, schema in related.items()}
    for target in reference.reference_to:
        schema = by_name.get(target.lower())
        found = schema.find(path.split(".")[1]) if schema is not None else None
        if found is not None:
            return found
    return None


def _field(
    path: str, spec: FieldSpec, schema: ObjectSchema | None, related: Mapping[str, ObjectSchema]
) -> FieldSchema:
    if "." in path:
        return _lookup(path, spec, schema, related)
    described = schema.find(path) if schema is not None else None
    return described if described is not None else _declared(path, spec)


def _declared(path: str, spec: FieldSpec) -> FieldSchema:
    """Give the field of a `type:`; without one, text of any length, so that nothing is refused."""
    parsed = parse_type(spec.type, field=path) if spec.type is not None else None
    if isinstance(parsed, FieldSchema):
        return parsed
    assert not isinstance(parsed, TypeFault), "load has refused it"
    if isinstance(spec.constant, bool):
        return FieldSchema(path, FieldType.BOOLEAN, nillable=False)
    return FieldSchema(path, FieldType.TEXTAREA, length=131_072)


def _lookup(
    path: str, spec: FieldSpec, schema: ObjectSchema | None, related: Mapping[str, ObjectSchema]
) -> FieldSchema:
    reference = find_lookup(schema, path) if schema is not None else None
    end = find_end(reference, path, related) if reference is not None else None
    relationship, name = path.split(".")
    if reference is None or end is None:
        custom = relationship.lower().endswith("__r")
        lookup = f"{relationship[:-3]}__c" if custom else f"{relationship}Id"
        return replace(_declared(path, spec), name=path, lookup=lookup, external_id=True)
    return replace(
        end,
        name=f"{reference.relationship or relationship}.{end.name or name}",
        lookup=reference.name,
        nillable=reference.nillable,
        createable=reference.createable,
        updateable=reference.updateable,
        reference_to=reference.reference_to,
        relationship=reference.relationship,
        master_detail=reference.master_detail,
    )


def _key(loaded: LoadedMapping, schema: ObjectSchema | None) -> FieldSchema:
    match = loaded.mapping.match
    described = schema.find(match.field_name) if schema is not None else None
    if described is not None:
        return described
    if match.field_name.lower() == "id":
        return FieldSchema("Id", FieldType.ID, length=18, nillable=False, id_lookup=True)
    external = match.external_id is not None
    return FieldSchema(
        match.field_name,
        FieldType.STRING,
        length=255,
        unique=True,
        external_id=external,
        id_lookup=external,
    )
