"""An independent client against the org: simple-salesforce 1.12, its https rewritten to http."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter


class Plain(HTTPAdapter):
    """Sends every https call to the org over http: the client knows no other scheme."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *given: Any, **more: Any) -> Any:
        path = request.url.removeprefix("https://").partition("/")[2]
        request.url = f"{self.url}/{path}"
        return super().send(request, *given, **more)


@pytest.fixture
def sf(api: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Log simple-salesforce in; its fixed sleeps between polls are cut."""
    import simple_salesforce.bulk2
    from simple_salesforce import Salesforce

    org = api.running
    monkeypatch.setattr(simple_salesforce.bulk2, "sleep", lambda _: org.org.jobs.settle())
    with requests.Session() as session:
        session.mount("https://", Plain(org.url))
        yield Salesforce(
            instance=org.url.removeprefix("http://"), session_id=org.token(), session=session
        )


def test_it_logs_in_by_client_credentials(api: Any) -> None:
    from simple_salesforce.login import SalesforceLogin

    org = api.running
    with requests.Session() as session:
        session.mount("https://", Plain(org.url))
        token, host = SalesforceLogin(
            consumer_key=org.client_id,
            consumer_secret=org.client_secret,
            domain="acme.my",
            session=session,
        )
    assert token.startswith(org.org.org_id[:15])
    assert org.url.endswith(host)


def test_it_creates_reads_updates_and_deletes(sf: Any) -> None:
    made = sf.Lead.create({"LastName": "Doe", "Company": "Acme"})
    assert made["success"] is True
    assert sf.Lead.update(made["id"], {"Score__c": 7}) == 204
    assert sf.Lead.get(made["id"])["Score__c"] == 7
    assert sf.Lead.upsert("Ext__c/k-1", {"LastName": "R", "Company": "C"}) == 201
    assert sf.Lead.delete(made["id"]) == 204


def test_it_describes_and_queries(sf: Any) -> None:
    sf.Lead.create({"LastName": "Doe", "Company": "Acme"})
    assert "Score__c" in {field["name"] for field in sf.Lead.describe()["fields"]}
    found = sf.query_all("SELECT Id, LastName FROM Lead")
    assert [one["LastName"] for one in found["records"]] == ["Doe"]


def test_its_bulk_2_inserts_updates_and_upserts(sf: Any) -> None:
    rows = [{"LastName": f"l{n}", "Company": "C", "Ext__c": f"k{n}"} for n in range(3)]
    (made,) = sf.bulk2.Lead.insert(records=rows)
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (3, 0)
    keyed = [{"Ext__c": "k0", "Score__c": "5"}, {"Ext__c": "k1", "Score__c": "1000"}]
    (upserted,) = sf.bulk2.Lead.upsert(records=keyed, external_id_field="Ext__c")
    assert upserted["numberRecordsFailed"] == 1
    ids = [one["Id"] for one in sf.query("SELECT Id FROM Lead")["records"]]
    (updated,) = sf.bulk2.Lead.update(records=[{"Id": one, "Note__c": "x"} for one in ids])
    assert (updated["numberRecordsProcessed"], updated["numberRecordsFailed"]) == (3, 0)
    assert "sf__Error" in sf.bulk2.Lead.get_failed_records(upserted["job_id"])
