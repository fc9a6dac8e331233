"""The destination of a mapping, as the org describes it: fields, key, rules, and what to read.

Asks the CRM to describe; reads no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.errors import CrmError
from crm_sink.mapping.check import check
from crm_sink.mapping.model import FieldSpec, FlagLeavers
from crm_sink.mapping.resolve import resolve
from crm_sink.match.extras import extra_fields, parent_field
from crm_sink.plan.changes import FieldRule

if TYPE_CHECKING:
    from crm_sink.crm.contract import Crm
    from crm_sink.mapping.model import LoadedMapping, Mapping
    from crm_sink.mapping.problem import Problem
    from crm_sink.schema import FieldSchema, ObjectSchema


@dataclass(frozen=True, slots=True)
class Destination:
    """Where predictions go."""

    mapping: Mapping
    schema: ObjectSchema
    fields: dict[str, FieldSchema]  # mapped fields, by API name
    key: FieldSchema
    rules: tuple[FieldRule, ...]
    extras: tuple[FieldSchema, ...]  # fields to read beside the mapped ones
    parent: FieldSchema | None  # whose record is locked on saving
    flag: FieldSchema | None  # the leavers' checkbox


def with_flag(loaded: LoadedMapping) -> LoadedMapping:
    """Map the leavers' checkbox to false for every record that is scored."""
    leavers = loaded.mapping.leavers
    if not isinstance(leavers, FlagLeavers) or leavers.flag in loaded.mapping.fields:
        return loaded
    fields = {**loaded.mapping.fields, leavers.flag: FieldSpec(constant=False)}
    # What is wrong with that field is to be mended where it is named.
    places = {**loaded.places, ("fields", leavers.flag): loaded.place("leavers", "flag")}
    mapping = loaded.mapping.model_copy(update={"fields": fields})
    return loaded.model_copy(update={"mapping": mapping, "places": places})


def destination_of(
    loaded: LoadedMapping, crm: Crm, columns: dict[str, str] | None
) -> tuple[Destination | None, list[Problem]]:
    """Describe the destination, and check the mapping against it and the source.

    Args:
        loaded: The mapping.
        crm: The org.
        columns: Name and DuckDB type of the prediction columns; None leaves them unchecked.

    Returns:
        The destination and no problems, or None and every problem.
    """
    schema, problem = describe_object(loaded, crm)
    if schema is None:
        problems = check(loaded, columns=columns, schema=None, related={})
        return None, [*([problem] if problem else []), *problems]
    related = describe_related(loaded, schema, crm)
    problems = check(loaded, columns=columns, schema=schema, related=related)
    if problems:
        return None, problems
    fields, key = resolve(loaded, schema, related)
    mapping = loaded.mapping
    flag = None
    if isinstance(mapping.leavers, FlagLeavers):
        flag = schema.find(mapping.leavers.flag)
    destination = Destination(
        mapping=mapping,
        schema=schema,
        fields=fields,
        key=key,
        rules=_rules(mapping, fields),
        extras=extra_fields(schema, fields),
        parent=parent_field(schema),
        flag=flag,
    )
    return destination, []


def describe_object(loaded: LoadedMapping, crm: Crm) -> tuple[ObjectSchema | None, Problem | None]:
    """Describe the mapping's object, or say where the mapping names one that does not exist."""
    from crm_sink.mapping.problem import Problem

    try:
        return crm.describe(loaded.mapping.object), None
    except CrmError as error:
        if error.code != "NOT_FOUND":
            raise
        cure = error.hint or "check the API name in Setup"
    line, column = loaded.place("object")
    message = f"the org has no object {loaded.mapping.object}, or the user may not see it."
    hint = cure[0].upper() + cure[1:]
    return None, Problem(loaded.file, line, column, message, hint)


def describe_related(
    loaded: LoadedMapping, schema: ObjectSchema, crm: Crm
) -> dict[str, ObjectSchema]:
    """Describe the objects that the mapping's lookups lead to, by lower-case API name."""
    relations = {path.split(".")[0].lower() for path in loaded.mapping.fields if "." in path}
    targets = {
        target
        for field in schema.fields.values()
        if field.relationship and field.relationship.lower() in relations
        for target in field.reference_to[:1]
    }
    return {target.lower(): crm.describe(target) for target in sorted(targets)}


def _rules(mapping: Mapping, fields: dict[str, FieldSchema]) -> tuple[FieldRule, ...]:
    specs = {name.lower(): spec for name, spec in mapping.fields.items()}
    return tuple(
        FieldRule(
            field=field,
            tolerance=specs[name.lower()].tolerance,
            keep_nulls=specs[name.lower()].nulls == "keep",
            protect=(specs[name.lower()].edits or mapping.edits) == "protect",
        )
        for name, field in fields.items()
    )
