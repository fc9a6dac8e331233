"""What a record page shows: highlights, stages, predictions, details and related records.

Not imitated: activities, Chatter, editing, quick actions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.history.kinds import HISTORIES
from crm_sink.emulator.pages.history import History, history_of
from crm_sink.emulator.pages.layouts import SYSTEM, layout_of
from crm_sink.emulator.pages.predictions import Prediction, predict, prediction_fields
from crm_sink.emulator.pages.reading import Cell, Reader, page_of
from crm_sink.emulator.soql.children import children_of
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType
    from crm_sink.emulator.soql.children import Child

RELATED = 6
CLOSED = "Closed"
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the path: `done`, `current`, `ahead`, or at its end `won` or `lost`."""

    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Related:
    """Some of the records that refer to this one."""

    title: str
    count: int
    headers: list[str]
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """All that the template needs."""

    target: ObjectType
    icon: str
    title: str
    is_deleted: bool
    highlights: list[Cell]
    stages: list[Stage]
    predictions: list[Prediction]
    sections: list[tuple[str, list[Cell]]]
    everything: list[Cell]
    related: list[Related]
    history: History | None


def record_page(org: Org, target: ObjectType, record_id: str) -> RecordPage | None:
    """Read a record for its page, or give None when there is none of that id."""
    reader = Reader(org, target)
    names = [one.name for one in target.fields.values()]
    found = reader.rows(names, 'where r."Id" = ?', [record_id])
    if not found:
        return None
    row, layout = found[0], layout_of(target)
    predicted = prediction_fields(target)
    taken = {part for one in predicted for part in one.names()}
    sections = [(title, reader.cells(fields, row)) for title, fields in layout.sections]
    custom = [f.name for f in target.fields.values() if f.custom and f.name not in taken]
    if custom:
        sections.append(("Custom fields", reader.cells(custom, row)))
    sections.append((SYSTEM[0], reader.cells(SYSTEM[1], row)))
    everything = [reader.cell(f, row) for f in target.fields.values() if f.type != "address"]
    return RecordPage(
        target=target,
        icon=layout.icon,
        title=str(row.get("Name") or row["Id"]),
        is_deleted=bool(row.get("IsDeleted")),
        highlights=reader.cells(layout.highlights, row),
        stages=_stages(target, layout.path, row),
        predictions=[predict(one, row, org.now()) for one in predicted],
        sections=sections,
        everything=everything,
        related=_related(org, target, record_id),
        history=history_of(org, target, record_id),
    )


def _stages(target: ObjectType, path: str | None, row: dict[str, Any]) -> list[Stage]:
    """Give the path of a record: the open values in order, then one closing step.

    A record that was lost has not passed the steps before it; no step is claimed as done.
    """
    field = target.find(path) if path else None
    if field is None:
        return []
    current = str(row.get(field.name) or "")
    steps = [value.value for value in field.values if not value.value.startswith(CLOSED)]
    if current and current not in steps and not current.startswith(CLOSED):
        steps.append(current)
    place = steps.index(current) if current in steps else -1
    is_closed = current.startswith(CLOSED)
    is_lost = is_closed and any(word in current for word in ("Lost", "Not"))
    if is_closed and not is_lost:
        place = len(steps)
    shown = [Stage(label, _state(k, place)) for k, label in enumerate(steps)]
    last = "lost" if is_lost else "won" if is_closed else "ahead"
    return [*shown, Stage(current if is_closed else CLOSED, last)]


def _state(step: int, place: int) -> str:
    if place < 0 or step > place:
        return "ahead"
    return "current" if step == place else "done"


def _related(org: Org, target: ObjectType, record_id: str) -> list[Related]:
    children = children_of(org.store.objects, target)
    named = [one for one in children if one.relationship and one.child.name not in HISTORIES]
    found = [_one_related(org, child, record_id) for child in named]
    return [related for related in found if related.count]


def _one_related(org: Org, child: Child, record_id: str) -> Related:
    reader = Reader(org, child.child)
    columns = [one for one in layout_of(child.child).columns if one != child.field.name][:3]
    live = ' and not r."IsDeleted"' if child.child.find("IsDeleted") else ""
    where = f"where r.{name(child.field.name)} = ?{live}"
    with org.store.cursor() as cursor:
        text = f"select count(*) from {name(child.child.name)} r {where}"
        counted = cursor.execute(text, [record_id]).fetchone()
    rows = reader.rows(columns, f'{where} order by r."Id" limit {RELATED}', [record_id])
    shown = [_linked(child.child, reader.cells(columns, row), row) for row in rows]
    headers = [cell.label for cell in shown[0]] if shown else []
    title = CAPITAL.sub(" ", (child.relationship or "").removesuffix("__r").replace("_", " "))
    return Related(title, counted[0] if counted else 0, headers, shown)


def _linked(target: ObjectType, cells: list[Cell], row: dict[str, Any]) -> list[Cell]:
    """Let the first cell lead to the record itself."""
    first = cells[0]
    link = page_of(target, row["Id"])
    return [Cell(first.name, first.label, first.text or row["Id"], link), *cells[1:]]
