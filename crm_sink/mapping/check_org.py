"""A mapping held against the org's describe: what cannot be found, cannot be written, does not fit.

A field that the user may not see is not in the describe at all, so "no such field" may mean
field-level security. Pure; see `check` for the source's columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.check_type import option_faults, type_faults, value_faults
from crm_sink.mapping.model import FlagLeavers
from crm_sink.mapping.names import did_you_mean, nearest
from crm_sink.mapping.problem import Problem
from crm_sink.mapping.resolve import find_end, find_lookup
from crm_sink.schema import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crm_sink.mapping.file.document import Path
    from crm_sink.mapping.model import FieldSpec, LoadedMapping
    from crm_sink.schema import FieldSchema, ObjectSchema

SECURITY = "If it exists: field-level security may hide it from the user (crm-sink help settings)."
Found = tuple["Path", str, str]


def org_problems(
    loaded: LoadedMapping, schema: ObjectSchema, related: Mapping[str, ObjectSchema]
) -> list[Problem]:
    """Give every problem of a mapping with its object."""
    found = [*_match(loaded, schema), *_leavers(loaded, schema), *_required(loaded, schema)]
    found += _set_twice(loaded, schema)
    for path, spec in loaded.mapping.fields.items():
        if "." in path:
            found += _lookup(loaded, path, spec, schema, related)
        else:
            found += _field(loaded, path, spec, schema)
    return [
        Problem(loaded.file, *loaded.place(*path), message, hint) for path, message, hint in found
    ]


def _match(loaded: LoadedMapping, schema: ObjectSchema) -> Iterator[Found]:
    match = loaded.mapping.match
    which = "external_id" if match.external_id else "field"
    path: Path = ("match", which)
    field = schema.find(match.field_name)
    if field is None:
        yield path, *_no_field(match.field_name, schema)
        return
    if which == "external_id" and not field.external_id:
        ids = [each.name for each in schema.fields.values() if each.external_id]
        near = nearest(field.name, ids)
        hint = f"Did you mean {near}?" if near else "Mark it as External ID in Setup."
        if field.unique or field.id_lookup:
            hint = f"Match on it as any other field: match: {{field: {field.name}}}."
        yield path, f"{schema.name}.{field.name} is not an external id", hint
    keyed = field.unique or field.id_lookup or field.external_id or field.type is FieldType.ID
    if which == "field" and not keyed:
        hint = "Match on a field that is unique, an external id or Id."
        yield path, f"{schema.name}.{field.name} is not unique: a key could be many records", hint
    if not field.filterable:
        yield path, f"{schema.name}.{field.name} cannot be searched for", "Match on another field."
    if match.missing == "create" and not (field.createable or field.type is FieldType.ID):
        hint = "Use missing: reject."
        yield path, f"{schema.name}.{field.name} cannot be set when a record is created", hint


def _leavers(loaded: LoadedMapping, schema: ObjectSchema) -> Iterator[Found]:
    leavers = loaded.mapping.leavers
    if not isinstance(leavers, FlagLeavers):
        return
    path: Path = ("leavers", "flag")
    field = schema.find(leavers.flag)
    if field is None:
        yield path, *_no_field(leavers.flag, schema)
    elif field.type is not FieldType.BOOLEAN:
        hint = "Name a checkbox, or use leavers: clear."
        yield path, f"{schema.name}.{field.name} is a {field.type.value}, not a checkbox", hint


def _required(loaded: LoadedMapping, schema: ObjectSchema) -> Iterator[Found]:
    """Creates need every required field for which the org has no default."""
    if loaded.mapping.match.missing != "create":
        return
    given = {path.lower() for path in loaded.mapping.fields}
    given.add(loaded.mapping.match.field_name.lower())
    for path in loaded.mapping.fields:
        reference = find_lookup(schema, path) if "." in path else None
        if reference is not None:
            given.add(reference.name.lower())
    for field in schema.fields.values():
        required = not field.nillable and field.createable and field.type is not FieldType.BOOLEAN
        if required and field.name.lower() not in given and not field.defaulted:
            hint = f"Map {field.name}, or use missing: reject."
            yield ("fields",), f"{schema.name}.{field.name} is required to create a record", hint


def _set_twice(loaded: LoadedMapping, schema: ObjectSchema) -> Iterator[Found]:
    """A lookup sets its reference field: the org refuses rows that set it in two ways."""
    ways: dict[str, str] = {}
    for path in loaded.mapping.fields:
        field = find_lookup(schema, path) if "." in path else schema.find(path)
        other = ways.setdefault(field.name, path) if field is not None else path
        if field is not None and other != path:
            message = f"{schema.name}.{field.name} is set by {other} already"
            yield ("fields", path), message, "Keep one of them."


def _field(
    loaded: LoadedMapping, path: str, spec: FieldSpec, schema: ObjectSchema
) -> Iterator[Found]:
    field = schema.find(path)
    if field is None:
        yield ("fields", path), *_no_field(path, schema)
        return
    yield from _writeable(loaded, path, field, schema)
    if field.type is FieldType.OTHER:
        hint = "Map to its parts, such as BillingCity of an address."
        yield (
            ("fields", path),
            f"{schema.name}.{field.name} is compound: it cannot be written",
            hint,
        )
        return
    yield from type_faults(path, spec, field, schema.name)
    yield from value_faults(path, spec, field, schema.name)
    yield from option_faults(path, spec, field, schema.name)


def _writeable(
    loaded: LoadedMapping, path: str, field: FieldSchema, schema: ObjectSchema
) -> Iterator[Found]:
    creates = loaded.mapping.match.missing == "create"
    if not field.updateable:
        hint = "It is read-only for the user: a formula, a system field, or field-level security."
        yield ("fields", path), f"{schema.name}.{field.name} cannot be updated", hint
    elif creates and not field.createable:
        hint = "Leave it out, or use missing: reject."
        message = f"{schema.name}.{field.name} cannot be set when a record is created"
        yield ("fields", path), message, hint


def _lookup(
    loaded: LoadedMapping,
    path: str,
    spec: FieldSpec,
    schema: ObjectSchema,
    related: Mapping[str, ObjectSchema],
) -> Iterator[Found]:
    at: Path = ("fields", path)
    relationship, end_name = path.split(".")
    reference = find_lookup(schema, path)
    if reference is None:
        known = [each.relationship for each in schema.fields.values() if each.relationship]
        as_field = schema.find(relationship)
        hint = did_you_mean(relationship, known, say="It has")
        if as_field is not None and as_field.relationship:
            hint = f"Did you mean {as_field.relationship}.{end_name}?"
        yield at, f"{schema.name} has no relationship {relationship}", hint
        return
    if len(reference.reference_to) > 1:
        objects = ", ".join(reference.reference_to)
        hint = f"Map {reference.name} itself, to record ids."
        yield at, f"{relationship} may point to {objects}: such a lookup is not supported", hint
        return
    yield from _writeable(loaded, path, reference, schema)
    target = reference.reference_to[0] if reference.reference_to else relationship
    target_schema = related.get(target.lower()) or related.get(target)
    if target_schema is None:
        yield at, f"the org does not describe {target} to this user", SECURITY
        return
    end = find_end(reference, path, related)
    if end is None:
        yield at, *_no_field(end_name, target_schema)
    elif not (end.external_id or end.id_lookup):
        ids = [each.name for each in target_schema.fields.values() if each.external_id]
        hint = did_you_mean(end_name, ids, say="Its external ids are")
        yield at, f"{target}.{end.name} is not an external id", hint
    else:
        yield from value_faults(path, spec, end, target)


def _no_field(name: str, schema: ObjectSchema) -> tuple[str, str]:
    near = nearest(name, [field.name for field in schema.fields.values()])
    hint = f"Did you mean {near}? {SECURITY}" if near else SECURITY
    return f"{schema.name} has no field {name}", hint
