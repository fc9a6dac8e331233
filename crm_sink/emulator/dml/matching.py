"""Finds the record that each staged row means: by Id, by an external id, or a new one.

Makes the temp table `matched` (n, id, created, gone, converted, raw) with what is needed of the
record as it stands, so that it is looked for and read once: `place`, the number of its row in its
table, `lacks_<field>` for each required field, `o<column>` for each field that is written. Deleted
records are matched by Id only.

Not imitated: sharing (INSUFFICIENT_ACCESS_OR_READONLY), approval locks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import JSON, fault_sql, key_sql, several_sql
from crm_sink.emulator.ids import is_id_sql, normal_sql, numbered_sql
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal, name, varying

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field


def lacks(field: Field) -> str:
    """Give the column of `matched` that says whether the record has this field empty."""
    return name(f"lacks_{field.name}")


def match(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> list[str]:
    """Make `matched`.

    Returns:
        Queries of the faults of rows whose record cannot be found or written.
    """
    if write.operation == "insert":
        source = "select n, null::varchar as raw, null::varchar as found from stage"
    elif write.external is not None and write.external.type != "id":
        source = _by_external_id(cursor, write)
    else:
        source = _by_id(write)
    _make_matched(cursor, org, write, source)
    return _named(write) if write.operation == "insert" else [_refused(write)]


def _by_id(write: Write) -> str:
    column = write.column_of(write.target.fields["id"])
    if column is None:
        return "select n, null::varchar as raw, null::varchar as found from stage"
    text = f"nullif(trim(nullif({column.raw}, {literal(write.dialect.clear)})), '')"
    found = normal_sql("raw", mends=write.dialect is not JSON)
    return f"select n, raw, {found} as found from (select n, {text} as raw from stage)"


def _by_external_id(cursor: duckdb.DuckDBPyConnection, write: Write) -> str:
    """Match on an external id's value; rows that find several records are refused here."""
    field = write.external
    column = write.column_of(field) if field is not None else None
    if field is None or column is None:
        return "select n, null::varchar as raw, null::varchar as found from stage"
    stored = key_sql(field, name(field.name))
    live = "and not IsDeleted" if write.target.find("IsDeleted") else ""
    grouped = "min(Id) as id, count(*) as hits, list(Id order by Id) as ids"
    if field.unique:
        grouped = "Id as id, 1 as hits, [Id] as ids"
    cursor.execute(
        "create or replace temp table keyed as "
        f"select n, {key_sql(field, column.typed)} as k from typed"
    )
    cursor.execute(
        f"create or replace temp table hits as select {stored} as k, {grouped} "
        f"from {staging.name_of(write)} where {name(field.name)} is not null {live} "
        f"and {stored} in (select k from keyed) {'' if field.unique else 'group by all'}"
    )
    several = several_sql(field.label)
    cursor.execute(
        f"insert into faults select n, {staging.TARGET}, "
        f"{fault_sql('DUPLICATE_EXTERNAL_ID', several, field.name)} "
        "from keyed join hits using (k) where hits > 1"
    )
    return (
        "select q.n, q.k::varchar as raw, h.id as found from keyed q left join hits h on h.k = q.k"
    )


def _make_matched(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: str) -> None:
    """Join the found ids to the records as they stand, and give new ids to the rest."""
    creates = write.operation == "insert" or (write.operation == "upsert" and not write.update_only)
    is_new = "false"
    if creates:
        by_key = write.external is not None and write.external.type != "id"
        is_new = "found is null and raw is not null" if by_key else "raw is null"
    first = 0
    if creates:
        with hastily(cursor):
            low, high = cursor.execute("select min(n), max(n) from stage").fetchone() or (0, 0)
        if low is not None:
            first = org.store.reserve(cursor, write.target.name, high - low + 1) - low
    numbered = (
        numbered_sql(source, write.target.key_prefix, f"n + {varying(str(first), 'bigint')}")
        if creates
        else source
    )
    new_id = "new_id" if creates else "null"
    is_insert = write.operation == "insert"
    join = "" if is_insert else f"left join {staging.name_of(write)} o on o.Id = m.found"
    standing = _nothing(write) if is_insert else _standing(write)
    known = "null::varchar" if is_insert else "o.Id"
    cursor.execute(
        f"create or replace temp table matched as select n, raw, {is_new} as created, "
        f"case when {is_new} then {new_id} else {known} end as id, {', '.join(standing)} "
        f"from ({numbered}) m {join}"
    )


