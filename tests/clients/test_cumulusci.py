"""CumulusCI 4 against the org over https, as its users call it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from crm_sink.emulator import certificates
from tests.clients.installed import installed

if TYPE_CHECKING:
    from tests.clients.installed import Client
    from tests.conftest import Desk

PROJECT = """\
minimum_cumulusci_version: 4.0.0
project:
  name: scores
  package:
    name: scores
    api_version: '62.0'
"""
# Accounts go by Collections, contacts by Bulk 1.0.
MAPPING = """\
Accounts:
  sf_object: Account
  api: rest
  fields: [Name, Ext__c]
Contacts:
  sf_object: Contact
  api: bulk
  fields: [LastName, Ext__c]
  lookups:
    AccountId: {table: Account}
"""
DATA = """\
BEGIN TRANSACTION;
CREATE TABLE "Account" (id INTEGER NOT NULL PRIMARY KEY, "Name" VARCHAR(255),
    "Ext__c" VARCHAR(255));
INSERT INTO "Account" VALUES (1, 'Acme', 'a-1');
INSERT INTO "Account" VALUES (2, 'Globex', 'a-2');
CREATE TABLE "Contact" (id INTEGER NOT NULL PRIMARY KEY, "LastName" VARCHAR(255),
    "Ext__c" VARCHAR(255), "AccountId" VARCHAR(255));
INSERT INTO "Contact" VALUES (1, 'Doe', 'c-1', '2');
INSERT INTO "Contact" VALUES (2, 'Roe', 'c-2', '1');
COMMIT;
"""
RECIPE = """\
- snowfakery_version: 3
- object: Contact
  fields:
    Title: Head of ${{input.LastName}}
"""


@dataclass(frozen=True)
class Cci:
    """The command line in a project, with the org as `local`."""

    client: Client
    desk: Desk

    def task(self, name: str, **options: str) -> str:
        """Run a task against the org; give what it said."""
        given = [word for key, value in options.items() for word in ("-o", key, value)]
        return self.client.run(
            "cci", "task", "run", name, "--org", "local", *given, cwd=self.desk.folder / "project"
        )

    def write(self, file: str, text: str) -> None:
        self.desk.write(f"project/{file}", text)


@pytest.fixture
def cci(secure_desk: Desk) -> Cci:
    org = secure_desk.org
    client = installed("cumulusci", secure_desk.folder, "bin")
    known = {
        "access_token": org.token(),
        "instance_url": org.url,
        "id": f"{org.url}/id/{org.org.org_id}/{org.org.user_id}",
        "username": org.org.credentials.username,
    }
    client.variables.update(
        CUMULUSCI_DISABLE_REFRESH="1",
        CUMULUSCI_KEYCHAIN_CLASS="cumulusci.core.keychain.EnvironmentProjectKeychain",
        CUMULUSCI_ORG_local=json.dumps(known),
        REQUESTS_CA_BUNDLE=str(certificates.load_or_make(secure_desk.folder / "org").bundle),
    )
    found = Cci(client, secure_desk)
    found.write("cumulusci.yml", PROJECT)
    # It insists on a repository with a remote and a commit.
    for words in (
        ["init", "-q", "-b", "main"],
        ["remote", "add", "origin", "https://github.com/acme/scores"],
        ["add", "cumulusci.yml"],
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "Begin"],
    ):
        subprocess.run(["git", *words], cwd=secure_desk.folder / "project", check=True)
    return found


def test_it_loads_a_dataset_and_updates_what_is_there(cci: Cci) -> None:
    cci.write("mapping.yml", MAPPING)
    cci.write("data.sql", DATA)
    cci.task("load_dataset", mapping="mapping.yml", sql_path="data.sql")
    soql = "SELECT LastName, Ext__c, Title, Account.Name FROM Contact ORDER BY Ext__c"
    loaded = cci.desk.look(soql)
    assert [(row["Ext__c"], row["Account"]["Name"]) for row in loaded] == [
        ("c-1", "Globex"),
        ("c-2", "Acme"),
    ]
    cci.write("recipe.yml", RECIPE)
    cci.task(
        "update_data", object="Contact", recipe="recipe.yml", fields="LastName",
        where="Ext__c = 'c-1'",
    )  # fmt: skip
    assert [row["Title"] for row in cci.desk.look(soql)] == ["Head of Doe", None]
