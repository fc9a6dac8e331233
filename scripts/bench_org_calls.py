"""The small calls that `scripts/bench --org` makes of a local org; each fails aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from bench_org import Org

API = "/services/data/v62.0"


def limits(org: Org) -> None:
    """Make the smallest call that there is."""
    org.call("GET", f"{API}/limits")


def update(org: Org, ids: list[str], number: int) -> None:
    """Update 200 leads by one call."""
    first = number * 200 % max(1, len(ids) - 199)
    records = [
        {
            "attributes": {"type": "Lead"}, "Id": one, "Bench_Score__c": number % 100,
            "Bench_Band__c": "Hot", "Bench_Model__c": f"bench-{number}",
            "Bench_Scored_At__c": "2026-11-21T06:00:00.000Z",
        }
        for one in ids[first : first + 200]
    ]  # fmt: skip
    send(org, "PATCH", "", records)


def make(org: Org, ids: list[str], number: int) -> None:
    """Make 200 leads by one call."""
    record = {"attributes": {"type": "Lead"}, "LastName": f"New {number}", "Company": "Acme"}
    send(org, "POST", "", [{**record, "Bench_Score__c": one % 100} for one in range(200)])


def upsert(org: Org, ids: list[str], number: int) -> None:
    """Update 200 leads by their external ids in one call."""
    records = [
        {"attributes": {"type": "Lead"}, "Prospect_Id__c": f"P-{one:07d}", "Bench_Score__c": number}
        for one in range(number * 200 + 1, number * 200 + 201)
    ]
    send(org, "PATCH", "/Lead/Prospect_Id__c", records)


def send(org: Org, method: str, path: str, records: list[dict[str, Any]]) -> None:
    """Write a collection; a refused row ends the bench."""
    said = org.call(method, f"{API}/composite/sobjects{path}", {"records": records})
    if not all(one["success"] for one in said):
        raise SystemExit(f"Collections: {said[:2]}")


def select(org: Org, ids: list[str], number: int) -> None:
    """Find 200 leads by their external ids in one query."""
    keys = ", ".join(f"'P-{one:07d}'" for one in range(number * 200 + 1, number * 200 + 201))
    query = f"SELECT Id, LastName, Company FROM Lead WHERE Prospect_Id__c IN ({keys})"
    org.call("GET", f"{API}/query?{urlencode({'q': query})}")


CALLS = {
    "Collections of 200 inserts": make,
    "Collections of 200 upserts by external id": upsert,
    "one lead: PATCH": lambda org, ids, number: org.call(
        "PATCH", f"{API}/sobjects/Lead/{ids[number]}", {"Bench_Score__c": number}
    ),
    "one lead: GET": lambda org, ids, number: org.call("GET", f"{API}/sobjects/Lead/{ids[number]}"),
    "SOQL by 200 external ids": select,
    "describe of Lead": lambda org, ids, number: org.call("GET", f"{API}/sobjects/Lead/describe"),
}