def _standing(write: Write) -> list[str]:
    """Give what is read of a record before it is written."""
    gone = "coalesce(o.IsDeleted, false)" if write.target.find("IsDeleted") else "false"
    converted = "coalesce(o.IsConverted, false)" if write.target.find("IsConverted") else "false"
    return [
        f"{gone} as gone",
        f"{converted} as converted",
        "o.rowid as place",
        *(f"o.{name(field.name)} is null as {lacks(field)}" for field in write.required()),
        *(f"o.{name(column.field.name)} as {column.old}" for column in write.changes()),
    ]


def _nothing(write: Write) -> list[str]:
    """Give the same of a record that is not there yet."""
    return [
        "false as gone",
        "false as converted",
        "null::bigint as place",
        *(f"true as {lacks(field)}" for field in write.required()),
        *(f"null::{column.field.duckdb_type} as {column.old}" for column in write.changes()),
    ]


def _named(write: Write) -> list[str]:
    """Refuse rows of an insert that name a record; an empty Id is none."""
    column = write.column_of(write.target.fields["id"])
    if column is None:
        return []
    fault = fault_sql(
        "INVALID_FIELD_FOR_INSERT_UPDATE", literal("cannot specify Id in an insert call"), "Id"
    )
    given = f"trim(nullif({column.raw}, {literal(write.dialect.clear)})) <> ''"
    return [f"select n, {staging.TARGET}, {fault} from stage where {given}"]


def _refused(write: Write) -> str:
    """Refuse rows without a key, with a key that is none, or whose record cannot be written."""
    if write.external is not None and write.external.type != "id":
        missing = f"{write.external.name} not specified"
        unknown = fault_sql(NOT_FOUND, NOT_FOUND_TEXT)
    else:
        call = "a delete" if write.deletes else "an update"
        missing = f"Id not specified in {call} call"
        unknown = _unknown_id(write)
    gone = "false" if write.operation == "hardDelete" else "gone"
    converted = "false" if write.deletes else "converted"
    converted_text = literal("cannot reference converted lead")
    cases = (
        f"case when raw is null then {fault_sql('MISSING_ARGUMENT', literal(missing))} "
        f"when id is null then {unknown} "
        f"when {gone} then {fault_sql('ENTITY_IS_DELETED', literal('entity is deleted'))} "
        f"else {fault_sql('CANNOT_UPDATE_CONVERTED_LEAD', converted_text)} "
        "end"
    )
    return (
        f"select n, {staging.TARGET}, {cases} from matched "
        f"where not created and (id is null or {gone} or {converted})"
    )


def _unknown_id(write: Write) -> str:
    """Tell an id that is none, one of another object, and one that no record has."""
    label = write.target.fields["id"].label
    wrong = f"{literal(f'{label}: id value of incorrect type: ')} || raw"
    return (
        f"case when not {is_id_sql('raw')} then {fault_sql('MALFORMED_ID', MALFORMED)} "
        f"when substr(raw, 1, 3) <> {literal(write.target.key_prefix)} then "
        f"{fault_sql('MALFORMED_ID', wrong, 'Id')} else {fault_sql(NOT_FOUND, NOT_FOUND_TEXT)} end"
    )


MALFORMED = "'malformed id ' || raw"
NOT_FOUND = "INVALID_CROSS_REFERENCE_KEY"
NOT_FOUND_TEXT = "'invalid cross reference id'"
