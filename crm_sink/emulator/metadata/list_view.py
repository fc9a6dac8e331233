"""ListView: kept as it was told, and told again; a record of it can be queried.

Its columns and filters are checked for custom fields that there are not, and its filters for
operations, values and logic; `listviews` says what it shows.

Not imitated: who may see a list; standard columns of unknown name (they are taken, and not shown).
Likely but not on record: the words for a column that is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.listviews.filters import check_scope, condition
from crm_sink.emulator.metadata import components
from crm_sink.emulator.metadata.body import Body, Refused, elements, invalid, listed, unknown

if TYPE_CHECKING:
    from crm_sink.emulator.altering import Alteration
    from crm_sink.emulator.schema import ObjectType

TYPE = "ListView"


def save(change: Alteration, full_name: str, body: Body, *, mode: str) -> bool:
    """Make or change a list view; see `custom_field.save`."""
    target = change.find(full_name.partition(".")[0])
    if target is None or "." not in full_name:
        raise unknown("CustomObject", full_name.partition(".")[0])
    before = components.find(change.cursor, TYPE, full_name)
    if before is not None and mode == "create":
        message = f"The list view name {full_name} is already used"
        raise Refused("DUPLICATE_DEVELOPER_NAME", message)
    if before is None and mode == "update":
        raise unknown(TYPE, full_name)
    for key in ("label", "filterScope"):
        if not body.get(key):
            raise Refused("REQUIRED_FIELD_MISSING", f"Required field is missing: {key}")
    filtered = [str(one.get("field", "")) for one in elements(body, "filters")]
    for column in [*map(str, listed(body, "columns")), *filtered]:
        _check_column(target, column)
    check_scope(body)
    condition(change.definitions, target, body)
    own_id = _record(change, target, full_name, str(body["label"]))
    components.keep(change, TYPE, full_name, body, own_id=own_id)
    return before is None


def delete(change: Alteration, full_name: str) -> None:
    """Delete a list view."""
    kept = components.find(change.cursor, TYPE, full_name)
    if kept is None:
        raise unknown(TYPE, full_name)
    change.cursor.execute("delete from ListView where Id = ?", [kept.id])
    components.forget(change, TYPE, full_name)


def read(change: Alteration, full_name: str) -> Body | None:
    """Give a list view's elements, or None."""
    kept = components.find(change.cursor, TYPE, full_name)
    return None if kept is None else {**kept.body, "fullName": kept.full_name}


def names(change: Alteration) -> list[str]:
    """Give the full names of all list views."""
    return [one.full_name for one in components.of_type(change.cursor, TYPE)]


def _record(change: Alteration, target: ObjectType, full_name: str, label: str) -> str:
    """Write the record of a list view and give its id."""
    kept = components.find(change.cursor, TYPE, full_name)
    if kept is not None:
        change.cursor.execute(
            "update ListView set Name = ?, LastModifiedDate = ?, SystemModstamp = ? where Id = ?",
            [label, change.now, change.now, kept.id],
        )
        return kept.id
    developer_name = full_name.partition(".")[2]
    values: dict[str, object] = {"Name": label, "DeveloperName": developer_name}
    values |= {"SobjectType": target.name, "IsSoqlCompatible": True}
    return change.insert(TYPE, values)


def _check_column(target: ObjectType, column: str) -> None:
    bare = column.rpartition(".")[2]
    if bare.endswith("__c") and target.find(bare) is None:
        raise invalid(f"Could not resolve list view column: {column}")
