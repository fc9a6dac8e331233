"""The list page of a deployed list view: its columns, filters and scope, by its own SOQL.

Not imitated: changing a view on the page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.listviews.columns import resolve
from crm_sink.emulator.listviews.conditions import Compare, Condition, group
from crm_sink.emulator.listviews.literals import text_literal
from crm_sink.emulator.pages.asked import ROWS, Asked, Line, ListPage, bands, header
from crm_sink.emulator.pages.layouts import layout_of
from crm_sink.emulator.pages.predictions import predict, prediction_fields
from crm_sink.emulator.pages.reading import Cell, link_of, page_of, record_link
from crm_sink.emulator.pages.showing import shown
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate

if TYPE_CHECKING:
    from crm_sink.emulator.listviews.columns import Column
    from crm_sink.emulator.listviews.view import ListView
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.pages.predictions import PredictionFields
    from crm_sink.emulator.soql.translate import Translation

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A view as it is being drawn: its columns, its prediction, and what the address asks for."""

    org: Org
    view: ListView
    columns: tuple[Column, ...]
    predicted: PredictionFields | None
    asked: Asked
    sort: str

    @property
    def source(self) -> str:
        """The view's SOQL from FROM on, narrowed by the search and the band of the address."""
        return self.view.source(_narrowed(self))


def view_page(org: Org, view: ListView, asked: Asked) -> ListPage:
    """Read one page of a deployed list view."""
    drawing = _begin(org, view, asked)
    predicted, columns, sort = drawing.predicted, drawing.columns, drawing.sort
    notes = [f"Not imitated, and so not applied: {one}" for one in view.passed_over]
    try:
        total = _count(drawing)
        asked = asked.within(total)
        rows = _rows(replace(drawing, asked=asked))
    except ApiError as error:
        total, rows = 0, []
        notes.append(f"This view cannot be read: {error.message.strip().splitlines()[-1]}")
    return ListPage(
        target=view.target,
        title=view.label,
        icon=layout_of(view.target).icon,
        asked=asked,
        headers=[header(one.path, one.label, asked, sort) for one in columns],
        lines=[_line(drawing, row) for row in rows],
        bands=bands(predicted, asked),
        total=total,
        has_scores=predicted is not None and predicted.score is not None,
        notes=notes,
    )


def _begin(org: Org, view: ListView, asked: Asked) -> Drawing:
    found = prediction_fields(view.target)
    columns = view.columns or _name_only(org, view)
    sort = _sort(view, columns, asked)
    return Drawing(org, view, columns, found[0] if found else None, asked, sort)


def _name_only(org: Org, view: ListView) -> tuple[Column, ...]:
    found = resolve(org.store.objects, view.target, "Name")
    return () if found is None else (found,)


def _sort(view: ListView, columns: tuple[Column, ...], asked: Asked) -> str:
    by_path = {one.path.lower(): one for one in columns if one.field.sortable}
    found = by_path.get(asked.sort.lstrip("-").lower())
    if found is None:
        return view.sorted_by
    return ("-" if asked.sort.startswith("-") else "") + found.path


def _narrowed(drawing: Drawing) -> Condition | None:
    """Give the condition of what was searched for and of the band that was chosen."""
    asked, predicted = drawing.asked, drawing.predicted
    parts: list[Condition | None] = []
    if asked.text:
        pattern = text_literal(asked.text, "%{}%")
        names = [one for one in ("Name", "Company") if drawing.view.target.find(one)]
        parts.append(group("or", [Compare(one, "like", (pattern,)) for one in names]))
    if predicted and predicted.band and asked.band:
        parts.append(Compare(predicted.band.name, "equals", (text_literal(asked.band),)))
    return group("and", parts)


def _translated(org: Org, soql: str) -> Translation:
    now = org.now().replace(tzinfo=None)
    return translate(soql, Reading(org.store.objects, now, user_id=org.user_id))


def _count(drawing: Drawing) -> int:
    found = _translated(drawing.org, f"SELECT count() {drawing.source}")
    with drawing.org.store.cursor() as cursor:
        row = cursor.execute(found.count(), found.parameters).fetchone()
    return int(row[0]) if row else 0


def _rows(drawing: Drawing) -> list[Row]:
    columns, sort = drawing.columns, drawing.sort
    parents = [f"{one.path.rpartition('.')[0]}.Id" for one in columns if one.parent]
    predictions = drawing.predicted.names() if drawing.predicted else []
    paths = list(dict.fromkeys([*(one.path for one in columns), "Id", *parents, *predictions]))
    order = f"{sort.lstrip('-')} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST"
    soql = f"SELECT {', '.join(paths)} {drawing.source} ORDER BY {order}"
    # A page of 2,000 and more records in is too far for SOQL's OFFSET, not for a page.
    found = _translated(drawing.org, soql)
    found = replace(found, limit=ROWS, offset=drawing.asked.skipped)
    text = found.select(", ".join(column.sql for column in found.columns))
    with drawing.org.store.cursor() as cursor:
        rows = cursor.execute(text, found.parameters).fetchall()
    return [dict(zip(paths, row, strict=True)) for row in rows]


def _line(drawing: Drawing, row: Row) -> Line:
    predicted = drawing.predicted
    return Line(
        page_of(drawing.view.target, row["Id"]),
        [_cell(drawing, one, row) for one in drawing.columns],
        predict(predicted, row, drawing.org.now()) if predicted else None,
    )


def _cell(drawing: Drawing, column: Column, row: Row) -> Cell:
    field, value, predicted = column.field, row[column.path], drawing.predicted
    text = shown(value, field.type, field.scale)
    kind, link = field.type, link_of(field, text)
    if column.parent and value is not None:
        before = column.path.rpartition(".")[0]
        link = record_link(drawing.org.store.objects, str(row[f"{before}.Id"]))
    elif predicted is not None:
        kinds = {one.name: key for key, one in predicted.in_lists()}
        kind = kinds.get(column.path, kind)
    return Cell(column.path, column.label, text, link, kind)
