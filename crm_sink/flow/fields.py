"""Find the field at the end of a path such as `Rating` or `Account.Ext__c`, by describe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.errors import CrmSinkError

if TYPE_CHECKING:
    from crm_sink.crm.contract import Crm
    from crm_sink.ledger.contract import Ledger, Run
    from crm_sink.schema import FieldSchema, ObjectSchema


def field_at(path: str, schema: ObjectSchema, crm: Crm) -> FieldSchema:
    """Give the field at a path; for a lookup, the external id at its end, named by the path.

    Raises:
        CrmSinkError: The org no longer has the field, or the user may no longer see it.
    """
    relationship, _, end = path.rpartition(".")
    if not relationship:
        found = schema.find(path)
        if found is not None:
            return found
    for reference in schema.fields.values():
        if reference.relationship and reference.relationship.lower() == relationship.lower():
            found = crm.describe(reference.reference_to[0]).find(end)
            if found is not None:
                return replace(found, name=path, lookup=reference.name)
    raise CrmSinkError(
        f"{schema.name} has no field {path} any more, or the user may no longer see it",
        hint="check the field and its field-level security in Setup, then plan again",
    )


def written_fields(run: Run, ledger: Ledger) -> list[str]:
    """Give the paths of the fields that some change of a run writes."""
    chunks = ledger.chunks(run.run)
    return list(dict.fromkeys(field for chunk in chunks for field in chunk.fields))
