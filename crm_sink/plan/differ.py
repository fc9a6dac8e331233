"""When is a present value different from the desired one: SQL, field by field.

Pure: gives expressions and runs none. A write of an equal value still fires triggers and moves
SystemModstamp, so only what really differs is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.schema import NUMBER_TYPES, TEXT_TYPES, FieldType

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema


def comparable(field: FieldSchema, expression: str) -> str:
    """Give an expression in the form in which two equal values of the field are equal.

    Text is compared trimmed, because Salesforce trims on saving; an Id by its 15 case-sensitive
    characters; a lookup's key without case unless its field says otherwise; a datetime by whole
    seconds; the values of a multi-select in any order.
    """
    text = f"nullif(trim({expression}), '')"
    if field.lookup is not None and field.type in TEXT_TYPES and not field.case_sensitive:
        return f"lower({text})"
    if field.type is FieldType.MULTIPICKLIST:
        return f"list_sort(string_split({expression}, ';'))"
    special = {
        FieldType.REFERENCE: f"left({expression}, 15)",
        FieldType.ID: f"left({expression}, 15)",
        FieldType.DATETIME: f"date_trunc('second', {expression})",
        FieldType.BOOLEAN: f"coalesce({expression}, false)",
    }
    return special.get(field.type, text if field.type in TEXT_TYPES else expression)


def differs(field: FieldSchema, desired: str, present: str, *, tolerance: float = 0) -> str:
    """Give a boolean SQL expression (never null): the two values are not the same.

    Args:
        field: The destination field.
        desired: SQL of the new value.
        present: SQL of the value in the org.
        tolerance: For numbers: a difference no larger than this is no difference.
    """
    new, old = comparable(field, desired), comparable(field, present)
    is_number = field.type in NUMBER_TYPES or field.type is FieldType.INT
    if is_number and tolerance > 0:
        # A hair above the tolerance, so that 0.3 - 0.2 counts as 0.1 in binary fractions too.
        apart = f"coalesce(abs({new} - {old}) > {tolerance * (1 + 1e-9)!r}, false)"
        return f"(({new} is null) <> ({old} is null) or {apart})"
    return f"({new} is distinct from {old})"
