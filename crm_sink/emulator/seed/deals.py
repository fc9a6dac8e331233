"""The columns of seeded opportunities: stage, money and dates that fit together.

Not imitated: opportunity products, contact roles, stage history.
"""

from __future__ import annotations

from crm_sink.emulator.seed import words
from crm_sink.emulator.seed.columns import SOURCES, Columns, Past, Recipe, audit
from crm_sink.emulator.seed.draws import Draws
from crm_sink.emulator.sql import literal
from crm_sink.emulator.standard_fields.picklists import STAGES

STAGE_WEIGHTS: dict[str | None, int] = {
    "Prospecting": 12,
    "Qualification": 12,
    "Needs Analysis": 9,
    "Value Proposition": 8,
    "Id. Decision Makers": 6,
    "Perception Analysis": 5,
    "Proposal/Price Quote": 8,
    "Negotiation/Review": 6,
    "Closed Won": 20,
    "Closed Lost": 14,
}
# Open deals close in the coming half year, closed ones did in the past one.
HALF_YEAR = 180


def opportunity(draws: Draws, past: Past) -> Recipe:
    """Give the columns of opportunities, each with the account whose columns are `account_…`."""
    amount = f"(({draws.below(60, 'amount')} + 2) * 250 * (1 << {draws.below(5, 'big')}))::double"
    helpers = {
        "stage": draws.weighted(STAGE_WEIGHTS, "stage"),
        "amount": amount,
        "days": f"{draws.below(HALF_YEAR, 'close')} + 1",
    }
    sign = "case when stage in ('Closed Won', 'Closed Lost') then -1 else 1 end"
    closes = f"(date '{past.now:%Y-%m-%d}' + ({sign} * days)::integer)"
    product = draws.one_of(words.PRODUCTS, "product")
    columns = {
        "Name": f"coalesce(account_name || ' - ', '') || {product}",
        "AccountId": "account_id",
        "IsPrivate": "false",
        "StageName": "stage",
        "Amount": "amount",
        "CloseDate": closes,
        **derived("stage", "amount", closes),
        "Type": draws.one_of(("New Customer", "Existing Customer - Upgrade"), "type"),
        "NextStep": draws.one_of(words.NEXT_STEPS, "next"),
        "LeadSource": draws.weighted(SOURCES, "source"),
        "OwnerId": "account_owner",
        "Deal_Id__c": "printf('D-%06d', i)",
        **audit(draws, past),
    }
    return Recipe(columns, helpers)


def derived(stage: str, amount: str, closes: str) -> Columns:
    """Give the columns that Salesforce fills in from stage, amount and close date."""
    probability = of_stage(stage, {name: str(one[0]) for name, one in STAGES.items()})
    forecast = of_stage(stage, {name: literal(one[3]) for name, one in STAGES.items()})
    quarter, year = f"quarter({closes})", f"year({closes})"
    return {
        "Probability": f"({probability})::double",
        "ExpectedRevenue": f"({amount}) * ({probability}) / 100",
        "IsClosed": of_stage(stage, {n: str(one[1]).lower() for n, one in STAGES.items()}, "false"),
        "IsWon": of_stage(stage, {n: str(one[2]).lower() for n, one in STAGES.items()}, "false"),
        "ForecastCategory": forecast,
        "ForecastCategoryName": forecast,
        "HasOpportunityLineItem": "false",
        "FiscalQuarter": f"({quarter})::integer",
        "FiscalYear": f"({year})::integer",
        "Fiscal": f"{year} || ' ' || {quarter}",
        "HasOpenActivity": "false",
        "HasOverdueTask": "false",
    }


def of_stage(stage: str, values: dict[str, str], otherwise: str = "null") -> str:
    """Give the SQL that looks a stage up, whatever its case."""
    cases = " ".join(f"when {literal(name.lower())} then {sql}" for name, sql in values.items())
    return f"case lower({stage}) {cases} else {otherwise} end"
