from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_sink.engine import Engine, open_engine
from crm_sink.errors import UsageError
from crm_sink.gates.freshness import judge_freshness
from crm_sink.gates.profile import profile
from crm_sink.mapping.model import DriftGate, FreshnessGate, Gates

FRESHNESS = Gates(freshness=FreshnessGate(column="scored_at"))
HOURS = FreshnessGate(column="scored_at", hold_after="48h")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DRIFT = Gates(drift=DriftGate(column="score"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


def values(engine: Engine, column: str, kind: str, rows: str) -> tuple[str, dict[str, str]]:
    table = f"(select cast(v as {kind}) as {column} from (values {rows}) as t(v))"
    return table, engine.columns(table)


def test_a_batch_without_gates_is_counted(engine: Engine) -> None:
    assert profile("range(7)", {"range": "BIGINT"}, None, engine) == {"rows": 7}


@pytest.mark.parametrize(
    ("kind", "newest"),
    [
        ("timestamptz", "2026-11-20T06:00:00Z"),
        ("timestamp", "2026-11-20T08:00:00Z"),  # a cast drops the zone; without one it is UTC
        ("varchar", "2026-11-20T06:00:00Z"),
        ("date", "2026-11-20T00:00:00Z"),
    ],
)
def test_newest_and_oldest_are_utc_whatever_the_columns_type(
    engine: Engine, kind: str, newest: str
) -> None:
    rows = "('2026-11-20 08:00:00+02'), ('2026-11-01'), (null)"
    table, columns = values(engine, "scored_at", kind, rows)
    facts = profile(table, columns, FRESHNESS, engine)["freshness"]
    oldest = "2026-11-01T00:00:00Z"
    assert facts == {"column": "scored_at", "newest": newest, "oldest": oldest, "nulls": 1}


def test_a_time_in_text_may_have_a_blank_before_its_offset(engine: Engine) -> None:
    rows = "('2026-11-20 08:00:00 +0200'), ('2026-11-20 06:00:00 z')"
    table, columns = values(engine, "scored_at", "varchar", rows)
    facts = profile(table, columns, FRESHNESS, engine)["freshness"]
    assert (facts["newest"], facts["nulls"]) == ("2026-11-20T06:00:00Z", 0)


def test_what_is_no_time_counts_as_null(engine: Engine) -> None:
    table, columns = values(engine, "scored_at", "varchar", "('yesterday'), ('infinity'), ('')")
    facts = profile(table, columns, FRESHNESS, engine)["freshness"]
    assert facts == {"column": "scored_at", "newest": None, "oldest": None, "nulls": 3}


def test_the_bins_hold_a_tenth_each_and_every_number_once(engine: Engine) -> None:
    table = "(select i / 1000 as score from range(1000) t(i))"
    facts = profile(table, {"score": "DOUBLE"}, DRIFT, engine)["drift"]
    assert facts["edges"] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], abs=0.01)
    assert facts["counts"] == pytest.approx([100] * 10, abs=5)
    assert sum(facts["counts"]) == 1000


def test_null_nan_and_infinities_are_counted_apart_from_the_quantiles(engine: Engine) -> None:
    rows = "('0.5'), ('0.5'), (null), ('nan'), ('inf'), ('-inf')"
    table, columns = values(engine, "score", "double", rows)
    facts = profile(table, columns, DRIFT, engine)["drift"]
    assert facts["edges"] == [0.5]
    assert (facts["counts"], facts["nulls"], facts["nan"]) == ([3, 1], 1, 1)


def test_the_next_batch_is_counted_on_the_baselines_edges_too(engine: Engine) -> None:
    """Bins end at their edge and include it: at most 0.2, at most 0.4, above."""
    baseline = {"rows": 9, "drift": {"column": "score", "edges": [0.2, 0.4], "counts": [3, 3, 3]}}
    table, columns = values(
        engine, "score", "double", "('0.1'), ('0.2'), ('0.3'), ('0.9'), ('nan')"
    )
    facts = profile(table, columns, DRIFT, engine, baseline)["drift"]
    assert facts["compared"] == {"edges": [0.2, 0.4], "counts": [2, 1, 1]}


def test_a_baseline_of_another_column_is_not_compared(engine: Engine) -> None:
    baseline = {"rows": 9, "drift": {"column": "old", "edges": [0.2], "counts": [3, 6]}}
    table, columns = values(engine, "score", "double", "(0.1)")
    assert profile(table, columns, DRIFT, engine, baseline)["drift"]["compared"] is None


def test_a_column_without_a_number_has_one_empty_bin(engine: Engine) -> None:
    table, columns = values(engine, "score", "double", "(null), (null)")
    facts = profile(table, columns, DRIFT, engine)["drift"]
    assert (facts["edges"], facts["counts"], facts["nulls"]) == ([], [0], 2)


def test_a_column_without_any_value_need_have_no_type(engine: Engine) -> None:
    """A CSV column without a value has none: the gate judges, and does not blame the mapping."""
    table = "(select null as score, null as scored_at)"
    facts = profile(table, engine.columns(table), DRIFT, engine)["drift"]
    assert (facts["counts"], facts["nulls"]) == ([0], 1)
    facts = profile(table, engine.columns(table), FRESHNESS, engine)["freshness"]
    assert (facts["newest"], facts["nulls"]) == (None, 1)


def test_a_profile_survives_the_ledger_as_json(engine: Engine) -> None:
    table = "(select i / 7 as score, now() as scored_at from range(300) t(i))"
    gates = Gates(freshness=FRESHNESS.freshness, drift=DRIFT.drift)
    facts = profile(table, engine.columns(table), gates, engine)
    kept = json.loads(json.dumps(facts))
    assert kept == facts
    again = profile(table, engine.columns(table), gates, engine, kept)
    assert again["drift"]["compared"] == {
        "edges": facts["drift"]["edges"],
        "counts": facts["drift"]["counts"],
    }


def test_columns_are_found_whatever_their_case_and_spelling(engine: Engine) -> None:
    table, columns = values(engine, '"Pro""pensity"', "decimal(4, 3)", "(0.123)")
    gates = Gates(drift=DriftGate(column='pro"PENSITY'))
    facts = profile(table, columns, gates, engine)["drift"]
    assert (facts["column"], facts["edges"]) == ('Pro"pensity', pytest.approx([0.123]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"scores": "DOUBLE"}, "looks at column score, which the predictions do not have"),
        ({"score": "VARCHAR"}, "needs a number, and column score is VARCHAR"),
        ({"score": "DOUBLE[]"}, "needs a number, and column score is DOUBLE"),
    ],
)
def test_a_gate_on_a_wrong_column_says_so(
    engine: Engine, columns: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        profile("range(1)", columns, DRIFT, engine)


def test_a_freshness_gate_on_a_number_says_so(engine: Engine) -> None:
    with pytest.raises(UsageError, match="needs a time, and column scored_at is BIGINT"):
        profile("range(1)", {"scored_at": "BIGINT"}, FRESHNESS, engine)


@pytest.mark.parametrize(
    ("time", "newest"),
    [
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("57123-01-01", "9999-12-31T23:59:59Z"),  # milliseconds taken for microseconds
        ("0044-03-15 (BC)", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_time_beyond_pythons_years_is_the_last_that_it_knows(
    engine: Engine, time: str, newest: str
) -> None:
    table, columns = values(engine, "scored_at", "timestamp", f"('{time}')")
    facts = profile(table, columns, FRESHNESS, engine)["freshness"]
    assert facts["newest"] == newest
    assert judge_freshness(HOURS, {"rows": 1, "freshness": facts}, NOW).state == "hold"
