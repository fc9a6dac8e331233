"""simple-salesforce 1.12 against the org over https, as its users call it."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field
from tests.clients.shown import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Desk

QUICK = {"wait": 0.01}  # seconds between two looks at a job; its own are 5
HOST = "https://acme.my.salesforce.com"


class Dns(HTTPAdapter):
    """Leads a name below salesforce.com, which its logins insist on, to the org."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *given: Any, **more: Any) -> Any:
        request.url = request.url.replace(HOST, self.url)
        return super().send(request, *given, **more)


@pytest.fixture
def web(secure_desk: Desk) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount(HOST, Dns(secure_desk.org.url))
        yield session


@pytest.fixture
def sf(secure_desk: Desk, web: requests.Session) -> Any:
    """Log in with a session that somebody else opened."""
    from simple_salesforce import Salesforce

    org = secure_desk.org
    return Salesforce(instance_url=org.url, session_id=org.token(), session=web, version="62.0")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_program_of_the_help_page_upserts(
    secure_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = custom_field("Prospect_Id__c", "Text(20)", external_id=True)
    add_missing(secure_desk.org.org.store, "Lead", (key,))
    secure_desk.write("scores.csv", "Prospect_Id__c,LastName,Company,Score__c\nP-1,A,C,5\n")
    monkeypatch.chdir(secure_desk.folder)
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", secure_desk.org.url)
    monkeypatch.setenv("TOKEN", secure_desk.org.token())
    exec(compile(program("import os\nfrom simple_salesforce"), "local-org.md", "exec"), {})
    assert "'numberRecordsFailed': 0" in capsys.readouterr().out
    assert secure_desk.look("SELECT Prospect_Id__c, Score__c FROM Lead") == [
        {"Prospect_Id__c": "P-1", "Score__c": 5}
    ]


def test_it_logs_in_by_client_credentials(secure_desk: Desk, web: requests.Session) -> None:
    from simple_salesforce import Salesforce

    sf = Salesforce(
        consumer_key=secure_desk.org.client_id,
        consumer_secret=secure_desk.org.client_secret,
        domain="acme.my",
        session=web,
    )
    made = sf.Lead.create({"LastName": "Doe", "Company": "Acme"})
    assert secure_desk.look("SELECT Id, LastName FROM Lead") == [
        {"Id": made["id"], "LastName": "Doe"}
    ]


def test_it_logs_in_by_a_signed_assertion(secure_desk: Desk, web: requests.Session) -> None:
    from simple_salesforce import Salesforce

    known = secure_desk.org.org.credentials
    web.mount("https://login.salesforce.com", LoginHost(secure_desk.org.url))
    sf = Salesforce(
        username=known.username,
        consumer_key=known.client_id,
        privatekey_file=known.private_key_file,
        session=web,
    )
    assert sf.query("SELECT Username FROM User")["records"][0]["Username"] == known.username


class LoginHost(Dns):
    """The same for the host of JWT logins."""

    def send(self, request: Any, *given: Any, **more: Any) -> Any:
        request.url = request.url.replace("https://login.salesforce.com", HOST)
        return super().send(request, *given, **more)


def test_a_wrong_secret_is_refused_as_it_expects(secure_desk: Desk, web: requests.Session) -> None:
    from simple_salesforce import Salesforce, SalesforceAuthenticationFailed

    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(
            consumer_key=secure_desk.org.client_id,
            consumer_secret="wrong",
            domain="acme.my",
            session=web,
        )


def test_it_creates_reads_updates_upserts_and_deletes(sf: Any, secure_desk: Desk) -> None:
    made = sf.Lead.create({"LastName": "Doe", "Company": "Acme"})
    assert sf.Lead.update(made["id"], {"Score__c": 7}) == 204
    assert sf.Lead.get(made["id"])["Score__c"] == 7
    assert sf.Lead.upsert("Ext__c/k-1", {"LastName": "Roe", "Company": "C"}) == 201
    assert sf.Lead.upsert("Ext__c/k-1", {"Score__c": 9}) == 200  # since 46.0
    assert sf.Lead.get_by_custom_id("Ext__c", "k-1")["LastName"] == "Roe"
    assert sf.Lead.delete(made["id"]) == 204
    assert secure_desk.look("SELECT LastName, Score__c FROM Lead") == [
        {"LastName": "Roe", "Score__c": 9}
    ]


def test_a_refusal_is_the_exception_that_it_is_known_for(sf: Any) -> None:
    from simple_salesforce import SalesforceMalformedRequest, SalesforceResourceNotFound

    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        sf.Lead.create({"LastName": "Doe"})
    with pytest.raises(SalesforceResourceNotFound):
        sf.Lead.get("00Q000000000001AAA")


def test_it_describes(sf: Any) -> None:
    fields = {field["name"]: field for field in sf.Lead.describe()["fields"]}
    assert (fields["Score__c"]["type"], fields["Score__c"]["precision"]) == ("double", 3)
    assert "Lead" in {found["name"] for found in sf.describe()["sobjects"]}
    assert sf.limits()["DailyApiRequests"]["Max"] == 15_000


def test_query_all_walks_through_all_pages(sf: Any, secure_desk: Desk) -> None:
    rows = [{"LastName": f"l{number:04}", "Company": "C"} for number in range(2_500)]
    sf.bulk2.Lead.insert(records=rows, **QUICK)
    first = sf.query("SELECT LastName FROM Lead ORDER BY LastName")
    assert (first["done"], first["totalSize"], len(first["records"])) == (False, 2_500, 2_000)
    found = sf.query_all("SELECT LastName FROM Lead ORDER BY LastName")
    assert [one["LastName"] for one in found["records"]] == [row["LastName"] for row in rows]


def test_its_bulk_2_inserts_updates_and_upserts(sf: Any, secure_desk: Desk) -> None:
    rows = [{"LastName": f"l{n}", "Company": "C", "Ext__c": f"k{n}"} for n in range(3)]
    (made,) = sf.bulk2.Lead.insert(records=rows, **QUICK)
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (3, 0)
    keyed = [
        {"Ext__c": f"k{n}", "Score__c": str(n), "LastName": "L", "Company": "C"} for n in (2, 3)
    ]
    (upserted,) = sf.bulk2.Lead.upsert(records=keyed, external_id_field="Ext__c", **QUICK)
    assert (upserted["numberRecordsProcessed"], upserted["numberRecordsFailed"]) == (2, 0)
    first = sf.query("SELECT Id FROM Lead WHERE Ext__c = 'k0'")["records"][0]["Id"]
    sf.bulk2.Lead.update(records=[{"Id": first, "Note__c": "seen"}], **QUICK)
    assert secure_desk.look("SELECT Ext__c, Score__c, Note__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "k0", "Score__c": None, "Note__c": "seen"},
        {"Ext__c": "k1", "Score__c": None, "Note__c": None},
        {"Ext__c": "k2", "Score__c": 2, "Note__c": None},
        {"Ext__c": "k3", "Score__c": 3, "Note__c": None},
    ]


def test_it_downloads_what_failed_of_a_bulk_2_job(
    sf: Any, secure_desk: Desk, tmp_path: Path
) -> None:
    for key in "ab":
        secure_desk.add_lead(key)
    keyed = [{"Ext__c": "a", "Score__c": "5"}, {"Ext__c": "b", "Score__c": "1000"}]
    (job,) = sf.bulk2.Lead.upsert(records=keyed, external_id_field="Ext__c", **QUICK)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    (failed,) = rows_of(sf.bulk2.Lead.get_failed_records(job["job_id"]))
    assert failed["Ext__c"] == "b"
    assert failed["sf__Error"].startswith("NUMBER_OUTSIDE_VALID_RANGE:")
    (good,) = rows_of(sf.bulk2.Lead.get_successful_records(job["job_id"]))
    assert (good["Ext__c"], good["sf__Created"]) == ("a", "false")
    assert rows_of(sf.bulk2.Lead.get_unprocessed_records(job["job_id"])) == []
    path = tmp_path / "failed.csv"
    sf.bulk2.Lead.get_failed_records(job["job_id"], file=str(path))
    assert rows_of(path.read_text()) == [failed]


def test_its_bulk_2_queries_page_by_page_and_downloads(
    sf: Any, secure_desk: Desk, tmp_path: Path
) -> None:
    for key in "abc":
        secure_desk.add_lead(key)
    soql = "SELECT Ext__c FROM Lead ORDER BY Ext__c"
    pages = list(sf.bulk2.Lead.query(soql, max_records=2, **QUICK))
    assert [[row["Ext__c"] for row in rows_of(page)] for page in pages] == [["a", "b"], ["c"]]
    files = sf.bulk2.Lead.download(soql, path=str(tmp_path), **QUICK)
    assert [file["number_of_records"] for file in files] == [3]
    assert len(rows_of(Path(files[0]["file"]).read_text())) == 3


def test_its_bulk_1_inserts_updates_and_upserts(sf: Any, secure_desk: Desk) -> None:
    rows = [{"LastName": f"l{n}", "Company": "C", "Ext__c": f"k{n}"} for n in range(2)]
    made = sf.bulk.Lead.insert(rows)
    assert [row["success"] for row in made] == [True, True]
    updated = sf.bulk.Lead.update([{"Id": made[0]["id"], "Note__c": "seen"}])
    assert [(row["success"], row["created"]) for row in updated] == [(True, False)]
    upserted = sf.bulk.Lead.upsert(
        [{"Ext__c": "k1", "Score__c": 9}, {"Ext__c": "k0", "Score__c": 1000}], "Ext__c"
    )
    assert [row["success"] for row in upserted] == [True, False]
    assert upserted[1]["errors"][0]["statusCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert secure_desk.look("SELECT Score__c, Note__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": None, "Note__c": "seen"},
        {"Score__c": 9, "Note__c": None},
    ]
    assert len(sf.bulk.Lead.query("SELECT Id FROM Lead")) == 2


OBJECT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <fields><fullName>Fit__c</fullName><label>Fit</label><type>Number</type>
    <precision>3</precision><scale>0</scale><externalId>false</externalId></fields>
</CustomObject>"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
  <types><members>Lead.Fit__c</members><name>CustomField</name></types>
  <version>62.0</version>
</Package>"""


def test_it_deploys_a_zip_and_asks_what_became_of_it(
    sf: Any, secure_desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.xml", PACKAGE)
        archive.writestr("objects/Lead.object", OBJECT)
    begun = sf.deploy(str(path), sandbox=False)
    for _ in range(1_000):
        told = sf.checkDeployStatus(begun["asyncId"])
        if told["state"] not in ("Pending", "InProgress"):
            break
    assert told["state"] == "Succeeded"
    assert int(told["deployment_detail"]["deployed_count"]) == 1
    fields = secure_desk.call("GET", "/tooling/query", params={"q": TOOLING})["records"]
    assert [field["DeveloperName"] for field in fields] == ["Fit"]


TOOLING = "SELECT DeveloperName FROM CustomField WHERE DeveloperName = 'Fit'"
