"""What REST tells of a list view: its entry, its describe and its results.

Key order and values as the REST guide shows them; ids are short in describe and results.

Not imitated: translated labels. Likely but not on record: the labels for sorting by numbers, dates
and checkboxes, and dates and numbers in results, which are taken for Java's own.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.emulator.listviews.columns import Column
    from crm_sink.emulator.listviews.view import ListView

TEXTS = frozenset({"string", "textarea", "email", "url", "reference", "multipicklist"})


def entry(view: ListView, version: str) -> dict[str, object]:
    """Give the basic information on a view."""
    url = f"/services/data/v{version}/sobjects/{view.target.name}/listviews/{view.id}"
    return {
        "describeUrl": f"{url}/describe",
        "developerName": view.developer_name,
        "id": view.id,
        "label": view.label,
        "resultsUrl": f"{url}/results",
        "soqlCompatible": True,
        "url": url,
    }


def description(view: ListView) -> dict[str, object]:
    """Give a view's describe."""
    order = list(dict.fromkeys((view.sorted_by, "Id")))
    return {
        "columns": columns(view),
        "id": view.id[:15],
        "orderBy": [
            {"fieldNameOrPath": one, "nullsPosition": "first", "sortDirection": "ascending"}
            for one in order
        ],
        "query": view.query(),
        "scope": "mine" if view.is_mine else None,
        "sobjectType": view.target.name,
        "whereCondition": view.condition.told(),
    }


def results(view: ListView, rows: Sequence[Sequence[object]], *, done: bool) -> dict[str, object]:
    """Give records as a view's results have them; values in the order of `columns`."""
    paths = [column.path for column in (*view.columns, *view.hidden())]
    records = [
        {
            "columns": [
                {"fieldNameOrPath": path, "value": _text(value)}
                for path, value in zip(paths, row, strict=True)
            ]
        }
        for row in rows
    ]
    return {
        "columns": columns(view),
        "developerName": view.developer_name,
        "done": done,
        "id": view.id[:15],
        "label": view.label,
        "records": records,
        "size": len(records),
    }


def columns(view: ListView) -> list[dict[str, object]]:
    """Describe a view's columns, the hidden ones last."""
    shown = [_column(column, view, hidden=False) for column in view.columns]
    return [*shown, *(_column(column, view, hidden=True) for column in view.hidden())]


def _column(column: Column, view: ListView, *, hidden: bool) -> dict[str, object]:
    is_first = not hidden and column.path == view.sorted_by
    up, down = (None, None) if hidden else _directions(column.field.type)
    return {
        "ascendingLabel": up,
        "descendingLabel": down,
        "fieldNameOrPath": column.path,
        "hidden": hidden,
        "label": column.label,
        "selectListItem": column.selected,
        "sortDirection": "ascending" if is_first else None,
        "sortIndex": 0 if is_first else None,
        "sortable": column.field.sortable and not hidden,
        "type": column.field.type,
    }


def _directions(kind: str) -> tuple[str, str]:
    """Give the words for sorting up and down; Salesforce tells them the wrong way round."""
    if kind == "phone":
        return "9-0", "0-9"
    return ("Z-A", "A-Z") if kind in TEXTS else ("Low to High", "High to Low")


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%a %b %d %H:%M:%S GMT %Y}"
    if isinstance(value, date):
        return f"{value:%a %b %d} 00:00:00 GMT {value:%Y}"
    return str(value)
