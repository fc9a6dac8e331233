"""The `sf` CLI of Salesforce against the org over http, as a person types it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.installed import installed

if TYPE_CHECKING:
    from tests.clients.installed import Client
    from tests.conftest import Desk

QUIET = {
    "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    "SF_AUTOUPDATE_DISABLE": "true",
    # What its plug-in asks for: without it a process stays behind that waits to update.
    "SF_DISABLE_AUTOUPDATE": "true",
    "SF_DISABLE_TELEMETRY": "true",
    "SF_SKIP_NEW_VERSION_CHECK": "true",
    "SF_DISABLE_LOG_FILE": "true",
}


@dataclass(frozen=True)
class Sf:
    """The command line, logged in to the org under the alias `local`."""

    client: Client
    desk: Desk

    def __call__(self, *words: str, code: int = 0, cwd: Path | None = None) -> Any:
        """Run a command with --json; give its result."""
        command = ["sf", *words, "--json"]
        said = json.loads(self.client.run(*command, code=code, cwd=cwd or self.desk.folder))
        return said["result"] if code == 0 else said

    def write(self, file: str, text: str) -> str:
        return str(self.desk.write(file, text))


@pytest.fixture
def sf(desk: Desk) -> Sf:
    client = installed("node", desk.folder, "node_modules/.bin")
    client.variables.update(QUIET)
    login = ["--instance-url", desk.org.url, "--no-prompt", "--alias", "local"]
    client.run(
        "sf", "org", "login", "access-token", *login,
        cwd=desk.folder, SF_ACCESS_TOKEN=desk.org.token(),
    )  # fmt: skip
    return Sf(client, desk)


def test_it_displays_queries_and_describes(sf: Sf) -> None:
    shown = sf("org", "display", "--target-org", "local")
    known = sf.desk.org.org.credentials
    assert (shown["id"], shown["username"]) == (known.org_id, known.username)
    assert shown["connectedStatus"] == "Connected"
    sf.desk.add_lead("a", Score__c=7)
    soql = "SELECT Ext__c, Score__c FROM Lead"
    (found,) = sf("data", "query", "--target-org", "local", "--query", soql)["records"]
    assert (found["Ext__c"], found["Score__c"]) == ("a", 7)
    told = sf("sobject", "describe", "--target-org", "local", "--sobject", "Lead")
    assert "Score__c" in {field["name"] for field in told["fields"]}


def test_it_imports_updates_and_upserts_in_bulk(sf: Sf) -> None:
    new = sf.write("new.csv", "LastName,Company,Ext__c\nDoe,Acme,a\nRoe,Acme,b\n")
    bulk = ["--target-org", "local", "--sobject", "Lead", "--wait", "5"]
    made = sf("data", "import", "bulk", *bulk, "--file", new)
    assert made["processedRecords"] == 2
    ids = {row["Ext__c"]: row["Id"] for row in sf.desk.look("SELECT Id, Ext__c FROM Lead")}
    edits = sf.write("edits.csv", f"Id,Score__c\n{ids['a']},5\n")
    assert sf("data", "update", "bulk", *bulk, "--file", edits)["successfulRecords"] == 1
    scores = sf.write("scores.csv", "Ext__c,Score__c,LastName,Company\nb,9,Roe,Acme\nc,1,N,N\n")
    sf("data", "upsert", "bulk", *bulk, "--file", scores, "--external-id", "Ext__c")
    assert sf.desk.look("SELECT Ext__c, Score__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "a", "Score__c": 5},
        {"Ext__c": "b", "Score__c": 9},
        {"Ext__c": "c", "Score__c": 1},
    ]


def test_it_fetches_the_results_of_a_job_with_failures(sf: Sf) -> None:
    for key in "ab":
        sf.desk.add_lead(key)
    scores = sf.write("scores.csv", "Ext__c,Score__c\na,5\nb,1000\n")
    bulk = ["--target-org", "local", "--sobject", "Lead", "--wait", "5"]
    refused = sf(
        "data", "upsert", "bulk", *bulk, "--file", scores, "--external-id", "Ext__c", code=1
    )
    job = refused["data"]["jobId"]
    told = sf("data", "bulk", "results", "--target-org", "local", "--job-id", job)
    assert (told["processedRecords"], told["failedRecords"]) == (2, 1)
    failed = (sf.desk.folder / told["failedFilePath"]).read_text()
    assert "NUMBER_OUTSIDE_VALID_RANGE:" in failed
    assert sf.desk.look("SELECT Score__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 5},
        {"Score__c": None},
    ]


def test_it_deploys_and_retrieves_a_field_a_permission_set_and_a_list_view(sf: Sf) -> None:
    sf.write(
        "sfdx-project.json",
        '{"packageDirectories": [{"path": "force-app", "default": true}], '
        '"sourceApiVersion": "68.0"}',
    )
    root = "force-app/main/default"
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="{1}">{2}</{0}>\n'
    space = "http://soap.sforce.com/2006/04/metadata"
    field = (
        "<fullName>Fit__c</fullName><label>Fit</label><type>Number</type><precision>3</precision>"
        "<scale>0</scale><externalId>false</externalId>"
    )
    granted = (
        "<fieldPermissions><editable>true</editable><field>Lead.Fit__c</field>"
        "<readable>true</readable></fieldPermissions><label>Scores</label>"
    )
    view = (
        "<fullName>Fitting</fullName><columns>FULL_NAME</columns><columns>Fit__c</columns>"
        "<filterScope>Everything</filterScope><label>Fitting</label>"
    )
    lead = f"{root}/objects/Lead"
    sf.write(f"{lead}/fields/Fit__c.field-meta.xml", xml.format("CustomField", space, field))
    sf.write(f"{lead}/listViews/Fitting.listView-meta.xml", xml.format("ListView", space, view))
    sets = f"{root}/permissionsets/Scores.permissionset-meta.xml"
    sf.write(sets, xml.format("PermissionSet", space, granted))
    told = sf("project", "deploy", "start", "--target-org", "local", "--source-dir", "force-app")
    assert (told["status"], told["numberComponentsDeployed"]) == ("Succeeded", 3)
    sf("org", "assign", "permset", "--target-org", "local", "--name", "Scores")
    sf.desk.add_lead("a", Fit__c=80)
    assert sf.desk.look("SELECT Fit__c FROM Lead") == [{"Fit__c": 80}]
    (listed,) = sf("org", "list", "metadata", "-o", "local", "--metadata-type", "ListView")
    assert listed["fullName"] == "Lead.Fitting"
    (sf.desk.folder / f"{lead}/fields/Fit__c.field-meta.xml").unlink()
    (sf.desk.folder / f"{lead}/listViews/Fitting.listView-meta.xml").unlink()
    wanted = ["--metadata", "CustomObject:Lead", "--metadata", "PermissionSet:Scores"]
    told = sf("project", "retrieve", "start", "--target-org", "local", *wanted)
    assert told["status"] == "Succeeded"
    fetched = (sf.desk.folder / f"{lead}/fields/Fit__c.field-meta.xml").read_text()
    assert "<label>Fit</label>" in fetched
    fetched = (sf.desk.folder / f"{lead}/listViews/Fitting.listView-meta.xml").read_text()
    assert "<columns>Fit__c</columns>" in fetched
    sf("project", "generate", "manifest", "--from-org", "local")
    listed = (sf.desk.folder / "package.xml").read_text()
    assert "<members>Lead.Fit__c</members>" in listed


HELP = Path(__file__).parents[2] / "crm_sink" / "help" / "local-org.md"
SHOWN = re.findall(
    r"^    (?:SF_\S+ )?sf ((?:[a-z][a-z-]* )+)--", HELP.read_text(), flags=re.MULTILINE
)


@pytest.mark.parametrize("words", SHOWN)
def test_a_command_that_the_help_page_shows_is_run_here(words: str) -> None:
    assert ", ".join(f'"{word}"' for word in words.split()) in Path(__file__).read_text()
