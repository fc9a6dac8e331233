"""Describes an object as the logged-in user sees it. It judges no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.crm.call import Call
from crm_sink.errors import CrmError, Fate
from crm_sink.mapping.names import nearest
from crm_sink.salesforce import answers
from crm_sink.salesforce.versions import check_version
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema

if TYPE_CHECKING:
    from crm_sink.crm.call import Send

LABEL = "/sobjects/{object}/describe"
ALL = "/sobjects"
_KNOWN = {kind.value for kind in FieldType}


def describe(send: Send, root: str, object_name: str) -> ObjectSchema:
    """Read an object's description.

    Fields that field-level security hides are not in it, and neither is an object that the user
    may not see.

    Raises:
        CrmError: No such object (code NOT_FOUND, fate STOP), no such version of the API
            (UNSUPPORTED_API_VERSION), or the call failed.
    """
    try:
        answer = send(Call("GET", f"{root}/sobjects/{object_name}/describe", LABEL))
    except CrmError as error:
        if error.code != "NOT_FOUND":
            raise
        raise CrmError(
            f"the org has no object {object_name} that the logged-in user may see",
            code="NOT_FOUND",
            fate=Fate.STOP,
            status=error.status,
            where=error.where,
            hint=_near(send, root, object_name)
            or f"check the name {object_name}, and the user's object permissions",
        ) from error
    return parse(answer.document)


def _near(send: Send, root: str, object_name: str) -> str | None:
    """Say which object the user may have meant, by API name or label; None when none is near."""
    try:
        answer = send(Call("GET", f"{root}{ALL}", ALL))
    except CrmError as error:
        if error.fate in (Fate.RETRY, Fate.RETRY_SLOWER):
            raise
        if error.code == "NOT_FOUND":  # this list is in every version
            check_version(send, root)
        return None  # that the object is not there is what must be told
    names: dict[str, str] = {}
    for entry in answers.items(answer.document, "sobjects", ALL):
        own = answers.text(entry, "name", ALL)
        names |= {str(entry.get("label") or own): own, own: own}
    near = nearest(object_name, names)
    return None if near is None else f"did you mean {names[near]}?"


def parse(document: Any) -> ObjectSchema:
    """Turn the answer of a describe call into a schema."""
    fields = [field_of(entry) for entry in answers.items(document, "fields", LABEL)]
    return ObjectSchema(
        name=answers.text(document, "name", LABEL),
        label=answers.text(document, "label", LABEL),
        key_prefix=document.get("keyPrefix") or "",
        fields={field.name.lower(): field for field in fields},
    )


def field_of(entry: Any) -> FieldSchema:
    """Turn one entry of `fields` into a schema.

    `relationshipOrder` is 0 or 1 for a master-detail field and null for every other; the flag
    `cascadeDelete` would not do, because a lookup can be set to cascade, too.
    """
    kind = answers.text(entry, "type", LABEL)
    values = entry.get("picklistValues") or []
    return FieldSchema(
        name=answers.text(entry, "name", LABEL),
        type=FieldType(kind) if kind in _KNOWN else FieldType.OTHER,
        label=entry.get("label") or "",
        length=answers.number(entry, "length", LABEL),
        # An int has its digits in `digits`; the other numbers in `precision`.
        precision=answers.number(entry, "precision", LABEL)
        or answers.number(entry, "digits", LABEL),
        scale=answers.number(entry, "scale", LABEL),
        nillable=answers.flag(entry, "nillable"),
        defaulted=answers.flag(entry, "defaultedOnCreate"),
        createable=answers.flag(entry, "createable"),
        updateable=answers.flag(entry, "updateable"),
        unique=answers.flag(entry, "unique"),
        external_id=answers.flag(entry, "externalId"),
        id_lookup=answers.flag(entry, "idLookup"),
        case_sensitive=answers.flag(entry, "caseSensitive"),
        filterable=answers.flag(entry, "filterable"),
        restricted=answers.flag(entry, "restrictedPicklist"),
        values=tuple(str(value["value"]) for value in values if answers.flag(value, "active")),
        reference_to=tuple(entry.get("referenceTo") or ()),
        relationship=entry.get("relationshipName"),
        master_detail=entry.get("relationshipOrder") is not None,
    )
