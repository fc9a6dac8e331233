"""Strikes single rows of a write, after they were judged and before they are applied.

Not imitated: what a trigger would have done to the rows that pass.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql
from crm_sink.emulator.faults.kinds import COLLATERAL, Words
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.faults.rule import Rule
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org

# Triggers see the rows of a write by 200 (facts 4.9).
CHUNK = 200
RANGE = 1 << 64  # of the half of an MD5 sum


def strike(cursor: duckdb.DuckDBPyConnection, org: Org, write: Write, source: Source) -> None:
    """Add to `refused` the rows that rules strike.

    A row of an upsert is known by its key, another by its record's id, a new one by all it says.
    """
    api = "ingest" if source.job else "rest"
    for rule in org.faults.for_rows(write.target.name, write.operation, api):
        met = _met(cursor, rule, write)
        struck = org.faults.on_rows(rule, met, source.job or source.request or "")
        if not struck:
            continue
        words = Words(rule.error_code, rule.error_message)
        _refuse(cursor, f"select n from {_listed(struck)}", words, rule.fields)
        if rule.collateral:
            chunks = f"select n // {CHUNK} from {_listed(struck)}"
            others = f"select n from matched where n // {CHUNK} in ({chunks})"
            _refuse(cursor, others, COLLATERAL, ())


def _met(cursor: duckdb.DuckDBPyConnection, rule: Rule, write: Write) -> list[tuple[int, str]]:
    """Give the rows that a rule's conditions hold for, whatever their number of attempts."""
    by_key = write.external is not None and write.external.type != "id"
    cells = ", ".join(["''", *(f"s.{column.raw}" for column in write.columns)])
    row = "raw" if by_key else f"case when created then md5(concat_ws('|', {cells})) else m.id end"
    wanted = ["n not in (select n from refused)"]
    if rule.ids:
        wanted.append(f"m.id in ({_texts(ids.normal(one) or one for one in rule.ids)})")
    for name, values in rule.keys.items():
        field = write.target.find(name)
        column = write.column_of(field) if field is not None else None
        wanted.append(f"s.{column.raw} in ({_texts(values)})" if column and values else "false")
    if rule.probability < 1:
        # The same rows under the same seed, in whatever order and company they come.
        drawn = f"md5_number_lower({literal(f'{rule.seed}:')} || ({row}))"
        wanted.append(f"{drawn} < {int(rule.probability * RANGE)}::uhugeint")
    return cursor.execute(
        f"select n, {row} from matched m join stage s using (n) "
        f"where {' and '.join(wanted)} order by n"
    ).fetchall()


def _texts(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)


def _refuse(
    cursor: duckdb.DuckDBPyConnection, rows: str, words: Words, fields: tuple[str, ...]
) -> None:
    fault = fault_sql(words.code, literal(words.message), *fields)
    cursor.execute(
        f"insert into refused select n, {staging.INJECTED}, {fault} from ({rows}) "
        "where n not in (select n from refused)"
    )


def _listed(numbers: list[int]) -> str:
    return f"(select unnest(from_json('{json.dumps(numbers)}', '[\"BIGINT\"]')) as n)"
