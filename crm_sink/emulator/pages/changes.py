"""What the page of changes shows: the write log, newest first, as people read it.

Shows the newest only; `/__log__` has them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.log import reading
from crm_sink.emulator.log.reading import Asked
from crm_sink.emulator.pages.showing import ago, exact, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.org import Org

SHOWN = 100
LONGEST = 60
VERBS = {"insert": "created", "update": "updated", "delete": "deleted", "hardDelete": "erased"}


@dataclass(frozen=True, slots=True)
class Moved:
    """One field of a change; texts are empty for null."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """One change."""

    at: str
    ago: str
    by: str
    job: str | None
    verb: str
    object: str
    id: str
    moved: tuple[Moved, ...]
    rule: str | None


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """The page: its lines, how many changes there are in all, and what was asked for."""

    lines: tuple[Line, ...]
    total: int
    filters: tuple[tuple[str, str], ...]


def changes_page(org: Org, given: Mapping[str, str]) -> ChangesPage:
    """Give the newest changes of an object, a record or a job, or of all."""
    filters = {key: given[key] for key in ("object", "id", "job") if given.get(key)}
    asked = Asked(filters.get("object"), filters.get("id"), filters.get("job"))
    found = reading.newest(org, asked, SHOWN)
    lines = tuple(_line(org, change) for change in found)
    return ChangesPage(lines, reading.total(org, asked), tuple(filters.items()))


def _line(org: Org, change: dict[str, Any]) -> Line:
    at = datetime.fromisoformat(change["at"])
    verb = "insert" if change["created"] else change["operation"]
    return Line(
        at=exact(at),
        ago=ago(at, org.now()),
        by=f"job {change['job']}" if change["job"] else _call(change["call"] or ""),
        job=change["job"],
        verb=VERBS.get(verb, "updated"),
        object=change["object"],
        id=change["id"],
        moved=tuple(
            Moved(field, _text(change["old"][field]), _text(change["new"][field]))
            for field in change["fields"]
        ),
        rule=change["assignment_rule"],
    )


def _call(call: str) -> str:
    """Leave out what all calls begin with."""
    return call.replace("/services/data/v{version}", "")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    text = number(value) if isinstance(value, int | float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
