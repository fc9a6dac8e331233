"""The org's allowance of calls is known from every answer, and asked for only when it is not."""

from __future__ import annotations

import pytest

from crm_sink.crm.call import Allowance
from crm_sink.crm.contract import Budget
from crm_sink.salesforce.allowance import allowance_of
from tests.salesforce.conftest import Client, Reply, Wire


@pytest.mark.parametrize(
    ("header", "allowance"),
    [
        ("api-usage=17/15000", Allowance(17, 15000)),
        (
            "per-app-api-usage=3/250(appName=x); api-usage=17/15000",
            Allowance(17, 15000),
        ),
        ("per-app-api-usage=3/250(appName=x)", None),
        ("", None),
    ],
)
def test_the_orgs_own_usage_is_read(header: str, allowance: Allowance | None) -> None:
    assert allowance_of(header) == allowance


def test_the_last_answer_tells_the_budget_without_a_call(wire: Wire, client: Client) -> None:
    usage = {"Sforce-Limit-Info": "api-usage=14999/15000"}
    body = {"name": "Lead", "label": "Lead", "keyPrefix": "00Q", "fields": []}
    wire.on("GET", "/sobjects/Lead/describe", Reply(body, headers=usage))
    client.crm.describe("Lead")
    assert client.crm.budget() == Budget(limit=15000, remaining=1, calls_made=1)


def test_limits_are_asked_for_when_no_answer_told_them(wire: Wire, client: Client) -> None:
    wire.on("GET", "/limits", Reply({"DailyApiRequests": {"Max": 15000, "Remaining": 14000}}))
    assert client.crm.budget() == Budget(limit=15000, remaining=14000, calls_made=1)


def test_an_org_that_overshot_has_nothing_left(wire: Wire, client: Client) -> None:
    wire.on("GET", "/limits", Reply({"DailyApiRequests": {"Max": 100, "Remaining": -7}}))
    assert client.crm.budget().remaining == 0
