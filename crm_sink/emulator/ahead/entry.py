"""A small write as it is kept ahead of the database, and the JSON that it survives a kill as."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml.staging import Column, Write
from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.log.keeping import Few
from crm_sink.emulator.log.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import ObjectType


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows that nobody objects to, and whose records are known.

    Attributes:
        number: Of the write in the log.
        moment: What the records are stamped with; UTC.
        write: What the rows mean.
        source: Who writes, for the log.
        rows: Their ids, what they set, and what stood.
        places: Where the records stand in their table; none of new ones.
    """

    number: int
    moment: datetime
    write: Write
    source: Source
    rows: Few
    places: list[int]

    @property
    def shape(self) -> tuple[object, ...]:
        """What it has in common with entries that one statement can work together with it."""
        write = self.write
        fields = tuple(column.field.name for column in write.columns)
        key = write.external.name if write.external is not None else None
        return write.target.name, write.operation, key, self.moment, fields

    def to_json(self) -> dict[str, Any]:
        """Give plain values from which `from_json` makes an equal entry, but for the places."""
        write = self.write
        return {
            "number": self.number,
            "moment": self.moment.isoformat(),
            "object": write.target.name,
            "operation": write.operation,
            "external": write.external.name if write.external is not None else None,
            "columns": [[column.place, column.field.name] for column in write.columns],
            "source": asdict(self.source),
            "rows": {
                "numbers": self.rows.numbers, "ids": self.rows.ids,
                "new": self.rows.new, "old": self.rows.old,
            },
        }  # fmt: skip


def from_json(told: dict[str, Any], objects: Mapping[str, ObjectType]) -> Entry:
    """Read what `to_json` wrote; where the records stand is not known any more."""
    target = objects[told["object"].lower()]
    columns = tuple(Column(place, target.fields[one.lower()]) for place, one in told["columns"])
    external = target.find(told["external"]) if told["external"] else None
    write = Write(target, told["operation"], columns, JSON, external=external)
    moment = datetime.fromisoformat(told["moment"])
    return Entry(told["number"], moment, write, Source(**told["source"]), Few(**told["rows"]), [])
