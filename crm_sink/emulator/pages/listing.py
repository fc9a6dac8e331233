"""What a list view shows: columns, filters, sorting and pages; the hottest first by default.

Not imitated: list views that users make, kanban, inline editing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from crm_sink.emulator.pages.layouts import layout_of
from crm_sink.emulator.pages.predictions import Prediction, predict, prediction_fields
from crm_sink.emulator.pages.reading import Cell, Reader, contains, label_of
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.pages.predictions import PredictionFields
    from crm_sink.emulator.schema import ObjectType

ROWS = 50
HOTTEST, ALL, UNSCORED = "Hottest", "All", "Unscored"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list asks for. `sort` is a field's name, with `-` for descending."""

    filter_name: str = HOTTEST
    band: str = ""
    text: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """Read the query string; what makes no sense is left out."""
        page = query.get("page", "1")
        return cls(
            filter_name=query.get("filterName", HOTTEST),
            band=query.get("band", ""),
            text=query.get("q", "").strip(),
            sort=query.get("sort", ""),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
        )

    def link(self, **changes: str | int) -> str:
        """Give the query string of this list with changes; a change begins at page 1."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        pairs = {"filterName": asked.filter_name, "band": asked.band, "q": asked.text}
        pairs |= {"sort": asked.sort, "page": str(asked.page) if asked.page > 1 else ""}
        return "?" + urlencode({key: text for key, text in pairs.items() if text})


@dataclass(frozen=True, slots=True)
class Header:
    """A column's head: its label, the link that sorts by it, and how it is sorted now."""

    label: str
    link: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the list."""

    link: str
    cells: list[Cell]
    prediction: Prediction | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """All that the template needs. `first` and `last` count records from 1."""

    target: ObjectType
    icon: str
    asked: Asked
    headers: list[Header]
    lines: list[Line]
    bands: list[tuple[str, str]]
    total: int
    first: int
    last: int
    has_scores: bool


def list_page(org: Org, target: ObjectType, asked: Asked) -> ListPage:
    """Read one page of an object's list."""
    reader, layout = Reader(org, target), layout_of(target)
    found = prediction_fields(target)
    predicted = found[0] if found else None
    where = _where(target, predicted, asked)
    with org.store.cursor() as cursor:
        text = f"select count(*) from {name(target.name)} r where {where}"
        row = cursor.execute(text).fetchone()
    total = int(row[0]) if row else 0
    page = min(asked.page, max(1, -(-total // ROWS)))
    asked = replace(asked, page=page)
    names = [*layout.columns, *(predicted.names() if predicted else [])]
    sort = _sort_field(target, predicted, asked)
    order = f'{_sort_key(reader, target, sort)}, r."Id"'
    # First which records, then their values: a sort of whole records is slow for a late page.
    found_by = f'select r."Id" from {name(target.name)} r where {where} order by {order}'
    wanted = f"{found_by} limit {ROWS} offset {(page - 1) * ROWS}"
    tail = f'where r."Id" in ({wanted}) order by {order}'
    rows = reader.rows([*names, sort.lstrip("-")], tail)
    lines = [
        Line(
            f"/lightning/r/{target.name}/{row['Id']}/view",
            reader.cells(layout.columns, row),
            predict(predicted, row, org.now()) if predicted else None,
        )
        for row in rows
    ]
    return ListPage(
        target=target,
        icon=layout.icon,
        asked=asked,
        headers=_headers(target, predicted, asked, sort),
        lines=lines,
        bands=_bands(predicted, asked),
        total=total,
        first=(page - 1) * ROWS + 1 if total else 0,
        last=(page - 1) * ROWS + len(lines),
        has_scores=predicted is not None and predicted.score is not None,
    )


def _where(target: ObjectType, predicted: PredictionFields | None, asked: Asked) -> str:
    parts = ['not r."IsDeleted"'] if target.find("IsDeleted") else []
    named = target.name_field()
    if asked.text and named is not None:
        searched = [value_sql(target, named, "r")]
        if target.find("Company"):
            searched.append('r."Company"')
        parts.append("(" + " or ".join(contains(one, asked.text) for one in searched) + ")")
    score = predicted.score if predicted else None
    if predicted and predicted.band and asked.band:
        parts.append(f"lower(r.{name(predicted.band.name)}) = {literal(asked.band.lower())}")
    if score is not None and asked.filter_name == UNSCORED:
        parts.append(f"r.{name(score.name)} is null")
    return " and ".join(parts) or "true"


def _sort_field(target: ObjectType, predicted: PredictionFields | None, asked: Asked) -> str:
    """Give what the list is sorted by: as asked, else the hottest first, else by name."""
    asked_for = target.find(asked.sort.lstrip("-"))
    if asked_for is not None and asked_for.type != "address":
        return ("-" if asked.sort.startswith("-") else "") + asked_for.name
    if predicted and predicted.score and asked.filter_name == HOTTEST:
        return f"-{predicted.score.name}"
    return "Name" if target.find("Name") else "Id"


def _sort_key(reader: Reader, target: ObjectType, sort: str) -> str:
    """Give the SQL of the sort key; records without a value come last either way."""
    field = target.find(sort.lstrip("-"))
    if field is None:
        return 'r."Id"'
    direction = "desc" if sort.startswith("-") else "asc"
    sql = value_sql(target, field, "r")
    parent = reader.parent(field)
    named = parent.name_field() if parent else None
    if parent is not None and named is not None:
        # By the name behind the lookup, which is what the list shows.
        sql = (
            f"(select {value_sql(parent, named, 's')} from {name(parent.name)} s "
            f'where s."Id" = r.{name(field.name)})'
        )
    text = f"lower({sql})" if field.is_text else sql
    return f"{text} {direction} nulls last"


def _headers(
    target: ObjectType, predicted: PredictionFields | None, asked: Asked, sort: str
) -> list[Header]:
    names = list(layout_of(target).columns)
    if predicted is not None:
        parts = (predicted.score, predicted.band, predicted.at)
        names += [part.name for part in parts if part is not None]
    return [_header(target, one, asked, sort) for one in names if target.find(one)]


def _header(target: ObjectType, one: str, asked: Asked, sort: str) -> Header:
    field = target.find(one)
    label = label_of(field) if field else one
    if sort.lstrip("-") != one:
        return Header(label, asked.link(sort=one))
    is_descending = sort.startswith("-")
    link = asked.link(sort=one if is_descending else f"-{one}")
    return Header(label, link, "down" if is_descending else "up")


def _bands(predicted: PredictionFields | None, asked: Asked) -> list[tuple[str, str]]:
    """Give the bands to filter by, each with its link; the one in use leads back to all."""
    if predicted is None or predicted.band is None:
        return []
    values = [value.value for value in predicted.band.values]
    return [
        (value, asked.link(band="" if asked.band.lower() == value.lower() else value))
        for value in values
    ]
