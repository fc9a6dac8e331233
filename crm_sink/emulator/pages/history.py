"""What the record page shows of a record's history: when, which field, who, from what to what.

Not imitated: the related list's own page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.history.kinds import CREATED, KINDS
from crm_sink.emulator.history.values import RECORD, has_values, said_of
from crm_sink.emulator.pages.reading import label_of
from crm_sink.emulator.pages.showing import ago, exact, shown
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One change; `said` stands in for values that are not kept."""

    at: str
    ago: str
    field: str
    user: str
    old: str
    new: str
    said: str


@dataclass(frozen=True, slots=True)
class History:
    """The newest changes of a record, and how many there are in all."""

    object: str
    count: int
    lines: list[Line]


def history_of(org: Org, target: ObjectType, record_id: str) -> History | None:
    """Read a record's history, newest first; None where nothing is tracked and nothing was."""
    kept = KINDS.get(target.name)
    if kept is None:
        return None
    # Of a lookup's two rows the one with the names is for people.
    which = f"where {name(f'{target.name}Id')} = ? and DataType <> {literal(RECORD)}"
    with org.store.cursor() as cursor:
        counted = cursor.execute(f"select count(*) from {kept} {which}", [record_id]).fetchone()
        rows = cursor.execute(
            "select h.CreatedDate, h.Field, concat_ws(' ', u.FirstName, u.LastName), h.OldValue, "
            f'h.NewValue from (select * from {kept} {which}) h left join "User" u '
            f"on u.Id = h.CreatedById order by h.CreatedDate desc, h.Id desc limit {SHOWN}",
            [record_id],
        ).fetchall()
    fields = {
        said_of(field): field for field in org.store.definitions[target.name.lower()].stored()
    }
    if not rows and not any(field.tracked for field in fields.values()):
        return None
    now = org.now()
    return History(kept, counted[0] if counted else 0, [_line(row, fields, now) for row in rows])


def _line(row: tuple[Any, ...], fields: dict[str, Field], now: datetime) -> Line:
    moment, named, user, old, new = row
    field = fields.get(named)
    label, said = named, ""
    if named == CREATED:
        label, said = "", "Created"
    elif field is not None:
        label, said = label_of(field), "" if has_values(field) else "Changed"
    return Line(
        at=exact(moment),
        ago=ago(moment, now),
        field=label,
        user=user,
        old=_text(old, field),
        new=_text(new, field),
        said=said,
    )


def _text(kept: str | None, field: Field | None) -> str:
    """Write a value, which is JSON text, as the page writes such a field."""
    if kept is None:
        return ""
    value = json.loads(kept)
    if field is None or not isinstance(value, str):
        return shown(value, field.type if field else "string", field.scale if field else 0)
    if field.type == "datetime":
        return shown(datetime.fromisoformat(value), "datetime")
    return shown(date.fromisoformat(value), "date") if field.type == "date" else value
