"""When is a present value different from the desired one: SQL, field by field.

Pure: gives expressions and runs none. A write of an equal value still fires triggers and moves
SystemModstamp, so only what really differs is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.schema import NUMBER_TYPES, TEXT_TYPES, FieldType

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema


def differs(field: FieldSchema, desired: str, present: str, *, tolerance: float = 0) -> str:
    """Give a boolean SQL expression (never null): the two values are not the same.

    Args:
        field: The destination field.
        desired: SQL of the new value, as `transform` leaves it (table `desired`).
        present: SQL of the value in the org.
        tolerance: For numbers: a difference no larger than this is no difference.
    """
    is_number = field.type in NUMBER_TYPES or field.type is FieldType.INT
    if is_number and tolerance > 0:
        # A hair above the tolerance, so that 0.3 - 0.2 counts as 0.1 in binary fractions too.
        apart = f"coalesce(abs({desired} - {present}) > {tolerance * (1 + 1e-9)!r}, false)"
        return f"(({desired} is null) <> ({present} is null) or {apart})"
    plainly = f"{desired} is distinct from {present}"
    new, old = _comparable(field, desired, present)
    if (new, old) == (desired, present):
        return f"({plainly})"
    # The costly form is looked at only where the plain one differs: most values are equal as
    # they stand.
    return f"({plainly} and {new} is distinct from {old})"


def _comparable(field: FieldSchema, desired: str, present: str) -> tuple[str, str]:
    """Give both values in the form in which two equal ones are equal.

    The present text is compared trimmed, because Salesforce trims on saving and other writers may
    not have gone through it; an Id by its 15 case-sensitive characters; a lookup's key without case
    unless its field says otherwise; a datetime by whole seconds; a multi-select in any order; lines
    whatever they end with, because a browser's form ends those of every text with CRLF.
    """
    # To trim every text takes twenty times as long as to see which need it: those with a space at
    # an end, and those beyond ASCII, where a space may be of another kind.
    blank = (
        f"{present} like ' %' or {present} like '% ' or {present} = '' "
        f"or strlen({present}) <> length({present})"
    )
    text = f"case when {blank} then nullif(trim({present}), '') else {present} end"
    if field.type is FieldType.TEXTAREA:
        desired, text = _lines(desired), _lines(text)
    if field.lookup is not None and field.type in TEXT_TYPES and not field.case_sensitive:
        return f"lower({desired})", f"lower({text})"
    if field.type is FieldType.MULTIPICKLIST:
        return _values(desired), _values(present)
    if field.type in (FieldType.REFERENCE, FieldType.ID):
        return f"left({desired}, 15)", f"left({present}, 15)"
    if field.type is FieldType.DATETIME:
        return desired, f"date_trunc('second', {present})"
    if field.type is FieldType.BOOLEAN:
        return desired, f"coalesce({present}, false)"
    return desired, text if field.type in TEXT_TYPES else present


def _lines(text: str) -> str:
    return f"replace({text}, chr(13) || chr(10), chr(10))"


def _values(expression: str) -> str:
    return f"list_sort(string_split({expression}, ';'))"
