"""The lists that every object has: all, the hottest first, and what is not scored yet.

Not imitated: kanban, inline editing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.pages.asked import (
    ALL,
    HOTTEST,
    ROWS,
    UNSCORED,
    Asked,
    Header,
    Line,
    ListPage,
    bands,
    header,
    prediction_cells,
)
from crm_sink.emulator.pages.layouts import layout_of
from crm_sink.emulator.pages.predictions import predict, prediction_fields
from crm_sink.emulator.pages.reading import Reader, contains, label_of, page_of
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.pages.predictions import PredictionFields
    from crm_sink.emulator.schema import ObjectType

TITLES = {HOTTEST: "Hottest {}", ALL: "All {}", UNSCORED: "Not scored yet"}


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
    asked = asked.within(total)
    names = [*layout.columns, *(predicted.names() if predicted else [])]
    sort = _sort_field(target, predicted, asked)
    order = f'{_sort_key(reader, target, sort)}, r."Id"'
    # First which records, then their values: a sort of whole records is slow for a late page.
    found_by = f'select r."Id" from {name(target.name)} r where {where} order by {order}'
    wanted = f"{found_by} limit {ROWS} offset {asked.skipped}"
    tail = f'where r."Id" in ({wanted}) order by {order}'
    rows = reader.rows([*names, sort.lstrip("-")], tail)
    lines = [
        Line(
            page_of(target, row["Id"]),
            [*reader.cells(layout.columns, row), *prediction_cells(predicted)],
            predict(predicted, row, org.now()) if predicted else None,
        )
        for row in rows
    ]
    return ListPage(
        target=target,
        icon=layout.icon,
        title=_title(target, predicted, asked),
        asked=asked,
        headers=_headers(target, predicted, asked, sort),
        lines=lines,
        bands=bands(predicted, asked),
        total=total,
        has_scores=predicted is not None and predicted.score is not None,
    )


def _title(target: ObjectType, predicted: PredictionFields | None, asked: Asked) -> str:
    is_scored = predicted is not None and predicted.score is not None
    words = TITLES.get(asked.filter_name, TITLES[ALL]) if is_scored else TITLES[ALL]
    return words.format(target.label_plural.lower())


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
        names += [part.name for _, part in predicted.in_lists()]
    fields = [field for one in names if (field := target.find(one))]
    return [header(one.name, label_of(one), asked, sort) for one in fields]
