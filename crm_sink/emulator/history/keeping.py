"""Keeps field history: a row for each tracked field that a save changed, one for a new record.

Set by set, in the write's own transaction; a write of equal values leaves nothing. What rules fill
in by themselves is seen: there the records are compared before and after, and otherwise what stood
with what was staged. Costs nothing where no field is tracked. Of a lookup there are two rows, one
with the names and one with the ids ("Two rows are added when foreign key fields change", object
reference, EntityHistory).

Not imitated: rows that conversions and merges leave; the 18 and 24 months after which rows vanish;
rows hidden from users who may not see the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.history.kinds import CREATED, KINDS, PREFIX
from crm_sink.emulator.history.values import (
    RECORD,
    TEXT,
    data_type,
    has_values,
    said_of,
    value_sql,
)
from crm_sink.emulator.ids import numbered_sql
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.soql.scope import value_sql as stored_sql
from crm_sink.emulator.sql import literal, name, varying

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from crm_sink.emulator.dml.staging import Column, Write
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

# What follows from the stage of an opportunity.
BY_STAGE = frozenset({"Probability", "ForecastCategory", "ForecastCategoryName"})


@dataclass(frozen=True, slots=True)
class Noted:
    """What a write may leave in the history.

    Attributes:
        fields: Those that it may change.
        creates: Whether it may make records.
        given: What sets each field; None where rules may set one, too.
    """

    fields: tuple[Field, ...] = ()
    creates: bool = False
    given: tuple[list[Column], ...] | None = None


def note(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> Noted:
    """Note the tracked values of the records that a write is about to change."""
    if write.deletes or write.target.name not in KINDS:
        return Noted()
    definition = org.store.definitions[write.target.name.lower()]
    tracked = [field for field in definition.stored() if field.tracked]
    if not tracked:
        return Noted()
    creates = write.operation != "update"
    if write.operation == "insert":
        return Noted(creates=creates)
    given = write.setters()
    by_rules = _by_rules(write, given)
    fields = tuple(field for field in tracked if field.name in given.keys() | by_rules)
    if not any(field.name in by_rules for field in fields):
        return Noted(fields, creates, tuple(given[field.name] for field in fields))
    before = ", ".join(f"o.{name(field.name)} as b{at}" for at, field in enumerate(fields))
    cursor.execute(
        f"create or replace temp table tracked_before as select g.n, g.id, {before} "
        f"from {name(write.target.name)} o join good g on g.place = o.rowid where not g.created"
    )
    return Noted(fields, creates)


def keep(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, noted: Noted, moment: str
) -> None:
    """Keep what has changed since `note`; a deleted record takes its history along.

    Args:
        cursor: The handle of the write, after it was applied.
        org: Whose user has written.
        write: What was written.
        noted: What `note` gave.
        moment: SQL of the time that the write is stamped with.
    """
    if write.deletes:
        _forget(cursor, write)
        return
    if not noted.fields and not noted.creates:
        return
    if noted.fields:
        _compare(cursor, write, noted)
    _add(cursor, org, write, noted, moment)


def tracked_by(write: Write) -> dict[int, Field]:
    """Give the tracked fields that a write may change, by their place among its changes."""
    if write.target.name not in KINDS:
        return {}
    at_of = {column.field.name: at for at, column in enumerate(write.changes())}
    stored = write.target.stored()
    return {at_of[one.name]: one for one in stored if one.tracked and one.name in at_of}


def keep_few(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: str, moment: str
) -> None:
    """Keep what a write that took the short way changes; see `dml.few`.

    Args:
        cursor: The handle of the write.
        org: Whose user writes.
        write: What is written; it has tracked fields.
        source: The SQL table of n, id, and of each changed field s (was it given), v (its new
            value) and, where it is tracked, o (its old one, as text).
        moment: SQL of the time that the write is stamped with.
    """
    tracked = tracked_by(write)
    selected, changed = [], []
    for number, (at, field) in enumerate(tracked.items()):
        stood = f"o{at}::{field.duckdb_type}"
        selected.append(f"{stood} as b{number}, if(s{at}, v{at}, {stood}) as a{number}")
        changed.append(f"(s{at} and v{at} is distinct from {stood})")
    with hastily(cursor):
        cursor.execute(
            f"create or replace temp table tracked_after as select n, id, {', '.join(selected)} "
            f"from {source} where {' or '.join(changed)}"
        )
    _add(cursor, org, write, Noted(tuple(tracked.values())), moment)


def _add(
    cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, noted: Noted, moment: str
) -> None:
    """Add the rows of `tracked_after`, and of the records that were made."""
    rows = [_made()] if noted.creates else []
    for at, field in enumerate(noted.fields):
        rows += _changed(org, field, at, place=1 + 2 * at)
    width = 1 + 2 * len(noted.fields)
    among = "good" if noted.creates else "tracked_after"
    low, high = cursor.execute(f"select min(n), max(n) from {among}").fetchone() or (None, None)
    if low is None:
        return
    first = org.store.reserve(cursor, f"_{PREFIX}", (high - low + 1) * width) - low * width
    # Of one save the ids count up in the order of rows and fields; gaps do not matter.
    counter = f"n * {width} + place + {varying(str(first), 'bigint')}"
    numbered = numbered_sql(" union all ".join(rows), PREFIX, counter)
    parent = name(f"{write.target.name}Id")
    text = (
        f"insert into {name(KINDS[write.target.name])} (Id, IsDeleted, {parent}, CreatedById, "
        f"CreatedDate, Field, DataType, OldValue, NewValue) select new_id, false, id, "
        f"{literal(org.user_id)}, {moment}, field, kind, was, becomes from ({numbered})"
    )
    if any(field.type == "reference" for field in noted.fields):
        cursor.execute(text)
        return
    with hastily(cursor):
        cursor.execute(text)


def _by_rules(write: Write, given: Collection[str]) -> frozenset[str]:
    """Name the fields that rules may fill in."""
    owner = frozenset({"OwnerId"} if write.assign else ())
    return owner | (BY_STAGE if "StageName" in given else frozenset())


def _compare(cursor: duckdb.DuckDBPyConnection, write: Write, noted: Noted) -> None:
    """Make `tracked_after`: b (before) and a (after) of the records that have changed."""
    places = range(len(noted.fields))
    if noted.given is None:
        key, source = "b", f"tracked_before b join {name(write.target.name)} o on o.Id = b.id"
        both = [(f"b.b{at}", f"o.{name(noted.fields[at].name)}") for at in places]
        which = "true"
    else:
        # As `applying` sets them.
        key, source = "g", "good g join typed t using (n)"
        both = [
            (f"g.{some[0].old}", staging.set_sql(some, "t", f"g.{some[0].old}"))
            for some in noted.given
        ]
        which = "not created"
    selected = ", ".join(f"{both[at][0]} as b{at}, {both[at][1]} as a{at}" for at in places)
    changed = " or ".join(f"b{at} is distinct from a{at}" for at in places)
    cursor.execute(
        "create or replace temp table tracked_after as select * from "
        f"(select {key}.n, {key}.id, {selected} from {source} where {which}) where {changed}"
    )


def _made() -> str:
    return (
        f"select n, 0 as place, id, {literal(CREATED)} as field, {literal(TEXT)} as kind, "
        "null::varchar as was, null::varchar as becomes from good where created"
    )


def _changed(org: Org, field: Field, at: int, place: int) -> list[str]:
    """Give the queries of one field's rows."""
    if field.type == "reference":
        named = (_name_sql(org, field, f"b{at}"), _name_sql(org, field, f"a{at}"))
        both = [(TEXT, *named), (RECORD, f"to_json(b{at})", f"to_json(a{at})")]
    elif has_values(field):
        both = [(data_type(field), value_sql(field, f"b{at}"), value_sql(field, f"a{at}"))]
    else:
        both = [(data_type(field), "null", "null")]
    return [
        f"select n, {place + more} as place, id, {literal(said_of(field))} as field, "
        f"{literal(kind)} as kind, ({was})::varchar as was, ({becomes})::varchar as becomes "
        f"from tracked_after t where b{at} is distinct from a{at}"
        for more, (kind, was, becomes) in enumerate(both)
    ]


def _name_sql(org: Org, field: Field, column: str) -> str:
    """Give the SQL of the JSON name of the record that a lookup leads to; owners may be groups."""
    found = []
    for one in field.reference_to:
        parent = org.store.objects.get(one.lower())
        named = parent.name_field() if parent is not None else None
        if parent is not None and named is not None:
            shown = stored_sql(parent, named, "p")
            found.append(f'(select {shown} from {name(parent.name)} p where p."Id" = t.{column})')
    text = f"coalesce({', '.join(found)})" if found else "null"
    return f"to_json({text})"


def _forget(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    kept = KINDS.get(write.target.name)
    if kept is None:
        return
    which = f"where {name(f'{write.target.name}Id')} in (select id from good)"
    if write.operation == "hardDelete":
        cursor.execute(f"delete from {kept} {which}")
    else:
        cursor.execute(f"update {kept} set IsDeleted = true {which}")
