"""What reading a run back gave, for people and programs. Values are masked unless asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.report.masking import MASK
from crm_sink.report.printable import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 60  # characters of a value


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that does not hold what the run wrote; `field` is None for a whole record."""

    key: str
    id: str
    field: str | None
    written: str | None
    present: str | None


def difference_json(difference: Difference, *, values: bool) -> dict[str, Any]:
    """Give a difference as JSON-able facts."""
    facts: dict[str, Any] = asdict(difference)
    if values:
        return facts
    # Of a whole record only the key is a person's.
    personal = ("key",) if difference.field is None else ("key", "written", "present")
    return facts | {name: _hidden(facts[name]) for name in personal}


def difference_lines(differences: Sequence[Difference], *, values: bool) -> list[str]:
    """Write differences for people, one a line."""
    lines = []
    for difference in differences:
        facts = difference_json(difference, values=values)
        field = f"  {facts['field']}" if facts["field"] else ""
        lines.append(
            f"{_shown(facts['key'])}  {facts['id']}{field}: "
            f"wrote {_shown(facts['written'])}, holds {_shown(facts['present'])}"
        )
    return lines


def _hidden(value: str | None) -> str | None:
    return None if value is None else MASK


def _shown(value: str | None) -> str:
    return "(empty)" if value is None else one_line(value, WIDTH)
