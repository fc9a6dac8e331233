"""What a batch of predictions looks like, as a few figures that the next run can compare with.

The batch is measured and not judged here. No value of a single record is kept but the newest and
oldest time of scoring: a histogram's edges are quantiles.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crm_sink.engine import moment, name
from crm_sink.errors import UsageError
from crm_sink.mapping.check import lacking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crm_sink.engine import Engine
    from crm_sink.mapping.model import Gates

# The years 1 to 9999 as seconds, which Python's dates know. A wrong unit makes times far beyond.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def profile(
    table: str,
    columns: dict[str, str],
    gates: Gates | None,
    engine: Engine,
    baseline: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure a batch in one pass, and in a second over the drift column alone to fill its bins.

    Args:
        table: A table expression of the predictions.
        columns: Its columns and their DuckDB types.
        gates: Which columns to measure.
        engine: Where to compute.
        baseline: The last run's profile: rows are also counted on its histogram's edges.

    Returns:
        `rows`; for the freshness gate `freshness` = {column, newest, oldest (UTC, ISO 8601, or
        null), nulls (rows without a time)}; for the drift gate `drift` = {column, edges (up to
        nine, ascending), counts (one more: a bin ends at its edge and includes it), nulls, nan,
        compared = {edges, counts} on the baseline's edges, or null}. All JSON-able.

    Raises:
        UsageError: A gate's column is missing, or is not a time or a number as it must be.
    """
    wanted = gates.freshness.column if gates and gates.freshness else None
    time = _column(wanted, columns, "freshness")
    wanted = gates.drift.column if gates and gates.drift else None
    number = _column(wanted, columns, "drift")
    edges = _baseline_edges(baseline, number)
    select = ["count(*)", *_time_measures(time, columns), *_number_measures(number, edges)]
    row = engine.rows(f"select {', '.join(select)} from {table}")[0]
    facts: dict[str, Any] = {"rows": row[0]}
    if time is not None:
        facts["freshness"] = _freshness(time, row)
    if number is not None:
        facts["drift"] = _drift(number, row, edges, lambda sql: engine.rows(f"{sql} from {table}"))
    return facts


def _column(wanted: str | None, columns: dict[str, str], gate: str) -> str | None:
    """Give the column as the batch spells it: DuckDB's names have no case."""
    if wanted is None:
        return None
    found = {column.lower(): column for column in columns}.get(wanted.lower())
    if found is None:
        raise UsageError(
            f"the {gate} gate looks at column {wanted}, which the predictions do not have",
            hint=f"set gates.{gate}.column to one of {', '.join(columns)}",
        )
    need = lacking(gate, columns[found])
    if need:
        raise UsageError(
            f"the {gate} gate needs a {need}, and column {found} is {columns[found].upper()}",
            hint=f"set gates.{gate}.column to a column that holds a {need}",
        )
    return found


def _baseline_edges(baseline: dict[str, Any] | None, column: str | None) -> list[float] | None:
    earlier = (baseline or {}).get("drift")
    if not earlier or earlier["column"] != column:
        return None
    edges: list[float] = earlier["edges"]
    return edges


def _time_measures(column: str | None, columns: dict[str, str]) -> list[str]:
    """Give three aggregates: newest and oldest time as seconds, and how many rows have one."""
    if column is None:
        return ["null"] * 3
    time = f"try_cast({name(column)} as timestamptz)"  # without a zone it is UTC, as the session
    if columns[column].upper().startswith("VARCHAR"):
        time = moment(name(column))
    known = f"filter (where isfinite({time}))"
    return [f"epoch(max({time}) {known})", f"epoch(min({time}) {known})", f"count(*) {known}"]


def _number_measures(column: str | None, edges: list[float] | None) -> list[str]:
    """Give the aggregates numbers (NaN included), NaN, quantiles, rows up to each edge."""
    if column is None:
        return []
    value = _value(column)
    quantiles = f"approx_quantile({value}, {QUANTILES}) filter (where isfinite({value}))"
    nan = f"count(*) filter (where isnan({value}))"
    return [f"count({value})", nan, quantiles, *_up_to(column, edges or [])]


def _value(column: str) -> str:
    return f"cast({name(column)} as double)"


def _up_to(column: str, edges: list[float]) -> list[str]:
    """Give the aggregates that count the rows up to each edge; NaN is above them all."""
    return [f"count(*) filter (where {_value(column)} <= {edge!r}::double)" for edge in edges]


def _freshness(column: str, row: tuple[Any, ...]) -> dict[str, Any]:
    rows, newest, oldest, timed = row[:4]
    return {
        "column": column,
        "newest": _iso(newest),
        "oldest": _iso(oldest),
        "nulls": rows - timed,
    }


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    within = min(max(int(seconds), FIRST_SECOND), LAST_SECOND)
    return datetime.fromtimestamp(within, UTC).isoformat().replace("+00:00", "Z")


def _drift(
    column: str,
    row: tuple[Any, ...],
    baseline_edges: list[float] | None,
    scan: Callable[[str], list[tuple[Any, ...]]],
) -> dict[str, Any]:
    rows, (numbers, nan, quantiles), on_baseline = row[0], row[4:7], row[7:]
    edges = sorted(set(quantiles or []))
    own = scan(f"select {', '.join(_up_to(column, edges))}")[0] if edges else ()
    compared = None
    if baseline_edges is not None:
        compared = {"edges": baseline_edges, "counts": _counts(on_baseline, numbers - nan)}
    return {
        "column": column,
        "edges": edges,
        "counts": _counts(own, numbers - nan),
        "nulls": rows - numbers,
        "nan": nan,
        "compared": compared,
    }


def _counts(up_to: Sequence[int], total: int) -> list[int]:
    """Turn running counts into one count for each bin, the last bin above the last edge."""
    return [upper - lower for lower, upper in pairwise([0, *up_to, total])]
