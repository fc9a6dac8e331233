"""Finds the records that references point to: by an external id of theirs, or by their Id.

Rules: facts 2.4, 4.5 (an unknown key fails the whole row) and 7.3.

Not imitated: access rights on the other record, inactive owners, queues as owners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql, key_sql, several_sql, typed_sql
from crm_sink.emulator.ids import is_id_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Column, Lookup, Write
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType


def find_lookups(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    """Make `look<place>` (n, id) for each column that names a record by its external id."""
    for column in write.columns:
        if column.lookup is not None:
            _find(cursor, write, column, column.lookup)


def named_twice(write: Write) -> list[str]:
    """Give queries of the faults of rows that name one record by its Id and by an external id."""
    found = []
    for column in write.values():
        by_id = write.column_of(column.field)
        if column.lookup is None or by_id is None:
            continue
        field = column.field
        text = (
            f"Cannot specify both an external ID reference {field.relationship} "
            f"and a salesforce id, {field.name}"
        )
        found.append(
            f"select n, {staging.FOREIGN_KEY}, {fault_sql('INVALID_FIELD', literal(text))} "
            f"from typed where {column.given} and {by_id.given}"
        )
    return found


def check(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    """Refuse rows whose reference is no id, an id of another kind, or of no record."""
    for column in write.values():
        if column.field.type == "reference" and column.lookup is None:
            _check(cursor, org, write, column)


def _find(cursor: duckdb.DuckDBPyConnection, write: Write, column: Column, lookup: Lookup) -> None:
    field, target = lookup.field, lookup.target
    live = "and not IsDeleted" if target.find("IsDeleted") else ""
    key = key_sql(field, typed_sql(field, column.raw, write.dialect))
    stored = key_sql(field, name(field.name))
    cursor.execute(
        f"create or replace temp table look{column.place} as "
        f"with asked as (select n, {column.raw} as raw, {key} as k from stage), "
        f"found as (select {stored} as k, min(Id) as id, list(Id order by Id) as ids "
        f"from {name(target.name)} where {name(field.name)} is not null {live} "
        f"and {stored} in (select k from asked) group by all) "
        "select a.n, a.raw, f.id, f.ids from asked a left join found f on f.k = a.k"
    )
    unknown = (
        "'Foreign key external ID: ' || raw || "
        f"{literal(f' not found for field {field.name} in entity {target.name}')}"
    )
    several = several_sql(field.label)
    cursor.execute(
        f"insert into faults select n, {staging.FOREIGN_KEY}, case when id is null "
        f"then {fault_sql('INVALID_FIELD', unknown)} "
        f"else {fault_sql('DUPLICATE_EXTERNAL_ID', several, field.name)} end "
        f"from look{column.place} where (id is null or len(ids) > 1) "
        f"and raw <> {literal(write.dialect.clear)} and trim(raw) <> ''"
    )


def _check(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, column: Column) -> None:
    named = (org.store.objects.get(one.lower()) for one in column.field.reference_to)
    targets = [one for one in named if one is not None]
    known = " union all ".join(_records(one) for one in targets)
    if not known:
        known = "select null::varchar as Id, false as gone where false"
    # Objects that this org does not have (campaigns, price books): any well-formed id will do.
    complete = len(targets) == len(column.field.reference_to)
    raw, label = "s." + column.raw, column.field.label
    prefixes = ", ".join(literal(one.key_prefix) for one in targets) or "''"
    wrong = f"{literal(f'{label}: id value of incorrect type: ')} || {raw}"
    foreign = f"substr({raw}, 1, 3) not in ({prefixes})" if complete else "false"
    malformed = f"'malformed id ' || {raw}"
    cursor.execute(
        f"insert into faults select n, {staging.REFERENCE}, fault from (select t.n, case "
        f"when x.gone then {fault_sql('ENTITY_IS_DELETED', literal('entity is deleted'))} "
        f"when not {is_id_sql(raw)} then {fault_sql('MALFORMED_ID', malformed)} "
        f"when {foreign} then {fault_sql('MALFORMED_ID', wrong, column.field.name)} "
        f"when {str(complete).lower()} "
        f"then {fault_sql('INVALID_CROSS_REFERENCE_KEY', literal('invalid cross reference id'))} "
        "end as fault "
        f"from typed t join stage s using (n) left join ({known}) x on x.Id = t.{column.typed} "
        f"where t.{column.typed} is not null and (x.Id is null or x.gone)) where fault is not null"
    )


def _records(target: ObjectType) -> str:
    gone = "IsDeleted" if target.find("IsDeleted") else "false"
    return f"select Id, {gone} as gone from {name(target.name)}"
