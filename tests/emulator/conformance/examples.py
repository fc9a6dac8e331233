"""Reads the examples that Salesforce's staff saved: header names are real, values are blanked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.emulator.conformance.calls import JOB, call, ingest, selecting, unjudged
from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "/services/data/v64.0"
NAMES = "Name\nx\n"
WORKED = "Abort a Job Query"
TOOLING = "objects of the tooling API that hold no field"
SCHEMA = "made from a schema: no org answered so"
ASIDE = {
    WORKED: "a passing state: the local org is done before anyone asks",
    "Limits": "the allowances of an org that manages scratch orgs",
    "List Named Credentials": TOOLING,
    "Get Tooling Describe Sobject": TOOLING,
    "Get Tooling Metadata Sobject": TOOLING,
    "Sobject Describe": SCHEMA,
    "Get All Jobs": "tells of a job of another API",
    "Get Job Info Query": "not the answer to this call: it tells of an ingest job",
}
KEPT = ("success", "created", "done", "hasErrors", "httpStatusCode", "statusCode", "errorCode")
CUT = "the saved answer is cut off"
RECORDS = {
    "records": [
        {"attributes": {"type": "Account"}, "Name": "x"},
        {"attributes": {"type": "Account"}, "Name": "y"},
        *(
            {"attributes": {"type": kind}, "LastName": "x"}
            | ({"Company": "x"} if kind == "Lead" else {})
            for kind in ("Contact", "Lead")
        ),
    ]
}


def postman(folder: Path) -> list[Story]:
    """Put what each example leaves out into its call: the object, the id, the query."""
    path = folder / "postman" / "salesforce_platform_apis_saved_examples.json"
    made = []
    for one in json.loads(path.read_text()):
        name = one["name"].rpartition("/Salesforce ")[2]
        told, aside = _answer(one["body"] or "")
        before, more = _filled(name)
        asked = Exchange(
            "postman",
            name,
            one["method"],
            "/services/" + unquote(one["url"]).replace(":SOBJECT_API_NAME", "Account"),
            one["status"],
            told,
            body=one["request_body"],
            header_names=frozenset(header.lower() for header in one["header_names"]),
            content_type=one["content_type"],
            aside=ASIDE.get(name) or aside,
        )
        asked = asked.at(path=asked.path.replace(":FIELD_NAME", "Id"))
        asked = asked.at(**more)
        before = [call.at(path=call.path.replace("v60.0", "v64.0")) for call in before]
        made.append(Story("postman", name, (*unjudged(before), asked)))
    return made


def _answer(body: str) -> tuple[str | None, str | None]:
    """Give an answer without its blanked values, and the reason when it cannot be read."""
    if not body or body[0] not in '"{[' or body.startswith('"sf__'):
        return body or None, None
    try:
        told = json.loads(body)
        told = json.loads(told) if isinstance(told, str) else told
    except json.JSONDecodeError:
        return body, CUT
    return json.dumps(_blanked(told)), None


def _blanked(told: Any, key: str = "") -> Any:
    if isinstance(told, dict):
        return {name: _blanked(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [_blanked(one, key) for one in told]
    # A placeholder says that there is a text, and nothing of its kind.
    return told if key in KEPT or not isinstance(told, str) else None


def _filled(name: str) -> tuple[list[Exchange], dict[str, object]]:
    """Give the calls before an example's, and what its own leaves out."""
    job, selection = ingest(NAMES), selecting("SELECT Id FROM Account")
    path = f"{ROOT}/jobs/ingest/{JOB}"
    lead = [call("POST", "composite/sobjects", RECORDS)]
    ids = json.dumps({"id": "001B000000UnQ2vIAF"})
    account = call("POST", "sobjects/Account", {"Name": "x"}, answer=ids)
    return {
        "Close or Abort a Job": (job[:2], {"path": path}),
        "Get All Query Jobs": (selection, {}),
        "Get All Jobs": (job[:1], {}),
        "Upload Job Data": (job[:1], {"path": f"{path}/batches", "body": NAMES}),
        "Delete Job": (job, {"path": path}),
        "Delete Job Query": (selection, {"path": f"{ROOT}/jobs/query/{JOB}"}),
        "Get Job Info": (job, {"path": path}),
        "Get Job Failed Record Results": (job, {"path": f"{path}/failedResults"}),
        "Get Job Successful Record Results": (
            ingest(f"Name\n{'x' * 300}\n"), {"path": f"{path}/successfulResults"}),
        "Get Job Unprocessed Record Results": (job, {"path": f"{path}/unprocessedrecords"}),
        "Queryall": (lead, {"query": {"q": "SELECT Name FROM Account"}}),
        "Record Count": (lead, {"query": {"sObjects": "Account,Contact,Lead"}}),
        "Successful Create Job Query": (
            [], {"body": json.dumps({"operation": "query", "query": "SELECT Id FROM Account"})},
        ),
        "Composite Batch": ([*lead, *lead], {}),
        "Sobject Collections Retrieve": (
            [account], {"query": {"ids": "001B000000UnQ2vIAF", "fields": "Name"}},
        ),
        "Sobject Collections Delete": ([account], {"query": {"ids": "001B000000UnQ2vIAF"}}),
        "Sobject Collections Update": (
            [account],
            {"body": json.dumps({"records": [{
                "attributes": {"type": "Account"}, "id": "001B000000UnQ2vIAF",
                "NumberOfEmployees": 27000}]})},
        ),
        "Sobject Create": ([], {"body": json.dumps({"Name": "x"})}),
    }.get(name, ([], {}))  # fmt: skip
