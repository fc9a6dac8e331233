"""Which coercion turns an expression's type into a field's: one for each of Salesforce's types.

The rules themselves stand in `numbers`, `texts`, `times` and `choices`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.schema import NUMBER_TYPES, FieldType
from crm_sink.transform.fit.choices import checkbox, multipicklist, picklist, reference
from crm_sink.transform.fit.coercion import Coercion, Mismatch, Slot, Words
from crm_sink.transform.fit.numbers import number
from crm_sink.transform.fit.texts import text
from crm_sink.transform.fit.times import date, datetime, time

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema
    from crm_sink.transform.fit.kinds import Kind


def coerce(
    field: FieldSchema, kind: Kind, slot: Slot, *, truncate: bool = False, keeps_null: bool = False
) -> Coercion | Mismatch:
    """Give the SQL that makes values of a kind fit a field.

    Args:
        field: The destination.
        kind: What the expression gives.
        slot: The columns that the SQL is to be written over.
        truncate: Cut text that is too long.
        keeps_null: A null leaves the field as it is, so it need not fit.

    Returns:
        The coercion; or a mismatch, when no value of that kind can ever fit.
    """
    coercion = _of_type(field, kind, slot, truncate=truncate, keeps_null=keeps_null)
    if isinstance(coercion, Mismatch) or field.nillable or keeps_null:
        return coercion
    if field.type is FieldType.BOOLEAN:
        return coercion
    # A required field: the org would answer REQUIRED_FIELD_MISSING.
    code = f"coalesce({coercion.code}, case when {slot.c} is null then 'VALUE_MISSING' end)"
    words = Words(f"{field.name} is required", "Give every row a value: coalesce(x, ...).")
    return replace(coercion, code=code, words={**coercion.words, "VALUE_MISSING": words})


def _of_type(
    field: FieldSchema, kind: Kind, slot: Slot, *, truncate: bool, keeps_null: bool
) -> Coercion | Mismatch:
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        return number(field, kind, slot)
    if field.type is FieldType.BOOLEAN:
        return checkbox(field, kind, slot, keeps_null=keeps_null)
    if field.type is FieldType.OTHER:
        return Mismatch("is of a type that cannot be written", "Map to one of its parts instead.")
    simple = {
        FieldType.DATE: date,
        FieldType.DATETIME: datetime,
        FieldType.TIME: time,
        FieldType.PICKLIST: picklist,
        FieldType.MULTIPICKLIST: multipicklist,
        FieldType.REFERENCE: reference,
        FieldType.ID: reference,
    }
    if field.type in simple:
        return simple[field.type](field, kind, slot)
    return text(field, kind, slot, truncate=truncate)
