"""Nothing that is over keeps the database from writing its changes into its file.

DuckDB holds changes in memory, and in a growing log, for as long as a transaction is open that may
have to see what was before. `checkpoint` fails while there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SOQL = "SELECT Id, LastName FROM Lead"


def nothing(api: Any) -> None:
    """Leave the org as it is after its start."""


def small_writes(api: Any) -> None:
    for name in ("a", "b"):
        one = api.lead(Ext__c=name)
        api.patch(f"sobjects/Lead/{one}", {"LastName": "Roe"})
        api.patch(f"sobjects/Lead/Ext__c/{name}", {"LastName": "Poe"})
        records = [{"attributes": {"type": "Lead"}, "id": one, "LastName": "Loe"}]
        api.patch("composite/sobjects", {"records": records})


def reads(api: Any) -> None:
    one = api.lead()
    api.get(f"sobjects/Lead/{one}")
    api.get("sobjects/Lead/updated?start=2026-05-01T00:00:00Z&end=2026-05-02T00:00:00Z")
    api.get("query", params={"q": f"{SOQL} WHERE Id = '{one}'"})
    api.get("query", params={"q": SOQL}, headers={"Sforce-Query-Options": "batchSize=200"})
    api.get("query", params={"q": "SELECT COUNT() FROM Lead"})
    api.get("tooling/query", params={"q": "SELECT Id FROM CustomField"})
    api.get("limits/recordCount?sObjects=Lead")


def pages(api: Any) -> None:
    one = api.lead()
    paths = ("/", "/lightning/o/Lead/list", f"/lightning/r/Lead/{one}/view", "/lightning/changes")
    for path in paths:
        assert api.get(path).status_code == 200


def jobs(api: Any) -> None:
    api.run_job("LastName,Company,Ext__c\nA,B,1\nA,B,2\n", "insert")
    job = api.post("jobs/query", {"operation": "query", "query": SOQL}).json()
    api.running.org.jobs.settle(20)
    assert api.get(f"jobs/query/{job['id']}/results").status_code == 200


@pytest.mark.parametrize("work", [nothing, small_writes, reads, pages, jobs])
def test_what_is_over_leaves_no_transaction_open(api: Any, work: Callable[[Any], None]) -> None:
    work(api)
    store = api.running.org.store
    with store.writing() as cursor:
        cursor.execute("update _counters set next = next + 1")
    with store.cursor() as cursor:
        cursor.execute("checkpoint")
