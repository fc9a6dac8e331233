"""A deployed list view, ready to be drawn: its columns, its condition and its SOQL.

Columns of fields that the user may not see, or that are not known, are left out.

Not imitated: the order that a user gave a list (every list is sorted by its Name).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.ids import normal
from crm_sink.emulator.listviews.columns import Column, resolve
from crm_sink.emulator.listviews.conditions import EVERYTHING, Condition
from crm_sink.emulator.listviews.filters import condition
from crm_sink.emulator.metadata import components
from crm_sink.emulator.metadata.body import Refused, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

TYPE = "ListView"
# Selected by every list view's query behind its columns, and not shown (recorded by describe).
HIDDEN = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")
MINE = ("Mine", "MineAndMyGroups", "Team", "SalesTeam", "AssignedToMe")


@dataclass(frozen=True, slots=True)
class ListView:
    """What a list view shows. `passed_over` are its filters that are not imitated."""

    id: str
    developer_name: str
    label: str
    target: ObjectType
    columns: tuple[Column, ...]
    condition: Condition
    is_mine: bool
    passed_over: tuple[str, ...]

    def hidden(self) -> list[Column]:
        """Give the columns that the query selects and nobody sees."""
        shown = {column.path for column in self.columns}
        fields = [self.target.find(one) for one in HIDDEN if one not in shown]
        return [Column(field.name, field, field.label) for field in fields if field is not None]

    @property
    def sorted_by(self) -> str:
        """The path that the list is sorted by, before the id."""
        paths = [column.path for column in self.columns if column.field.sortable]
        return "Name" if "Name" in paths else (paths or ["Id"])[0]

    def source(self, condition: Condition | None = None) -> str:
        """Give the SOQL from FROM to WHERE, narrowed by one more condition."""
        scope = " USING SCOPE mine" if self.is_mine else ""
        parts = [text for one in (self.condition, condition) if one and (text := one.soql())]
        where = f" WHERE {' AND '.join(parts)}" if parts else ""
        return f"FROM {self.target.name}{scope}{where}"

    def query(self) -> str:
        """Give the whole SOQL, as describe tells it."""
        selected = [column.selected for column in (*self.columns, *self.hidden())]
        order = [f"{one} ASC NULLS FIRST" for one in dict.fromkeys((self.sorted_by, "Id"))]
        return f"SELECT {', '.join(selected)} {self.source()} ORDER BY {', '.join(order)}"


def all_of(org: Org, target: ObjectType) -> list[ListView]:
    """Give an object's list views, by label."""
    with org.store.cursor() as cursor:
        found = components.of_type(cursor, TYPE)
    own = [one for one in found if one.full_name.partition(".")[0].lower() == target.name.lower()]
    views = [_view(org, target, one) for one in own]
    return sorted(views, key=lambda view: (view.label.lower(), view.id))


def find(views: Iterable[ListView], asked: str) -> ListView | None:
    """Find a view by its id or developer name."""
    record_id = normal(asked)
    for view in views:
        if view.id == record_id or view.developer_name.lower() == asked.lower():
            return view
    return None


def _view(org: Org, target: ObjectType, kept: components.Component) -> ListView:
    objects = org.store.objects
    columns: dict[str, Column] = {}
    for named in listed(kept.body, "columns"):
        column = resolve(objects, target, str(named))
        if column is not None:
            columns.setdefault(column.path, column)
    try:
        found, passed_over = condition(objects, target, kept.body)
    except Refused as refused:
        # A field was changed or taken away after the view was saved.
        found, passed_over = None, [refused.message]
    has_owner = target.find("OwnerId") is not None
    return ListView(
        id=kept.id,
        developer_name=kept.full_name.partition(".")[2],
        label=str(kept.body.get("label", "")),
        target=target,
        columns=tuple(columns.values()),
        condition=found or EVERYTHING,
        is_mine=has_owner and str(kept.body.get("filterScope")) in MINE,
        passed_over=tuple(passed_over),
    )
