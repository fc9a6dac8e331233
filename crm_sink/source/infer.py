"""Types for columns of text: a column has a type when every one of its values has it.

A sample proposes and the whole column decides, so that no row far down can break a run. What is
not plainly a number stays text: `007` and `+49 170` are keys, not quantities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal, moment, name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine

SAMPLE_ROWS = 2_000
TEXT = "varchar"
NOTHING = "null"

POINT = r"(\d+\.\d*|\.\d+)"
DOUBLE = rf"[-+]?(\d+|{POINT}|{POINT}e\d+|(\d+|{POINT})e[-+]\d+|inf|infinity|nan)"
DAY = r"\d{4}-\d\d-\d\d"
TIME = rf"{DAY}[ T]\d\d:\d\d(:\d\d(\.\d+)?)?"
ZONE = r" ?([Zz]|UTC|[+-]\d\d(:?\d\d)?)"

# A type, and the condition under which a trimmed text VALUE has it. The first that fits is taken.
# A bigint reads back as it was written. A double is no integer of more than 15 digits: those are
# ids, and a double would change them. Nor is it `12_34`, which DuckDB takes for 1234, or `1E5`:
# programs write a point or a sign with an exponent (1.0E5, 1e-05).
TESTS = {
    "bigint": "cast(try_cast(VALUE as bigint) as varchar) = VALUE",
    "double": "try_cast(VALUE as double) is not null"
    f" and regexp_full_match(lower(VALUE), {literal(DOUBLE)})"
    r" and not regexp_matches(VALUE, '^([-+]?0\d|\+|[-+]?\d{16,}$)')",
    "boolean": "lower(VALUE) in ('true', 'false')",
    "date": f"try_cast(VALUE as date) is not null and regexp_full_match(VALUE, {literal(DAY)})",
    "timestamp": "try_cast(VALUE as timestamp) is not null"
    f" and regexp_full_match(VALUE, {literal(TIME)})",
    "timestamptz": f"{moment('VALUE')} is not null"
    f" and regexp_full_match(VALUE, {literal(TIME + ZONE)})",
}


def infer_types(columns: Sequence[str], table: str, engine: Engine) -> dict[str, str]:
    """Give for each text column the SQL expression that types it.

    Args:
        columns: Names of VARCHAR columns.
        table: A SQL table expression that has them.
        engine: Where it can be read.

    Returns:
        The expression for each column. One without any value is a bare null, which fits
        wherever an expression needs a number, a text or a date.
    """
    chosen = dict.fromkeys(columns, "")
    sample = f"(select * from {table} limit {SAMPLE_ROWS})"
    fitting = _fitting({column: [*TESTS, NOTHING] for column in columns}, sample, engine)
    while open_columns := [column for column in columns if not chosen[column]]:
        proposals = {column: fitting[column][:1] for column in open_columns}
        held = _fitting(proposals, table, engine)
        for column in open_columns:
            if not fitting[column]:
                chosen[column] = TEXT
            elif held[column]:
                chosen[column] = held[column][0]
            else:
                fitting[column] = _next(fitting[column])
    return {column: _typed(column, kind) for column, kind in chosen.items()}


def _next(kinds: list[str]) -> list[str]:
    """Drop the proposal that failed; a column that seemed empty may be anything."""
    return list(TESTS) if kinds[0] == NOTHING else kinds[1:]


def _fitting(kinds: dict[str, list[str]], table: str, engine: Engine) -> dict[str, list[str]]:
    """Give those of the proposed types that every value of the table has."""
    asked = [(column, kind) for column, proposed in kinds.items() for kind in proposed]
    fitting: dict[str, list[str]] = {column: [] for column in kinds}
    if not asked:
        return fitting
    tests = ", ".join(_test(column, kind) for column, kind in asked)
    answers = engine.rows(f"select {tests} from {table}")[0]
    for (column, kind), holds in zip(asked, answers, strict=True):
        if holds:
            fitting[column].append(kind)
    empty = [column for column, found in fitting.items() if NOTHING in found]
    return {column: [NOTHING] if column in empty else found for column, found in fitting.items()}


def _test(column: str, kind: str) -> str:
    value = _trimmed(column)
    if kind == NOTHING:
        return f"count({value}) = 0"
    condition = TESTS[kind].replace("VALUE", value)
    return f"bool_and({value} is null or coalesce({condition}, false))"


def _typed(column: str, kind: str) -> str:
    if kind == TEXT:
        return name(column)
    if kind == NOTHING:
        return NOTHING
    if kind == "timestamptz":
        return moment(_trimmed(column))
    return f"cast({_trimmed(column)} as {kind})"


def _trimmed(column: str) -> str:
    return f"nullif(trim({name(column)}), '')"
