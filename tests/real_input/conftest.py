"""A local org that holds a real sales pipeline, and what a real scoring job says of it.

The data are not part of the project: they lie beside the checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[3] / "shared" / "data" / "sales_pipeline"
MAPPING = Path(__file__).parent / "win_probability.yaml"
MISLAID = 200  # deals that lost their account before the scores come
ACCOUNT_COLUMNS = (
    "Account_Key__c:Text(80):external_id=account",
    "Name=account",
    "Industry=sector",
    "AnnualRevenue=revenue",
    "NumberOfEmployees=employees",
    "BillingCountry=office_location",
)
DEAL_COLUMNS = (
    "Deal_Id__c:Text(20):external_id=opportunity_id",
    "Name=opportunity_id",
    "Product__c:Text(40)=product",
    "StageName=deal_stage",
    "CloseDate=close_date",
    "Amount=close_value",
    "Account.Account_Key__c=account",
    "Owner.Name=sales_agent",
)
STAGES = ("Won=Closed Won", "Lost=Closed Lost", "Engaging=Negotiation/Review")


@dataclass(frozen=True)
class Pipeline:
    """The org, as the command line and as somebody else's program see it."""

    folder: Path

    def crm_sink(self, *arguments: str) -> Any:
        """Run the command line; give the JSON that it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "crm_sink.cli.main", *arguments, "--format", "json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def seed(self, file: str, object_name: str, columns: tuple[str, ...], *more: str) -> None:
        """Fill an object from a CSV file; every row must be taken."""
        options = [part for one in columns for part in ("--column", one)]
        given = ("--csv", str(DATA / file), "--object", object_name)
        made = self.crm_sink("org", "seed", *given, *options, *more)["csv"]
        assert made["rejected"] == 0, made["rejects"]

    def read(self, soql: str) -> pd.DataFrame:
        """Read a whole object through SOQL pages, without any of the product's code."""
        path, records = "/services/data/v62.0/query", []
        answer = self._call("GET", path, params={"q": soql})
        records += answer["records"]
        while not answer["done"]:
            answer = self._call("GET", answer["nextRecordsUrl"])
            records += answer["records"]
        frame = pd.json_normalize(records)
        return frame[[name for name in frame if "attributes" not in name]]

    def mislay_accounts(self) -> None:
        """Take the account away from some deals."""
        deals = self.read("SELECT Id FROM Opportunity WHERE AccountId != null")["Id"][:MISLAID]
        kind = {"type": "Opportunity"}
        body = {"records": [{"attributes": kind, "id": one, "AccountId": None} for one in deals]}
        path = "/services/data/v62.0/composite/sobjects"
        assert all(one["success"] for one in self._call("PATCH", path, json=body))

    def _call(self, method: str, path: str, **more: Any) -> Any:
        org = json.loads((self.folder / ".crm_sink" / "org" / "state.json").read_text())
        login = {"grant_type": "client_credentials"} | {
            name: org[name] for name in ("client_id", "client_secret")
        }
        token = requests.post(f"{org['url']}/services/oauth2/token", data=login, timeout=30)
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        answer = requests.request(method, org["url"] + path, headers=headers, timeout=60, **more)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Run an org with the accounts and deals of the CSV files."""
    if not DATA.is_dir():
        reason = f"the real sales pipeline is not at {DATA}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    made = Pipeline(tmp_path_factory.mktemp("pipeline"))
    (made.folder / "predictions.parquet").symlink_to(DATA / "predictions.parquet")
    made.crm_sink("org", "start")
    try:
        made.seed("accounts.csv", "Account", ACCOUNT_COLUMNS)
        options = [part for one in STAGES for part in ("--value", f"StageName:{one}")]
        options += ["--default", "CloseDate=12/31/2017", "--date-format", "%m/%d/%Y"]
        made.seed("sales_pipeline.csv", "Opportunity", DEAL_COLUMNS, *options)
        made.crm_sink("org", "seed", "--mapping", str(MAPPING))
        yield made
    finally:
        made.crm_sink("org", "stop")
