"""A local org with a few custom fields, and a plain HTTP session in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.conftest import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crm_sink.emulator.serve import Running

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


@dataclass
class Api:
    """Raw calls with a session; `version` is a part of each path that does not begin with `/`."""

    running: Running
    session: requests.Session
    version: str = "60.0"

    def call(self, method: str, path: str, **given: Any) -> requests.Response:
        root = "" if path.startswith("/") else f"/services/data/v{self.version}/"
        return self.session.request(method, self.running.url + root + path, timeout=30, **given)

    def get(self, path: str, **given: Any) -> requests.Response:
        return self.call("GET", path, **given)

    def post(self, path: str, body: Any = None, **given: Any) -> requests.Response:
        return self.call("POST", path, json=body, **given)

    def patch(self, path: str, body: Any = None, **given: Any) -> requests.Response:
        return self.call("PATCH", path, json=body, **given)

    def lead(self, **values: Any) -> str:
        """Create a lead and give its id."""
        reply = self.post("sobjects/Lead", {"LastName": "Doe", "Company": "Acme", **values})
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def field(self, record_id: str, name: str) -> Any:
        return self.get(f"sobjects/Lead/{record_id}?fields={name}").json()[name]

    def open_job(self, operation: str, **given: Any) -> dict[str, Any]:
        reply = self.post("jobs/ingest", {"object": "Lead", "operation": operation, **given})
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def run_job(self, csv: str | bytes, operation: str, **given: Any) -> dict[str, Any]:
        """Run a job to its end and give what GET says of it."""
        job = self.open_job(operation, **given)
        content = csv.encode() if isinstance(csv, str) else csv
        assert self.call("PUT", "/" + job["contentUrl"], data=content).status_code == 201
        self.patch(f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
        self.running.org.jobs.settle(20)
        found: dict[str, Any] = self.get(f"jobs/ingest/{job['id']}").json()
        return found

    def result(self, job: dict[str, Any], kind: str) -> str:
        reply = self.get(f"jobs/ingest/{job['id']}/{kind}")
        assert reply.status_code == 200, reply.text
        return reply.content.decode()

    def row_error(self, csv: str, operation: str = "insert", **given: Any) -> str:
        """Run a job whose one row fails and give its sf__Error."""
        import csv as csv_reader
        import io

        job = self.run_job(csv, operation, **given)
        assert job["state"] == "JobComplete", job
        rows = csv_reader.DictReader(io.StringIO(self.result(job, "failedResults")))
        (row,) = rows
        return str(row["sf__Error"])


@pytest.fixture(scope="session")
def api_template(org_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an org with the custom fields that these tests write to."""
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, PicklistValue

    folder = tmp_path_factory.mktemp("api_template") / "org"
    shutil.copytree(org_template, folder)
    org = Org.open(folder)
    bands = tuple(PicklistValue(one, one) for one in ("Hot", "Warm", "Cold"))
    key = {"type": "string", "length": 20, "external_id": True, "id_lookup": True, "custom": True}
    for field in (
        Field("Ext__c", "Prospect id", unique=True, **key),
        Field("Code__c", "Code", **key),
        Field("Score__c", "Score", "double", precision=3, scale=0, custom=True),
        Field("Chance__c", "Chance", "percent", precision=5, scale=2, custom=True),
        Field("Band__c", "Band", "picklist", 255, restricted=True, values=bands, custom=True),
        Field("Tags__c", "Tags", "multipicklist", 4099, restricted=True, values=bands, custom=True),
        Field("Note__c", "Note", "string", length=25, custom=True),
        Field("Day__c", "Day", "date", custom=True),
        Field("At__c", "Scored at", "datetime", custom=True),
        Field("Flag__c", "Flag", "boolean", nillable=False, custom=True, default=False),
        Field(
            "Acc__c", "Best account", "reference", length=18, custom=True,
            reference_to=("Account",), relationship="Acc__r",
        ),
    ):  # fmt: skip
        org.store.add_field("Lead", field)
    org.store.add_field("Account", Field("Ext__c", "Account key", unique=True, **key))
    org.close()
    return folder


@pytest.fixture(scope="module")
def org_clock() -> FakeClock:
    """Give the clock of an org that the tests of a file share; it stands at six in the morning."""
    return FakeClock(datetime(2026, 11, 20, 6, 0, tzinfo=UTC))


@pytest.fixture
def api_folder(api_template: Path, tmp_path: Path) -> Path:
    """Give the folder of such an org that nothing has opened yet."""
    return shutil.copytree(api_template, tmp_path / "api_org")


@pytest.fixture
def api(api_folder: Path) -> Iterator[Api]:
    """Run such an org and give a logged-in session; assignment rules are off."""
    from crm_sink.emulator.serve import running

    with running(api_folder) as handle:
        yield logged_in(handle)


def logged_in(handle: Running) -> Api:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {handle.token()}"
    session.headers["Sforce-Auto-Assign"] = "FALSE"
    return Api(handle, session)


@pytest.fixture(scope="session")
def log_in() -> Any:
    """Give the function that makes a session in a running org."""
    return logged_in
