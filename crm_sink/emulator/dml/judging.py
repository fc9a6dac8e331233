"""Judges staged rows, set by set: the one engine under REST, Collections and Bulk.

A caller fills the temp tables `stage` (n, c0, c1, …: all text) and `faults`, says in a `Write` what
the columns mean, and calls `writing.write_staged`. What became of each row then stands in
the temp table `outcome` (n, id, created, rank, fault): fault is null, or code, message, fields.

A null cell leaves its field alone; the dialect's `clear` text is null. Ranks order the faults of a
row: the lowest is told.

Not imitated: triggers, flows, validation rules, several errors for one row, cascades of a delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.access import check as access
from crm_sink.emulator.dml import entity, matching, references, staging, uniqueness
from crm_sink.emulator.dml.staging import ACCESS, REFERENCE, REQUIRED, TYPE, VALUE
from crm_sink.emulator.dml.values import fault_sql, type_fault, typed_sql, value_faults
from crm_sink.emulator.duplicates import check as duplicates
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.dml.values import Fault
    from crm_sink.emulator.org import Org


def judge(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    """Find what is wrong with the staged rows and which record each one means; write nothing.

    What can be seen of a row by itself is asked in one statement: planning many costs a small
    write more than working them.
    """
    if not write.deletes:
        references.find_lookups(cursor, write)
    with hastily(cursor):
        alone = _type_values(cursor, write)
    alone += matching.match(cursor, org, write)
    if write.deletes:
        alone += uniqueness.deleted_twice()
    else:
        with hastily(cursor):
            alone += [*_read_only(write), *_lacking(write), *references.named_twice(write)]
            alone += [*_ownerless(write), *uniqueness.twins(cursor, write)]
    if alone:
        with hastily(cursor):
            cursor.execute(f"insert into faults {' union all '.join(alone)}")
    if not write.deletes:
        references.check(cursor, org, write)
        uniqueness.check_taken(cursor, write)
        duplicates.check(cursor, org, write)
        access.check(cursor, org, write)
    entity.check(cursor, write)
    with hastily(cursor):
        cursor.execute(
            "create or replace temp table refused as "
            "select n, min(rank) as rank, arg_min(fault, rank) as fault from faults group by n"
        )


def _type_values(cursor: duckdb.DuckDBPyConnection, write: Write) -> list[str]:
    """Make `typed`: what is staged, and for each column its typed value and whether it was given.

    Returns:
        Queries of the faults of single values.
    """
    columns = [] if write.deletes else write.values()
    selected, joins, kinds, limits = ["s.*"], [], [], []
    for column in columns:
        raw = f"s.{column.raw}"
        selected.append(f"{raw} is not null as {column.given}")
        if column.lookup is not None:
            selected.append(f"l{column.place}.id as {column.typed}")
            joins.append(f"left join look{column.place} l{column.place} on l{column.place}.n = s.n")
            continue
        selected.append(f"{typed_sql(column.field, raw, write.dialect)} as {column.typed}")
        kind = type_fault(column.field, column.raw, column.typed, write.dialect, column.place)
        kinds += [kind] if kind else []
        limits += value_faults(column.field, column.raw, column.typed, write.dialect)
    cursor.execute(
        f"create or replace temp table typed as select {', '.join(selected)} from stage s "
        + " ".join(joins)
    )
    return [_first(rank, faults) for rank, faults in ((TYPE, kinds), (VALUE, limits)) if faults]


def _first(rank: int, faults: list[Fault]) -> str:
    """Give a query of each row's first fault."""
    cases = " ".join(f"when {one.condition} then {one.struct()}" for one in faults)
    return (
        f"select n, {rank}, fault from (select n, case {cases} end as fault from typed) "
        "where fault is not null"
    )


def _read_only(write: Write) -> list[str]:
    """Refuse rows that set what the user may not write; every such field is named (facts 2.3)."""
    culprits = []
    for column in write.values():
        creates = f"created and {str(not column.field.createable).lower()}"
        updates = f"not created and {str(not column.field.updateable).lower()}"
        if column.field.createable and column.field.updateable:
            continue
        culprits.append(
            f"case when {column.given} and (({creates}) or ({updates})) "
            f"then {literal(column.field.name)} end"
        )
    if not culprits:
        return []
    text = (
        "'Unable to create/update fields: ' || names || '. Please check the security settings of "
        "this field and verify that it is read/write for your profile or permission set.'"
    )
    return [_named(ACCESS, "INVALID_FIELD_FOR_INSERT_UPDATE", text, culprits)]


def _lacking(write: Write) -> list[str]:
    """Refuse rows that would leave a required field empty, untouched ones too (facts 7.3)."""
    culprits = [
        f"case when not created and {column.given} and {column.typed} is null "
        f"then {literal(column.field.name)} end"
        for column in write.values()
        if staging.keeps_a_value(column.field)
    ]
    for field in write.required():
        given = [column for column in write.columns if column.field is field]
        empty = matching.lacks(field)
        for column in given:
            empty = f"case when {column.given} then {column.typed} is null else {empty} end"
        culprits.append(f"case when {empty} then {literal(field.name)} end")
    if not culprits:
        return []
    text = "'Required fields are missing: [' || names || ']'"
    return [_named(REQUIRED, "REQUIRED_FIELD_MISSING", text, culprits)]


def _ownerless(write: Write) -> list[str]:
    """Refuse updates that would leave a record without an owner; a new one gets the user."""
    owner = write.target.find("OwnerId")
    if owner is None or owner.nillable:
        return []
    text = literal(f"{owner.label}: owner cannot be blank")
    fault = fault_sql("INVALID_CROSS_REFERENCE_KEY", text, owner.name)
    return [
        f"select n, {REFERENCE}, {fault} from typed join matched using (n) "
        f"where not created and {column.given} and {column.typed} is null"
        for column in write.setters().get(owner.name, ())
    ]


def _named(rank: int, code: str, text: str, culprits: list[str]) -> str:
    fields = f"{{'code': {literal(code)}, 'message': {text}, 'fields': string_split(names, ', ')}}"
    return (
        f"select n, {rank}, {fields} from ("
        f"select n, concat_ws(', ', {', '.join(culprits)}) as names "
        "from typed join matched using (n)) where names <> ''"
    )
