"""8,800 real deals get a real job's predictions, and each value is looked at afterwards.

What should be there is computed here with pandas, from the Parquet file alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from .conftest import DATA, MAPPING, MISLAID

if TYPE_CHECKING:
    from .conftest import Pipeline

DEALS = 8_800
OURS = ["Win_Probability__c", "Win_Band__c", "Win_Reasons__c", "Win_Scored_At__c"]
THEIRS = ["Id", "Name", "Product__c", "StageName", "CloseDate", "Amount", "OwnerId", "CreatedDate"]
SOQL = (
    f"SELECT Deal_Id__c, {', '.join(THEIRS)}, {', '.join(OURS)}, Owner.Name, Account.Name "
    "FROM Opportunity"
)


@dataclass(frozen=True)
class Pushed:
    """The deals by their key before and after the sync, the run, and a second one."""

    before: pd.DataFrame
    after: pd.DataFrame
    run: dict[str, Any]
    again: dict[str, Any]
    predictions: pd.DataFrame


@pytest.fixture(scope="module")
def pushed(pipeline: Pipeline) -> Pushed:
    pipeline.mislay_accounts()
    before = pipeline.read(SOQL)
    run = pipeline.crm_sink("sync", str(MAPPING), "--target", "local")
    after = pipeline.read(SOQL)
    return Pushed(
        before=before.set_index("Deal_Id__c").sort_index(),
        after=after.set_index("Deal_Id__c").sort_index(),
        run=run,
        again=pipeline.crm_sink("sync", str(MAPPING), "--target", "local"),
        predictions=pd.read_parquet(DATA / "predictions.parquet")
        .set_index("opportunity_id")
        .sort_index(),
    )


def reasons(factors: list[dict[str, Any]]) -> str:
    heaviest = sorted(factors, key=lambda factor: -abs(factor["contribution"]))[:3]
    return "\n".join(
        f"{place}. {factor['feature'][0].upper()}{factor['feature'][1:].replace('_', ' ')} "
        f"({'+' if factor['contribution'] > 0 else '-'})"
        for place, factor in enumerate(heaviest, start=1)
    )


def test_the_mapping_holds_for_source_org_and_examples(pipeline: Pipeline) -> None:
    assert pipeline.crm_sink("validate", str(MAPPING), "--target", "local") == []


def test_the_org_holds_the_pipeline_as_the_csv_file_has_it(pushed: Pushed) -> None:
    """Open deals have no close date in the file; `GTXPro` is spelt as there."""
    file = pd.read_csv(DATA / "sales_pipeline.csv").set_index("opportunity_id").sort_index()
    held = pushed.before
    assert list(held.index) == list(file.index)
    closed = pd.to_datetime(file["close_date"].fillna("12/31/2017"), format="%m/%d/%Y")
    assert (held["CloseDate"] == closed.dt.strftime("%Y-%m-%d")).all()
    assert (held["Product__c"] == file["product"]).all()
    assert (held["Product__c"] == "GTXPro").sum() > 0
    assert (held["Owner.Name"] == file["sales_agent"]).all()
    pd.testing.assert_series_equal(held["Amount"], file["close_value"], check_names=False)
    won = file["deal_stage"] == "Won"
    assert ((held["StageName"] == "Closed Won") == won).all()


def test_every_deal_was_written_through_bulk(pushed: Pushed) -> None:
    counts = {name: pushed.run[name] for name in ("source_rows", "updated", "rejected", "created")}
    assert counts == {"source_rows": DEALS, "updated": DEALS, "rejected": 0, "created": 0}
    assert (pushed.run["api"], pushed.run["state"]) == ("bulk", "done")
    assert len(pushed.after) == DEALS


def test_each_probability_is_the_one_of_the_file(pushed: Pushed) -> None:
    """In percent, rounded to the two places of the field."""
    held = pushed.after["Win_Probability__c"]
    assert ((held - 100 * pushed.predictions["win_probability"]).abs() < 0.005 + 1e-9).all()
    assert (held == held.round(2)).all()


def test_each_band_follows_from_the_probability(pushed: Pushed) -> None:
    bins = pd.cut(
        pushed.predictions["win_probability"],
        [0, 0.6, 0.65, 1],
        right=False,
        labels=["Low", "Medium", "High"],
    )
    assert (pushed.after["Win_Band__c"] == bins.astype(str)).all()
    assert set(pushed.after["Win_Band__c"]) == {"Low", "Medium", "High"}


def test_each_text_of_reasons_names_the_heaviest_factors(pushed: Pushed) -> None:
    wanted = pushed.predictions["top_factors"].map(reasons)
    assert (pushed.after["Win_Reasons__c"] == wanted).all()
    assert pushed.after["Win_Reasons__c"].str.contains("Product GTXPro", regex=False).any()


def test_each_time_is_the_one_of_the_file(pushed: Pushed) -> None:
    held = pd.to_datetime(pushed.after["Win_Scored_At__c"], utc=True)
    assert (held == pushed.predictions["scored_at"]).all()


def test_each_deal_lies_at_the_account_of_the_file(pushed: Pushed) -> None:
    """Deals that had lost their account have it again; where the job knows none, none is set."""
    known = pushed.predictions["account"].notna()
    assert pushed.before.loc[known, "Account.Name"].isna().sum() == MISLAID
    accounts = pushed.after["Account.Name"]
    assert (accounts[known] == pushed.predictions.loc[known, "account"]).all()
    assert accounts[~known].isna().all()


def test_nothing_else_was_changed(pushed: Pushed) -> None:
    pd.testing.assert_frame_equal(pushed.before[THEIRS], pushed.after[THEIRS])
    assert pushed.before[OURS].isna().all().all()


def test_a_second_sync_writes_nothing(pushed: Pushed) -> None:
    counts = {name: pushed.again[name] for name in ("unchanged", "updated", "uploaded_bytes")}
    assert counts == {"unchanged": DEALS, "updated": 0, "uploaded_bytes": 0}
    assert (pushed.again["api"], pushed.again["jobs"]) == (None, [])
