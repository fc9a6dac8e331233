"""Fields that are read beside the mapped ones: who is converted, and who shares a parent.

Pure. Converted leads cannot be written (CANNOT_UPDATE_CONVERTED_LEAD). Children of one parent lock
it while they are saved, so they must travel together (record-locking cheat sheet).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.schema import FieldSchema, ObjectSchema

CONVERTED = "IsConverted"
# Saving one of these locks its account even where the lookup itself is not touched.
ACCOUNT_CHILDREN = frozenset({"contact", "opportunity"})


def parent_field(schema: ObjectSchema) -> FieldSchema | None:
    """Give the reference field whose record is locked when one of the object's is saved."""
    for field in schema.fields.values():
        if field.master_detail:
            return field
    if schema.name.lower() in ACCOUNT_CHILDREN:
        return schema.find("AccountId")
    return None


def extra_fields(schema: ObjectSchema, mapped: Iterable[str]) -> tuple[FieldSchema, ...]:
    """Give the fields to read beside the mapped ones, each once."""
    known = {name.lower() for name in mapped}
    wanted = [parent_field(schema)]
    if schema.name.lower() == "lead":
        wanted += [
            schema.find(name) for name in (CONVERTED, "ConvertedContactId", "ConvertedAccountId")
        ]
    return tuple(field for field in wanted if field and field.name.lower() not in known)
