"""The metadata calls that answer at once: create, update, upsert, read, delete, describe, list.

The HTTP status is 200 whatever became of each component (facts 8.4).

Not imitated: renameMetadata. Likely but not on record: the words for more than ten
components in one call.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from crm_sink.emulator.altering import Alteration, RolledBack, altering
from crm_sink.emulator.metadata.body import Body, Refused, from_xml, to_xml
from crm_sink.emulator.metadata.kinds import KINDS, kind_of
from crm_sink.emulator.metadata.properties import told
from crm_sink.emulator.soap.envelope import Fault
from crm_sink.emulator.xml import kind as xsi_type
from crm_sink.emulator.xml import leaf, named, text, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from xml.etree.ElementTree import Element

    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soap.envelope import Call

# "Up to 10 components in one call" (metadata guide, CRUD-based calls).
MOST = 10
ROLLED_BACK = Refused(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header",
)
# What became of a component: its name, whether it is new (None: not told), and what was wrong.
Outcome = tuple[str, bool | None, Refused | None]
DIRECTORIES = (
    ("CustomObject", "objects", "object", ("CustomField", "ListView")),
    ("PermissionSet", "permissionsets", "permissionset", ()),
)


def save(mode: str, request: Request, call: Call) -> str:
    """Answer `createMetadata`, `updateMetadata` and `upsertMetadata`."""
    given = list(named(call.body, "metadata"))
    full_names = [text(one, "fullName") or "" for one in given]

    def one(change: Alteration, place: int) -> bool | None:
        made = _save(change, given[place], full_names[place], mode)
        return made if mode == "upsert" else None

    outcomes = _each(request.app.state.org, full_names, one, all_or_none=call.all_or_none)
    if mode == "upsert":
        outcomes = [(name, bool(created), refused) for name, created, refused in outcomes]
    return _told(outcomes)


def delete(request: Request, call: Call) -> str:
    """Answer `deleteMetadata`."""
    kind = text(call.body, "type") or ""
    full_names = _full_names(call)

    def one(change: Alteration, place: int) -> None:
        kind_of(kind).delete(change, full_names[place])

    return _told(_each(request.app.state.org, full_names, one, all_or_none=call.all_or_none))


def read(request: Request, call: Call) -> str:
    """Answer `readMetadata`; an unknown component is an empty record."""
    name = text(call.body, "type") or ""
    try:
        kind = kind_of(name)
    except Refused as refused:
        raise Fault(refused.code, refused.message) from None
    records = ""
    with altering(request.app.state.org) as change:
        for full_name in _full_names(call):
            body = kind.read(change, full_name)
            inside = "" if body is None else to_xml(body)
            start = f'<records xsi:type="{name}"' if body else '<records xsi:nil="true"'
            records += f"{start}>{inside}</records>" if body else f"{start}/>"
        raise RolledBack
    return wrap("result", records)


def describe(request: Request, call: Call) -> str:
    """Answer `describeMetadata`: the types that the local org has."""
    entries = ""
    for name, directory, suffix, children in DIRECTORIES:
        entries += wrap(
            "metadataObjects",
            "".join(leaf("childXmlNames", child) for child in children)
            + leaf("directoryName", directory)
            + leaf("inFolder", False)
            + leaf("metaFile", False)
            + leaf("suffix", suffix)
            + leaf("xmlName", name),
        )
    more = leaf("organizationNamespace", "") + leaf("partialSaveAllowed", True)
    return wrap("result", entries + more + leaf("testRequired", False))


def list_all(request: Request, call: Call) -> str:
    """Answer `listMetadata`; a type that the local org does not have has no components."""
    org: Org = request.app.state.org
    entries = ""
    with altering(org) as change:
        for query in named(call.body, "queries"):
            kind = KINDS.get(text(query, "type") or "")
            if kind is not None:
                told_ones = (told(change, kind.name, one) for one in kind.names(change))
                entries += "".join(wrap("result", one) for one in told_ones)
        raise RolledBack
    return entries


def _full_names(call: Call) -> list[str]:
    return [(one.text or "").strip() for one in named(call.body, "fullNames")]


def _save(change: Alteration, given: Element, full_name: str, mode: str) -> bool:
    body: Body = from_xml(given)
    body.pop("fullName", None)
    if not full_name:
        raise Refused("REQUIRED_FIELD_MISSING", "Required field is missing: fullName")
    return kind_of(xsi_type(given) or "").save(change, full_name, body, mode=mode)


def _each(
    org: Org,
    full_names: list[str],
    one: Callable[[Alteration, int], bool | None],
    *,
    all_or_none: bool,
) -> list[Outcome]:
    """Do something to each component in one transaction; a refused one leaves no trace."""
    if len(full_names) > MOST:
        raise Fault("LIMIT_EXCEEDED", f"record limit reached. cannot submit more than {MOST}")
    outcomes: list[Outcome] = []
    with altering(org) as change:
        for place, full_name in enumerate(full_names):
            try:
                outcomes.append((full_name, one(change, place), None))
            except Refused as refused:
                outcomes.append((full_name, None, refused))
        if all_or_none and any(refused for _, _, refused in outcomes):
            outcomes = [(name, None, refused or ROLLED_BACK) for name, _, refused in outcomes]
            raise RolledBack
    return outcomes


def _told(outcomes: list[Outcome]) -> str:
    return "".join(
        wrap(
            "result",
            ("" if created is None else leaf("created", created))
            + ("" if refused is None else wrap("errors", _error(refused)))
            + leaf("fullName", full_name)
            + leaf("success", refused is None),
        )
        for full_name, created, refused in outcomes
    )


def _error(refused: Refused) -> str:
    return leaf("message", refused.message) + leaf("statusCode", refused.code)


OPERATIONS: Mapping[str, Callable[[Request, Call], str]] = {
    **{f"{mode}Metadata": partial(save, mode) for mode in ("create", "update", "upsert")},
    "deleteMetadata": delete,
    "readMetadata": read,
    "describeMetadata": describe,
    "listMetadata": list_all,
}
