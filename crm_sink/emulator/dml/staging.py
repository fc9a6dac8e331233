"""What a write to an object consists of, and the staging table that holds its rows as text.

A null cell leaves its field alone; the dialect's `clear` text is null. Judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.planned import Planned, hastily
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.values import Dialect
    from crm_sink.emulator.schema import Field, ObjectType

# Ranks of faults. The caller's own (an unknown field, a JSON token) come before all.
(
    CALLER, TYPE, TARGET, FOREIGN_KEY, TWIN, ACCESS, VALUE, REFERENCE, REQUIRED, UNIQUE, DUPLICATE,
    LOCK, INJECTED,
) = range(13)  # fmt: skip

FAULT_TYPE = "struct(code varchar, message varchar, fields varchar[])"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The record that a reference points to, named by an external id of its own."""

    target: ObjectType
    field: Field


@dataclass(frozen=True, slots=True)
class Column:
    """What column `c<place>` of the staging table holds: a field's value, or a lookup's key."""

    place: int
    field: Field
    lookup: Lookup | None = None

    @property
    def raw(self) -> str:
        """The staged text."""
        return f"c{self.place}"

    @property
    def typed(self) -> str:
        """The typed value, in the table `typed`."""
        return f"t{self.place}"

    @property
    def given(self) -> str:
        """Whether the row says anything of this field, in the table `typed`."""
        return f"s{self.place}"

    @property
    def old(self) -> str:
        """The field's value before the write, in the table `matched`; null in an insert."""
        return f"o{self.place}"


@dataclass(frozen=True, slots=True)
class Write:
    """One write to one object.

    Attributes:
        operation: insert, update, upsert, delete or hardDelete.
        external: The field that an upsert matches on; the Id field is one.
        twins: Name of a table of keys (column k) that occur twice in the whole job, if the caller
            has looked; by default the staged rows are looked at.
        assign: The assignment rule that runs: its id, or `default`; None when none does
            (`Sforce-Auto-Assign: FALSE` was sent, or a job names no rule).
        update_only: Whether an upsert may not create.
        allow_duplicates: Whether duplicate rules that only warn are passed over.
    """

    target: ObjectType
    operation: str
    columns: tuple[Column, ...]
    dialect: Dialect
    external: Field | None = None
    twins: str | None = None
    assign: str | None = None
    update_only: bool = False
    allow_duplicates: bool = False

    @property
    def deletes(self) -> bool:
        """Whether rows are taken away."""
        return self.operation in ("delete", "hardDelete")

    def column_of(self, field: Field) -> Column | None:
        """Give the column that holds a field's own value."""
        for column in self.columns:
            if column.field is field and column.lookup is None:
                return column
        return None

    def values(self) -> list[Column]:
        """Give the columns that are written: all but the record's own Id."""
        return [column for column in self.columns if column.field.type != "id"]

    def setters(self) -> dict[str, list[Column]]:
        """Give the columns that set each field, by its name.

        One row of a call may name a lookup by an id and the next by an external id: two columns.
        """
        found: dict[str, list[Column]] = {}
        for column in self.values():
            found.setdefault(column.field.name, []).append(column)
        return found

    def required(self) -> list[Field]:
        """Give the fields that a record of the object may not lack."""
        return [field for field in self.target.stored() if is_required(field)]

    def changes(self) -> list[Column]:
        """Give the columns whose fields can change at all; none of a delete."""
        if self.deletes:
            return []
        return [one for one in self.values() if one.field.createable or one.field.updateable]


def set_sql(columns: list[Column], table: str, otherwise: str) -> str:
    """Give the SQL of what a row sets a field to, from the columns that may set it."""
    cases = (f"when {table}.{one.given} then {table}.{one.typed}" for one in columns)
    return f"case {' '.join(cases)} else {otherwise} end"


def stage(cursor: duckdb.DuckDBPyConnection, columns: int, source: str) -> None:
    """Fill `stage` from a query of n and texts, and make an empty `faults`.

    Args:
        cursor: A handle inside `Store.writing()`.
        columns: How many text columns the query gives after n.
        source: The query.
    """
    names = ", ".join(f"c{place}" for place in range(columns))
    # Many rows stay where they are at rest; few are copied, so that plans can be kept.
    kind = "table" if isinstance(cursor, Planned) else "view"
    with hastily(cursor):
        cursor.execute(
            f"create or replace temp {kind} stage as select * from ({source}) s(n"
            f"{', ' + names if names else ''})"
        )
        cursor.execute(
            f"create or replace temp table faults (n bigint, rank integer, fault {FAULT_TYPE})"
        )


def is_required(field: Field) -> bool:
    """Say whether a person must fill a field in: not nillable and nothing fills it by itself."""
    free = field.nillable or field.auto or field.type == "boolean" or field.default is not None
    return field.createable and not free


def keeps_a_value(field: Field) -> bool:
    """Say whether a field that a default fills in cannot be emptied again: a lead's Status."""
    return not field.nillable and field.default is not None and field.type != "boolean"


def name_of(write: Write) -> str:
    """Give the quoted table of the object that is written."""
    return name(write.target.name)
