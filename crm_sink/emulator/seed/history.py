"""Which seeded fields are tracked, so that a record's page can show how its scores moved.

Tracking makes large jobs slower: unless it is asked for, a large org has none.

Not imitated: standard fields that some orgs track from their first day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.history.kinds import KINDS
from crm_sink.emulator.history.tracking import room, track
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.store import Store

# Up to here a job is done in a second or two, tracked or not.
SMALL = 100_000


def track_seeded(store: Store, fields: Iterable[tuple[str, str]], *, asked: bool) -> list[str]:
    """Track those of some fields that are worth it, and give them as `Object.Field`.

    Args:
        store: The org's records.
        fields: Object and field names.
        asked: Whether it was asked for: then large objects are no hindrance.

    Raises:
        ValueError: It was asked for, and an object would have more than twenty tracked fields.
    """
    wanted: dict[str, list[str]] = {}
    for object_name, field_name in fields:
        target = store.definitions[object_name.lower()]
        field = target.find(field_name)
        if field is not None and target.name in KINDS and is_worth_it(field):
            wanted.setdefault(target.name, []).append(field.name)
    tracked = []
    for object_name, names in wanted.items():
        if not asked and _is_large(store, object_name):
            continue
        left = room(store.definitions[object_name.lower()])
        chosen = names if asked else names[: max(0, left)]
        track(store, object_name, chosen)
        tracked += [f"{object_name}.{one}" for one in chosen]
    return tracked


def is_worth_it(field: Field) -> bool:
    """Say whether people look at how it moved: no key, no long text, no time of scoring."""
    dull = field.external_id or field.is_long_text or field.type == "datetime"
    return field.custom and not field.tracked and not dull


def _is_large(store: Store, object_name: str) -> bool:
    with store.cursor() as cursor:
        row = cursor.execute(f"select count(*) from {name(object_name)}").fetchone()
    return row is not None and row[0] > SMALL
