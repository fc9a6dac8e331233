"""Components as they were saved last, so that a reader gets back what a writer said.

A row holds a component's id, type, full name and body. Fields that came with the seed have no row
until somebody asks for them.

Not imitated: who saved a component, versions of it, namespaces.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from crm_sink.emulator.altering import Alteration
    from crm_sink.emulator.metadata.body import Body

# Of what is no record; the others bring the ids of their records.
PREFIXES = {"CustomField": "00N"}


@dataclass(frozen=True, slots=True)
class Component:
    """One saved component; `full_name` is `Object.Name` of what belongs to an object."""

    id: str
    type: str
    full_name: str
    body: Body
    created: datetime
    modified: datetime


def find(cursor: duckdb.DuckDBPyConnection, kind: str, full_name: str) -> Component | None:
    """Give a component by its type and name, whose case does not count."""
    found = _select(cursor, "type = ? and lower(full_name) = ?", [kind, full_name.lower()])
    return found[0] if found else None


def find_id(cursor: duckdb.DuckDBPyConnection, component_id: str) -> Component | None:
    """Give a component by its id."""
    found = _select(cursor, "id = ?", [component_id])
    return found[0] if found else None


def of_type(cursor: duckdb.DuckDBPyConnection, kind: str) -> list[Component]:
    """Give all components of a type, by name."""
    return _select(cursor, "type = ?", [kind])


def keep(
    change: Alteration, kind: str, full_name: str, body: Body, *, own_id: str | None = None
) -> Component:
    """Remember a component in place of what was there; its id and birthday stay."""
    before = find(change.cursor, kind, full_name)
    component_id = own_id or (before.id if before else change.new_id(PREFIXES[kind]))
    created = before.created if before else change.now
    forget(change, kind, full_name)
    kept = Component(component_id, kind, full_name, body, created, change.now)
    change.cursor.execute(
        "insert into _components values (?, ?, ?, ?, ?, ?)",
        [kept.id, kind, full_name, json.dumps(body), created, change.now],
    )
    return kept


def forget(change: Alteration, kind: str, full_name: str) -> None:
    """Forget a component."""
    change.cursor.execute(
        "delete from _components where type = ? and lower(full_name) = ?",
        [kind, full_name.lower()],
    )


def _select(cursor: duckdb.DuckDBPyConnection, where: str, values: list[str]) -> list[Component]:
    rows = cursor.execute(
        "select id, type, full_name, json, created, modified from _components "
        f"where {where} order by full_name",
        values,
    ).fetchall()
    return [
        Component(record, kind, full_name, json.loads(body), created, modified)
        for record, kind, full_name, body, created, modified in rows
    ]
