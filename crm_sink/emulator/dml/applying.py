"""Carries out what `judging.judge` let through, each insert, update and delete as one statement.

Every write moves SystemModstamp, LastModifiedDate and LastModifiedById, with equal values too
(facts 9). Makes the temp table `outcome`, and has the write log and the field history kept.

Not imitated: roll-ups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator import sql
from crm_sink.emulator.access import grants
from crm_sink.emulator.dml import staging
from crm_sink.emulator.history import keeping as history
from crm_sink.emulator.log import keeping, rules
from crm_sink.emulator.planned import hastily
from crm_sink.emulator.sql import literal, name
from crm_sink.emulator.standard import STAGES

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field

# Objects over which assignment rules run unless `Sforce-Auto-Assign: FALSE` is sent (facts 9).
ASSIGNED = frozenset({"lead", "case", "account"})


def apply(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source) -> None:
    """Write the rows that were not refused, and make `outcome` and the log.

    Args:
        cursor: The handle that `judge` used, inside `Store.writing()`.
        org: Whose clock, user and log are used.
        write: What `judge` judged.
        source: Who writes, for the log.
    """
    with hastily(cursor):
        cursor.execute(
            "create or replace temp table good as select * from matched anti join refused using (n)"
        )
    keeping.keep(cursor, org, write, source)
    noted = history.note(cursor, org, write)
    moment = sql.moment(org.stamp())
    if write.operation == "hardDelete":
        cursor.execute(f"delete from {staging.name_of(write)} where Id in (select id from good)")
    elif write.operation == "delete":
        _delete(cursor, org, write, moment)
    else:
        if write.operation != "insert":
            _update(cursor, org, write, moment)
        if write.operation != "update":
            _insert(cursor, org, write, moment)
        _set_stage(cursor, write)
        if write.assign and write.target.name.lower() in ASSIGNED:
            _run_assignment(cursor, org, write)
    history.keep(cursor, org, write, noted, moment)
    with hastily(cursor):
        make_outcome(cursor)
    if write.target.name in grants.OBJECTS:
        org.store.when_committed(lambda: grants.refresh(org))


def make_outcome(cursor: duckdb.DuckDBPyConnection) -> None:
    """Say of each staged row what became of it, also when nothing was applied."""
    cursor.execute(
        "create or replace temp table outcome as select n, "
        "case when rank is null or not created then id end as id, created, rank, fault "
        "from matched left join refused using (n)"
    )


def _update(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, moment: str) -> None:
    changes = [
        f"{name(field)} = {staging.set_sql(columns, 'w', f'w.{columns[0].old}')}"
        for field, columns in write.setters().items()
        if columns[0].field.updateable
    ]
    changes += modified(org, write, moment)
    if not changes:
        return
    cursor.execute(
        f"update {staging.name_of(write)} as o set {', '.join(changes)} "
        "from (select * from typed join good using (n) where not created) w "
        "where o.rowid = w.place"
    )
    for column in write.changes():
        if column.field.unique and column.field is not write.external:
            org.store.whereabouts.forget(write.target, column.field)


def _insert(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, moment: str) -> None:
    given = {key: some for key, some in write.setters().items() if some[0].field.createable}
    columns, values = [], []
    for field, default in defaults(org, write, moment).items():
        start = default
        if field in given:
            start = staging.set_sql(given[field], "t", default or "null")
            if field == "OwnerId" or staging.keeps_a_value(given[field][0].field):
                start = f"coalesce({start}, {default})"
        if start is not None:
            columns.append(name(field))
            values.append(start)
    cursor.execute(
        f"insert into {staging.name_of(write)} ({', '.join(columns)}) select {', '.join(values)} "
        "from typed t join good g using (n) where created"
    )


def defaults(org: Org, write: Write, moment: str) -> dict[str, str | None]:
    """Give what each stored field of a new record is when nobody says, as SQL; its id is `id`."""
    user = literal(org.user_id)
    filled = {
        "Id": "id",
        "IsDeleted": "false",
        "OwnerId": user,
        "CreatedDate": moment,
        "CreatedById": user,
        "LastModifiedDate": moment,
        "LastModifiedById": user,
        "SystemModstamp": moment,
    }
    stored = write.target.stored()
    return {field.name: filled.get(field.name) or _default(field) for field in stored}


def _delete(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, moment: str) -> None:
    if write.target.find("IsDeleted") is None:
        cursor.execute(f"delete from {staging.name_of(write)} where Id in (select id from good)")
        return
    changes = ["IsDeleted = true", *modified(org, write, moment)]
    cursor.execute(
        f"update {staging.name_of(write)} set {', '.join(changes)} "
        "where Id in (select id from good)"
    )


def modified(org: Org, write: Write, moment: str) -> list[str]:
    """Give what every write of a record changes, as the parts of an UPDATE's SET."""
    values = {
        "LastModifiedDate": moment,
        "LastModifiedById": literal(org.user_id),
        "SystemModstamp": moment,
    }
    return [f"{key} = {value}" for key, value in values.items() if write.target.find(key)]


def _default(field: Field) -> str | None:
    if field.type == "boolean":
        return str(bool(field.default)).lower()
    return None if field.default is None else literal(str(field.default))


def _set_stage(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    """Let an Opportunity's stage say whether it is closed and won, and how probable it is."""
    if write.target.name != "Opportunity":
        return
    stage = write.column_of(write.target.fields["stagename"])
    if stage is None:
        return
    chosen = write.column_of(write.target.fields["probability"])
    keep = f"w.{chosen.given} and w.{chosen.typed} is not null" if chosen else "false"
    stages = ", ".join(
        f"({literal(label)}, {probability}, {closed}, {won}, {literal(forecast)})"
        for label, (probability, closed, won, forecast) in STAGES.items()
    )
    cursor.execute(
        "update Opportunity as o set IsClosed = v.closed, IsWon = v.won, "
        "ForecastCategory = v.forecast, ForecastCategoryName = v.forecast, "
        f"Probability = case when {keep} then o.Probability else v.probability end "
        "from (select * from typed join good using (n)) w "
        f"join (values {stages}) v(stage, probability, closed, won, forecast) "
        f"on v.stage = w.{stage.typed} where o.Id = w.id and w.{stage.given}"
    )


def _run_assignment(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    """Hand every written record to the default owner, as an org without an active rule may do."""
    cursor.execute(
        f"update {staging.name_of(write)} set OwnerId = ? where Id in (select id from good)",
        [org.user_id],
    )
    fired = cursor.execute("select id from good order by n").fetchall()
    org.state.rules_fired += [record for (record,) in fired]
    rules.keep(cursor, write.assign or rules.DEFAULT)
