"""The demo's scoring job is a real one: deterministic, better than chance, and explained."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "scoring_job.py"
Rows = list[tuple[Any, ...]]
RunJob = Callable[..., Path]


@pytest.fixture(scope="module")
def job() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scoring_job", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scoring_job"] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_job(job: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunJob:
    """Run the job for 500 leads (or as told) and give the path of its file."""

    def run(*options: str, out: str = "scores.parquet") -> Path:
        path = tmp_path / "predictions" / out
        monkeypatch.setattr(
            sys, "argv", ["scoring_job.py", "--leads", "500", "--out", str(path), *options]
        )
        job.main()
        return path

    return run


def rows(query: str, path: Path) -> Rows:
    return duckdb.sql(query.replace("scores", f"read_parquet('{path}')")).fetchall()


def test_the_columns_are_what_the_mapping_reads(run_job: RunJob) -> None:
    columns = {name: kind for name, kind, *_ in rows("describe from scores", run_job())}
    factors = 'STRUCT(feature VARCHAR, "value" DOUBLE, contribution DOUBLE)[]'
    assert columns == {
        "prospect_id": "VARCHAR",
        "score": "DOUBLE",
        "top_factors": factors,
        "segment": "VARCHAR",
        "model_version": "VARCHAR",
        "scored_at": "TIMESTAMP WITH TIME ZONE",
    }


def test_the_same_seed_gives_the_same_file_and_another_seed_another(run_job: RunJob) -> None:
    first, again = run_job(out="a.parquet"), run_job(out="b.parquet")
    other = run_job("--seed", "8", out="c.parquet")
    assert first.read_bytes() == again.read_bytes()
    assert rows("select score from scores", first) != rows("select score from scores", other)


def test_the_model_ranks_leads_it_has_not_seen(job: ModuleType) -> None:
    """An AUC of 0.5 is chance; one near 1 would mean that the answer leaked into the features."""
    assert 0.7 < job.train(seed=7).auc < 0.95


def test_the_contributions_and_the_intercept_sum_to_the_log_odds(job: ModuleType) -> None:
    import numpy as np

    model = job.train(seed=7)
    parts = job.contributions(job.behaviour(np.random.default_rng(1), 50), model)
    chance = job.scores(parts, model)
    assert np.log(chance / (1 - chance)) == pytest.approx(parts.sum(axis=1) + model.intercept)


def test_the_five_largest_factors_are_listed_largest_first(run_job: RunJob) -> None:
    listed = rows("select [abs(f.contribution) for f in top_factors] from scores", run_job())
    assert all(len(factors) == 5 for (factors,) in listed)
    assert all(factors == sorted(factors, reverse=True) for (factors,) in listed)


def test_keys_are_numbered_and_scores_are_chances(run_job: RunJob) -> None:
    path = run_job("--leads", "1000")
    query = "select min(prospect_id), max(prospect_id), count(distinct prospect_id) from scores"
    assert rows(query, path) == [("P-000001", "P-001000", 1000)]
    assert rows("select count(*) from scores where score between 0 and 1", path) == [(1000,)]


def test_leads_that_behaved_since_and_only_they_get_other_scores(run_job: RunJob) -> None:
    """The others keep score and time: a sync finds nothing to change in them."""
    path = run_job("--scored-at", "2026-11-20T06:00:00Z")
    before = dict(rows("select prospect_id, (score, epoch(scored_at)) from scores", path))
    run_job("--scored-at", "2026-11-21T06:00:00Z", "--shift", "20")
    after = dict(rows("select prospect_id, (score, epoch(scored_at)) from scores", path))
    moved = [key for key in before if before[key] != after[key]]
    assert len(moved) == 20
    assert all(abs(before[key][0] - after[key][0]) > 0.05 for key in moved)
    assert {after[key][1] for key in moved} == {datetime(2026, 11, 21, 6, tzinfo=UTC).timestamp()}


@pytest.mark.parametrize(
    ("told", "moment"),
    [("2026-11-20T06:00:00Z", 6), ("2026-11-20T06:00:00", 6), ("2026-11-20T06:00:00+02:00", 4)],
)
def test_scored_at_is_utc(run_job: RunJob, told: str, moment: int) -> None:
    path = run_job("--scored-at", told)
    expected = datetime(2026, 11, 20, moment, tzinfo=UTC).timestamp()
    assert rows("select distinct epoch(scored_at) from scores", path) == [(expected,)]


def test_bad_predictions_are_bad_in_the_four_promised_ways(run_job: RunJob) -> None:
    path = run_job("--bad")
    twins = "select prospect_id from scores group by all having count(*) > 1"
    assert rows("select count(*) from scores where prospect_id = 'P-UNKNOWN'", path) == [(1,)]
    assert rows(twins, path) == [("P-000001",)]
    long = "select prospect_id from scores where length(model_version) > 40"
    assert rows(long, path) == [("P-000005",)]
    known = "('Small business', 'Mid-market', 'Enterprise')"
    odd = f"select prospect_id, segment from scores where segment not in {known}"
    assert rows(odd, path) == [("P-000008", "Galactic")]


def test_good_predictions_are_the_same_beside_bad_ones(run_job: RunJob) -> None:
    good = "select * exclude (scored_at) from scores where prospect_id between 'P-000009' and 'P-1'"
    assert rows(good, run_job("--bad")) == rows(good, run_job(out="good.parquet"))


def test_a_job_in_many_batches_has_every_lead_once(
    run_job: RunJob, job: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 100)
    path = run_job("--leads", "250", "--shift", "250")
    query = "select count(*), count(distinct prospect_id), count(distinct score) from scores"
    assert rows(query, path)[0][:2] == (250, 250)
    assert rows(query, path)[0][2] > 200


def test_a_job_for_no_leads_is_refused(run_job: RunJob) -> None:
    with pytest.raises(SystemExit, match="2"):
        run_job("--leads", "0")
