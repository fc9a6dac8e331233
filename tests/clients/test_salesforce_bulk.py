"""salesforce-bulk 2 (Bulk 1.0) against the org over http, as its users call it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.installed import installed

if TYPE_CHECKING:
    from tests.clients.installed import Client
    from tests.conftest import Desk

# The Bulk API of a script's own; `load` is what the client's README does with a list of rows.
FRAME = """
import json, sys
from salesforce_bulk import SalesforceBulk
from salesforce_bulk.csv_adapter import CsvDictsAdapter

url, token = sys.argv[1:]
bulk = SalesforceBulk(sessionId=token, host=url, API_version="60.0")

def load(job, rows):
    batch = bulk.post_batch(job, CsvDictsAdapter(iter(rows)))
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, sleep_interval=0.05)
    return [list(result) for result in bulk.get_batch_results(batch)]

"""


@dataclass(frozen=True)
class SalesforceBulk:
    """Runs scripts in the client's own environment; what they assign to `told` comes back."""

    client: Client
    desk: Desk

    def run(self, script: str) -> Any:
        org = self.desk.org
        code = f"{FRAME}{script}\nprint(json.dumps(told))"
        return json.loads(self.client.run("python", "-c", code, org.url, org.token()))


@pytest.fixture
def bulk(desk: Desk) -> SalesforceBulk:
    return SalesforceBulk(installed("salesforce_bulk", desk.folder, "bin"), desk)


def test_it_inserts_updates_and_deletes(bulk: SalesforceBulk) -> None:
    told = bulk.run("""
rows = [dict(LastName=f"l{n}", Company="C", Ext__c=f"k{n}") for n in range(3)]
made = load(bulk.create_insert_job("Lead", contentType="CSV"), rows)
ids = [result[0] for result in made]
load(bulk.create_update_job("Lead", contentType="CSV"), [dict(Id=ids[0], Score__c="7")])
load(bulk.create_delete_job("Lead", contentType="CSV"), [dict(Id=ids[2])])
told = made
""")
    assert [(success, created) for _, success, created, _ in told] == [("true", "true")] * 3
    assert bulk.desk.look("SELECT Id, Ext__c, Score__c FROM Lead ORDER BY Ext__c") == [
        {"Id": told[0][0], "Ext__c": "k0", "Score__c": 7},
        {"Id": told[1][0], "Ext__c": "k1", "Score__c": None},
    ]


def test_it_upserts_one_after_the_other_and_tells_what_failed(bulk: SalesforceBulk) -> None:
    for key in "ab":
        bulk.desk.add_lead(key)
    told = bulk.run("""
job = bulk.create_upsert_job("Lead", "Ext__c", contentType="CSV", concurrency="Serial")
told = load(job, [dict(Ext__c="a", Score__c="5"), dict(Ext__c="b", Score__c="1000")])
""")
    assert told[0][1:] == ["true", "false", ""]
    assert told[1][1:3] == ["false", "false"]
    assert told[1][3].startswith("NUMBER_OUTSIDE_VALID_RANGE:")
    assert bulk.desk.look("SELECT Score__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 5},
        {"Score__c": None},
    ]


def test_it_queries(bulk: SalesforceBulk) -> None:
    for key in "ab":
        bulk.desk.add_lead(key)
    told = bulk.run("""
import csv, io
job = bulk.create_query_job("Lead", contentType="CSV")
batch = bulk.query(job, "SELECT Ext__c FROM Lead ORDER BY Ext__c")
bulk.close_job(job)
bulk.wait_for_batch(job, batch, sleep_interval=0.05)
told = [row for part in bulk.get_all_results_for_query_batch(batch)
        for row in csv.reader(io.TextIOWrapper(part, "utf-8"))]
""")
    assert told == [["Ext__c"], ["a"], ["b"]]
