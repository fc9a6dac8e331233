"""Numbers of a request that are none, or too long for any count, are refused or passed over."""

from __future__ import annotations

from typing import Any

import pytest

LONG = "9" * 5000  # more digits than Python reads
SQUARE = "\u00b2"  # a digit to Python's `isdigit`, and no number


@pytest.mark.parametrize("number", [LONG, SQUARE])
@pytest.mark.parametrize(
    ("path", "key"),
    [("recent", "limit"), ("jobs/query", "queryLocator"), ("jobs/ingest", "queryLocator")],
)
def test_a_page_begins_as_if_it_were_not_said(api: Any, path: str, key: str, number: str) -> None:
    api.lead()
    assert api.get(path, params={key: number}).json() == api.get(path).json()


@pytest.mark.parametrize(
    "soql",
    [
        f"SELECT Id FROM Lead LIMIT {LONG}",
        f"SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:{LONG}",
        "SELECT Id FROM Lead WHERE CreatedDate > 0001-01-01T00:00:00+14:00",
    ],
)
def test_a_query_is_malformed(api: Any, soql: str) -> None:
    reply = api.get("query", params={"q": soql})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_a_size_of_pages_is_passed_over(api: Any) -> None:
    asked = {"Sforce-Query-Options": f"batchSize={LONG}"}
    assert api.get("query", params={"q": "SELECT Id FROM Lead"}, headers=asked).status_code == 200


def test_a_number_in_a_body_is_bad_json(api: Any) -> None:
    body = f'{{"LastName": "Doe", "Company": "Acme", "Score__c": {LONG}}}'
    reply = api.call("POST", "sobjects/Lead", data=body)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_place_in_an_earlier_answer_is_not_there(api: Any) -> None:
    root = "/services/data/v60.0"
    first = {"method": "GET", "url": f"{root}/limits", "referenceId": "a"}
    second = {"method": "GET", "url": f"{root}/sobjects/@{{a[{LONG}]}}", "referenceId": "b"}
    told = api.post("composite", {"compositeRequest": [first, second]}).json()
    assert told["compositeResponse"][1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


@pytest.mark.parametrize("path", [f"async/{SQUARE}.0/job", f"Soap/u/{SQUARE}.0"])
def test_a_version_of_the_older_apis_is_told_in_their_words(api: Any, path: str) -> None:
    reply = api.call("POST", f"/services/{path}", data="<x/>")
    assert "xml" in reply.headers["content-type"]


def test_a_span_that_begins_before_the_calendar_is_refused(api: Any) -> None:
    asked = {"start": "0001-01-01T00:00:00+14:00", "end": "2026-01-01T00:00:00Z"}
    reply = api.get("sobjects/Lead/updated", params=asked)
    assert reply.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
