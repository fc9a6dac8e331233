"""Reads records for the pages: typed values, with the names of the records they refer to.

Not imitated: sharing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.pages.showing import shown
from crm_sink.emulator.soql.names import kinds_of
from crm_sink.emulator.soql.scope import value_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType

SAFE_LINKS = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value on a page: its label, its text, and where it leads if anywhere."""

    name: str
    label: str
    text: str
    link: str | None = None
    kind: str = "string"


class Reader:
    """Reads the records of one object."""

    def __init__(self, org: Org, target: ObjectType) -> None:
        self._org = org
        self._target = target

    def rows(
        self, fields: Sequence[str], tail: str, parameters: Sequence[object] = ()
    ) -> list[dict[str, Any]]:
        """Give records as dicts: each field's value, and the name behind a lookup as `Field~`.

        Args:
            fields: API names; `Id` is always among the result.
            tail: SQL after FROM, in which the record is `r`.
            parameters: The tail's values.
        """
        wanted = {"Id": 'r."Id"'}
        joins = ""
        for place, one in enumerate(self._known(fields)):
            wanted[one.name] = value_sql(self._target, one, "r")
            names = []
            for number, parent in enumerate(kinds_of(self._org.store.objects, one)):
                named, alias = parent.name_field(), f"p{place}_{number}"
                if named is not None:
                    on = f'{alias}."Id" = r.{name(one.name)}'
                    joins += f" left join {name(parent.name)} {alias} on {on}"
                    names.append(value_sql(parent, named, alias))
            if names:
                wanted[f"{one.name}~"] = f"coalesce({', '.join(names)})"
        selected = ", ".join(f"{sql} as {name(key)}" for key, sql in wanted.items())
        text = f"select {selected} from {name(self._target.name)} r{joins} {tail}"
        with self._org.store.cursor() as cursor:
            found = cursor.execute(text, list(parameters)).fetchall()
        return [dict(zip(wanted, row, strict=True)) for row in found]

    def cells(self, fields: Sequence[str], row: dict[str, Any]) -> list[Cell]:
        """Give the values of a record as they are shown."""
        return [self.cell(one, row) for one in self._known(fields)]

    def cell(self, one: Field, row: dict[str, Any]) -> Cell:
        """Give one value as it is shown; lookups show the other record's name."""
        value, label = row.get(one.name), label_of(one)
        parent = self.parent(one)
        if parent is not None and value is not None:
            text = row.get(f"{one.name}~") or value
            link = record_link(self._org.store.objects, str(value))
            return Cell(one.name, label, str(text), link, "reference")
        text = shown(value, one.type, one.scale)
        return Cell(one.name, label, text, link_of(one, text), one.type)

    def parent(self, one: Field) -> ObjectType | None:
        """Give the object that a lookup leads to, users before groups."""
        objects = self._org.store.objects
        for target in sorted(one.reference_to, key=lambda found: found != "User"):
            if target.lower() in objects:
                return objects[target.lower()]
        return None

    def _known(self, fields: Sequence[str]) -> list[Field]:
        found = [self._target.find(one) for one in dict.fromkeys(fields)]
        return [one for one in found if one is not None and one.type != "address"]


def record_link(objects: Mapping[str, ObjectType], record_id: str) -> str | None:
    """Give where a record's page is, by its id: a lead's owner may be a user or a queue."""
    for target in objects.values():
        if target.key_prefix == record_id[:3]:
            return page_of(target, record_id)
    return None


def page_of(target: ObjectType, record_id: object) -> str:
    """Give the path of a record's page."""
    return f"/lightning/r/{target.name}/{record_id}/view"


def label_of(one: Field) -> str:
    """Give a field's label as Lightning shows it: a lookup without its `ID`, a plain `Name`."""
    if one.name == "Name":
        return "Name"
    return one.label if one.name == "Id" else one.label.removesuffix(" ID")


def contains(column: str, text: str) -> str:
    """Give the SQL of a search that ignores case and takes `%` and `_` as they are."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{column} ilike {literal(f'%{plain}%')} escape '\\'"


def link_of(one: Field, text: str) -> str | None:
    """Give where a value leads: mail, phone, or a page on the web."""
    if not text:
        return None
    if one.type == "email":
        return f"mailto:{text}"
    if one.type == "phone":
        return f"tel:{text}"
    if one.type == "url" and text.lower().startswith(SAFE_LINKS):
        return text
    return None
