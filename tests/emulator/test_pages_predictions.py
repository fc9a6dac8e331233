"""Which fields are a prediction, and how it is put into words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crm_sink.emulator.pages.predictions import Reason, predict, prediction_fields, reasons, tone
from crm_sink.emulator.pages.showing import ago, number, shown
from crm_sink.emulator.schema import ObjectType
from crm_sink.emulator.seed import custom_field
from crm_sink.emulator.seed.demo import PREDICTIONS

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def with_fields(*texts: str) -> ObjectType:
    fields = [custom_field(*text.split(" ", 1)) for text in texts]
    return ObjectType("O", "O", "Os", "a00", {one.name.lower(): one for one in fields})


@pytest.mark.parametrize(
    ("object_name", "title"),
    [
        ("Lead", "Propensity Score"),
        ("Account", "Churn Risk"),
        ("Contact", "Next Best Offer"),
        ("Opportunity", "Win Probability"),
    ],
)
def test_every_field_of_the_demo_is_a_part_of_one_prediction(object_name: str, title: str) -> None:
    fields = {one.name.lower(): one for one in PREDICTIONS[object_name]}
    (found,) = prediction_fields(ObjectType("O", "O", "Os", "a00", fields))
    assert found.title == title
    assert sorted(found.names()) == sorted(one.name for one in PREDICTIONS[object_name])


def test_two_predictions_share_fields_by_their_words() -> None:
    target = with_fields(
        "Churn_Risk__c Percent(5, 2)", "Upsell_Score__c Number(3, 0)",
        "Upsell_Band__c Picklist(High, Low)", "Churn_Band__c Picklist(High, Low)",
    )  # fmt: skip
    assert [found.names() for found in prediction_fields(target)] == [
        ["Churn_Risk__c", "Churn_Band__c"],
        ["Upsell_Score__c", "Upsell_Band__c"],
    ]


def test_an_object_without_predictions_has_none() -> None:
    assert prediction_fields(with_fields("Region__c Text(40)", "Founded__c Date")) == []


def test_a_score_from_0_to_1_fills_its_share() -> None:
    (found,) = prediction_fields(with_fields("Win_Score__c Number(3, 2)"))
    prediction = predict(found, {"Win_Score__c": 0.25}, NOW)
    assert (prediction.score, prediction.share) == ("0.25", 25.0)


@pytest.mark.parametrize(
    ("value", "share"), [(0.0, 0.0), (87.0, 87.0), (140.0, 100.0), (-3.0, 0.0)]
)
def test_the_share_stays_in_its_ring(value: float, share: float) -> None:
    (found,) = prediction_fields(with_fields("Lead_Score__c Number(3, 0)"))
    assert predict(found, {"Lead_Score__c": value}, NOW).share == share


def test_a_record_without_values_is_not_scored() -> None:
    (found,) = prediction_fields(with_fields("Lead_Score__c Number(3, 0)"))
    prediction = predict(found, {"Lead_Score__c": None}, NOW)
    assert (prediction.is_scored, prediction.score) == (False, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. Visited pricing page (+)\n2. Days idle (-)",
         [Reason("Visited pricing page", "up"), Reason("Days idle", "down")]),
        ("Opened mail; No login", [Reason("Opened mail"), Reason("No login")]),
        ("1. One 2. Two", [Reason("One"), Reason("Two")]),
        ("- only one", [Reason("only one")]),
        ("Paid 3.5 times more", [Reason("Paid 3.5 times more")]),
        ("", []),
        (None, []),
    ],
)  # fmt: skip
def test_reasons_are_split_and_lose_their_numbers(text: object, found: list[Reason]) -> None:
    assert reasons(text) == found


def test_a_high_risk_is_red_and_a_high_chance_is_green() -> None:
    assert (tone("High", is_danger=True), tone("high", is_danger=False)) == ("hot", "good")
    assert tone("Platinum", is_danger=False) == "plain"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-20 05:59:30", "just now"),
        ("2026-11-20 05:58:59", "1 minute ago"),
        ("2026-11-20 03:00:00", "3 hours ago"),
        ("2026-11-18 06:00:00", "2 days ago"),
        ("2026-08-01 06:00:00", "3 months ago"),
        ("2024-11-01 06:00:00", "2 years ago"),
        ("2026-11-21 06:00:00", "in the future (2026-11-21 06:00:00 UTC)"),
    ],
)
def test_ago(moment: str, text: str) -> None:
    assert ago(datetime.fromisoformat(moment), NOW) == text


@pytest.mark.parametrize(
    ("value", "kind", "scale", "text"),
    [
        (None, "string", 0, ""),
        (1234567.5, "currency", 2, "$1,234,567.50"),
        (12.5, "percent", 2, "12.5%"),
        (1000, "int", 0, "1,000"),
        (-0.0, "double", 0, "0"),
        (True, "boolean", 0, "Yes"),
        (date(2026, 3, 1), "date", 0, "Mar 1, 2026"),
        (datetime(2026, 3, 1, 7, 5), "datetime", 0, "Mar 1, 2026, 07:05 UTC"),
    ],
)
def test_values_as_people_read_them(value: object, kind: str, scale: int, text: str) -> None:
    assert shown(value, kind, scale) == text


def test_numbers_lose_zeros_that_say_nothing() -> None:
    assert [number(one) for one in (87.0, 64.25, 1234.5, 0.0)] == ["87", "64.25", "1,234.5", "0"]
