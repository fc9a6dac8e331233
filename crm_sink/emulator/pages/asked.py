"""What the address of a list asks for, and what its page shows.

Not imitated: a user's own width and order of columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.pages.reading import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.pages.predictions import Prediction, PredictionFields
    from crm_sink.emulator.schema import ObjectType

ROWS = 50
HOTTEST, ALL, UNSCORED = "Hottest", "All", "Unscored"
CHOICES = {HOTTEST: "Hottest first", ALL: "All", UNSCORED: "Not scored yet"}


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
        return cls(
            filter_name=query.get("filterName", HOTTEST),
            band=query.get("band", ""),
            text=query.get("q", "").strip(),
            sort=query.get("sort", ""),
            page=count_in(query.get("page", "")) or 1,
        )

    @property
    def skipped(self) -> int:
        """How many records come before the page."""
        return (self.page - 1) * ROWS

    def within(self, total: int) -> Asked:
        """Give the same, on the last page of so many records where it would be beyond."""
        return replace(self, page=min(self.page, max(1, -(-total // ROWS))))

    def link(self, **changes: str | int) -> str:
        """Give the query string of this list with changes; a change begins at page 1."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        pairs = {"filterName": asked.filter_name, "band": asked.band, "q": asked.text}
        pairs |= {"sort": asked.sort, "page": str(asked.page) if asked.page > 1 else ""}
        return "?" + urlencode({key: text for key, text in pairs.items() if text})

    def pick(self, filter_name: str) -> str:
        """Give the query string of another list, with nothing else asked for."""
        return Asked(filter_name=filter_name).link()


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
    """All that the template needs.

    `views` are the lists to choose from, by title and link; `notes` say what a view does not show.
    """

    target: ObjectType
    title: str
    icon: str
    asked: Asked
    headers: list[Header]
    lines: list[Line]
    bands: list[tuple[str, str]]
    total: int
    has_scores: bool
    notes: list[str] = field(default_factory=list)
    views: list[tuple[str, str]] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The number of the page's first record, from 1."""
        return self.asked.skipped + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The number of the page's last record."""
        return self.asked.skipped + len(self.lines)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The lists that every object has, by title and link; beside the deployed `views`."""
        own = CHOICES if self.has_scores else {ALL: CHOICES[ALL]}
        return [(title, self.asked.pick(filter_name)) for filter_name, title in own.items()]

    @property
    def linked(self) -> str:
        """The column that leads to the record: its name, or else the first one."""
        names = [cell.name for line in self.lines[:1] for cell in line.cells]
        return "Name" if "Name" in names else (names or [""])[0]


def bands(predicted: PredictionFields | None, asked: Asked) -> list[tuple[str, str]]:
    """Give the bands to filter by, each with its link; the one in use leads back to all."""
    if predicted is None or predicted.band is None:
        return []
    values = [value.value for value in predicted.band.values]
    return [
        (value, asked.link(band="" if asked.band.lower() == value.lower() else value))
        for value in values
    ]


def header(name: str, label: str, asked: Asked, sort: str) -> Header:
    """Give a column's head; a click on the one that sorts turns its direction."""
    if sort.lstrip("-") != name:
        return Header(label, asked.link(sort=name))
    is_descending = sort.startswith("-")
    link = asked.link(sort=name if is_descending else f"-{name}")
    return Header(label, link, "down" if is_descending else "up")


def prediction_cells(predicted: PredictionFields | None) -> list[Cell]:
    """Give the places of a prediction in a line; the template draws them."""
    if predicted is None:
        return []
    return [Cell(one.name, one.label, "", kind=kind) for kind, one in predicted.in_lists()]
