"""Reads cli-dx: bulk jobs as a plugin printed them, and two files of Bulk 1.0 XML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.emulator.conformance.calls import JSON_TYPE, call
from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = re.compile(
    r"\{\n(?P<told>  id: '750[^{}]*?)\n\}|(?P<put>result: status: 201)|"
    r"JOB (?P<kind>Failure|getUnprocessedRecords) STATUS for job: \w+ ===\n(?P<csv>[^\n]*)",
    re.DOTALL,
)
NAMESPACE = 'xmlns="http://www.force.com/2009/06/asyncapi/dataload"'
PASSING = "a passing state: the local org is done before anyone asks"
PRINTED_ONLY = "printed by the plugin over another answer"


def cli_dx(folder: Path) -> list[Story]:
    """Read the transcripts: ingest and query jobs of 2020 and 2021."""
    made = []
    for path in sorted((folder / "cli-dx").glob("*.md")):
        for job, calls in _jobs(path.read_text()).items():
            name = f"{path.stem} {job}"
            told = tuple(one.at(group="cli-dx", name=name) for one in calls)
            made.append(Story("cli-dx", name, told))
    return [*made, _bulk1(folder / "cli-dx" / "bulk1")]


def _bulk1(folder: Path) -> Story:
    """Put the three answers of a job of Bulk 1.0 beside their calls."""
    job = "/services/async/51.0/job"
    asked = "<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>"
    calls = {
        "jobCreated": (job, f"<jobInfo {NAMESPACE}>{asked}</jobInfo>"),
        "batchAdded": (f"{job}/7503h000009yLOeAAM/batch", "LastName\na\nb\n"),
        "jobClosed": (
            f"{job}/7503h000009yLOeAAM",
            f"<jobInfo {NAMESPACE}><state>Closed</state></jobInfo>",
        ),
    }
    told = [
        call("POST", path, body, status=200 if name == "jobClosed" else 201).at(
            group="cli-dx", name=name, answer=(folder / f"{name}.xml").read_text()
        )
        for name, (path, body) in calls.items()
    ]
    return Story("cli-dx", "bulk1", tuple(told))


def _jobs(text: str) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = {}
    job, root = "", ""
    for part in PART.finditer(text):
        if part["told"]:
            told = _object(part["told"])
            if "id" not in told:
                continue
            first = told["id"] not in found
            job = told["id"]
            kind = "query" if told["operation"] == "query" else "ingest"
            root = f"/services/data/v{told['apiVersion']}.0/jobs/{kind}"
            found.setdefault(job, []).extend(_told(told, root, first=first))
        elif part["put"]:
            if not job:
                continue  # one transcript begins in the middle of its first job
            row = _row(found[job][0])
            found[job].append(call("PUT", f"{root}/{job}/batches", row, status=201))
        else:
            found[job].append(_results(part, root, job, found[job][0]))
    return found


def _object(text: str) -> dict[str, object]:
    quoted = re.sub(r"(\w+): ", r'"\1": ', text.replace("'", '"'))
    found: dict[str, object] = json.loads("{" + quoted + "}")
    return found


def _told(told: dict[str, object], root: str, *, first: bool) -> Iterator[Exchange]:
    answer, path = json.dumps(told), f"{root}/{told['id']}"
    made = call("GET", path, answer=answer).at(content_type=JSON_TYPE)
    if first:
        asked = {"operation": told["operation"], "object": told["object"]}
        if root.endswith("query"):
            asked = {"operation": "query", "query": f"SELECT Id FROM {told['object']}"}
        begun = call("POST", root, asked, answer=answer).at(content_type=JSON_TYPE)
        # One transcript begins after the job was made: then the first call only makes it.
        yield begun.at(judged="jobType" not in told)
        if "jobType" not in told:
            return
        if "numberRecordsProcessed" in told and root.endswith("ingest"):
            yield call("PUT", f"{path}/batches", _row(begun), status=201).at(judged=False)
    if told["state"] == "InProgress":
        yield made.at(aside=PASSING)
    elif "jobType" not in told and told["state"] == "UploadComplete":
        body = json.dumps({"state": "UploadComplete"})
        yield call("PATCH", path, body, answer=answer).at(content_type=JSON_TYPE)
    else:
        yield made


def _row(created: Exchange) -> str:
    kind = json.loads(created.body or "{}").get("object")
    return {
        "Account": "Id,Phone\n0013h00000Ffg19AAB,881-222-2391\n",
        "Case": "Subject,Priority\na,b\n",
    }.get(kind, "message__c\nPower Off\n")


def _results(part: re.Match[str], root: str, job: str, created: Exchange) -> Exchange:
    name = "failedResults" if part["kind"] == "Failure" else "unprocessedrecords"
    made = call("GET", f"{root}/{job}/{name}", answer=part["csv"].strip() + "\n")
    made = made.at(content_type="text/csv")
    if "Priority,Subject" in part["csv"]:
        return made.at(aside="columns in the order of the alphabet, as in versions of 2020")
    return made.at(aside=PRINTED_ONLY) if root.endswith("query") or not part["csv"] else made
