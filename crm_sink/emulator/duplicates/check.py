"""Refuses rows that would make a duplicate in the sense of a rule (facts 7.3).

A new record is looked at whole, a known one when the write moves one of the rule's fields. Makes
the temp table `duplicates` (n, ids), which a REST answer tells in full.

Not imitated: rows of one write that are duplicates of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql, key_sql
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.duplicates.rule import DuplicateRule
    from crm_sink.emulator.org import Org

CODE = "DUPLICATES_DETECTED"
# The most matches that one refusal names.
MOST = 100


def check(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write) -> None:
    """Add the faults of duplicates."""
    rule = rule_of(org, write.target.name)
    if rule is None or write.deletes or (rule.allow_save and write.allow_duplicates):
        return
    given = [column for column in write.values() if column.field.name in rule.fields]
    if not given or len(given) < len(rule.fields):
        return
    mine, theirs, moved = [], [], []
    for column in given:
        stored = f"o.{name(column.field.name)}"
        mine.append(key_sql(column.field, f"t.{column.typed}"))
        theirs.append(key_sql(column.field, stored))
        moved.append(f"{mine[-1]} is distinct from {theirs[-1]}")
    live = "and not o.IsDeleted" if write.target.find("IsDeleted") else ""
    table = staging.name_of(write)
    cursor.execute(
        "create or replace temp table movers as "
        f"select t.n, m.id, {', '.join(f'{key} as k{at}' for at, key in enumerate(mine))} "
        f"from typed t join matched m using (n) left join {table} o on o.Id = m.id "
        f"where (m.created or {' or '.join(moved)}) and t.n not in (select n from faults)"
    )
    same = " and ".join(f"{key} = w.k{at}" for at, key in enumerate(theirs))
    cursor.execute(
        f"create or replace temp table duplicates as select w.n, list(o.Id order by o.Id)[:{MOST}] "
        f"as ids from movers w join {table} o on {same} {live} "
        "where o.Id is distinct from w.id group by w.n"
    )
    fault = fault_sql(CODE, literal(rule.message))
    cursor.execute(f"insert into faults select n, {staging.DUPLICATE}, {fault} from duplicates")


def rule_of(org: Org, object_name: str) -> DuplicateRule | None:
    """Give the rule of an object."""
    for rule in org.settings.duplicate_rules:
        if rule.object.lower() == object_name.lower():
            return rule
    return None


def matches_of(cursor: duckdb.DuckDBPyConnection, numbers: list[int]) -> dict[int, list[str]]:
    """Give the records that refused rows of the last `check` look like."""
    if not numbers:
        return {}
    listed = ", ".join(map(str, numbers))
    rows = cursor.execute(f"select n, ids from duplicates where n in ({listed})").fetchall()
    return {number: list(found) for number, found in rows}
