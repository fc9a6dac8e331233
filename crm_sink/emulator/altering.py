"""Changes to what an org consists of: fields and setup records, all of them or none.

One transaction holds the definitions, the columns and the records, so that a deployment that fails
leaves no trace. What was changed is seen by others after the commit.

Not imitated: deleted fields that can be restored for 15 days, changes of a field's type.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.access import grants
from crm_sink.emulator.history.kinds import KINDS
from crm_sink.emulator.sql import name
from crm_sink.emulator.store import column_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import duckdb

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType


class RolledBack(Exception):
    """Ends an `altering()` block without an error and without a change."""


class Alteration:
    """What is being changed, as it would be if it were committed."""

    def __init__(self, org: Org, cursor: duckdb.DuckDBPyConnection) -> None:
        self.org = org
        self.cursor = cursor
        self.definitions: dict[str, ObjectType] = dict(org.store.definitions)
        self.now: datetime = org.stamp()

    def find(self, object_name: str) -> ObjectType | None:
        """Give an object with all its fields."""
        return self.definitions.get(object_name.lower())

    def add_field(self, target: ObjectType, field: Field) -> None:
        """Add a field that the object does not have."""
        if not target.is_compound(field):
            self.cursor.execute(f"alter table {name(target.name)} add column {column_sql(field)}")
        self._put(target.with_field(field))

    def replace_field(self, target: ObjectType, field: Field) -> None:
        """Replace a field by one of the same name and type."""
        self._put(target.with_field(field))

    def remove_field(self, target: ObjectType, field: Field) -> None:
        """Take a field away: its values, their history, and what was granted on it."""
        self.cursor.execute(f"alter table {name(target.name)} drop column {name(field.name)}")
        self.cursor.execute(
            "delete from FieldPermissions where lower(Field) = ?",
            [f"{target.name}.{field.name}".lower()],
        )
        if target.name in KINDS:
            # "Deleting a custom field permanently deletes the history of that field."
            self.cursor.execute(f"delete from {KINDS[target.name]} where Field = ?", [field.name])
        self._put(target.without_field(field.name))

    def insert(self, object_name: str, values: dict[str, object]) -> str:
        """Add a setup record, with its audit fields; give its id."""
        target = self.definitions[object_name.lower()]
        number = self.org.store.reserve(self.cursor, target.name, 1)
        record_id = ids.record_id(target.key_prefix, number)
        user = self.org.user_id
        audit = {
            "Id": record_id, "CreatedDate": self.now, "CreatedById": user,
            "LastModifiedDate": self.now, "LastModifiedById": user, "SystemModstamp": self.now,
        }  # fmt: skip
        known = {key: value for key, value in {**audit, **values}.items() if target.find(key)}
        self.cursor.execute(
            f"insert into {name(target.name)} ({', '.join(map(name, known))}) "
            f"values ({', '.join('?' for _ in known)})",
            list(known.values()),
        )
        return record_id

    def new_id(self, prefix: str) -> str:
        """Make an id of something that is no record."""
        return ids.record_id(prefix, self.org.store.reserve(self.cursor, f"_{prefix}", 1))

    def _put(self, changed: ObjectType) -> None:
        self.org.store.save(self.cursor, changed)
        self.definitions[changed.name.lower()] = changed


@contextmanager
def altering(org: Org) -> Iterator[Alteration]:
    """Change what the org consists of; `RolledBack` inside undoes everything quietly."""
    try:
        with org.store.writing() as cursor:
            change = Alteration(org, cursor)
            org.store.when_committed(lambda: _committed(org, change))
            yield change
    except RolledBack:
        return


def _committed(org: Org, change: Alteration) -> None:
    org.store.show(change.definitions, {})
    grants.refresh(org)
