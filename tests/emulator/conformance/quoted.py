"""Error bodies that people quoted from live orgs (misc), each with the call that it answers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.schema import Field, PicklistValue
from tests.emulator.conformance.calls import JOB, JSON_TYPE, call, ingest, query, unjudged
from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from pathlib import Path

ONE = (PicklistValue("a", "a"),)
FIELDS = (
    ("Contact", Field("Job_Category__c", "Job Category", "picklist", 255, restricted=True,
                      values=ONE, custom=True)),
    ("Contact", Field("Picklist__c", "Picklist", "picklist", 255, restricted=True, values=ONE,
                      custom=True)),
    ("Account", Field("NozzleAccountId__c", "Nozzle", "string", 40, unique=True, external_id=True,
                      id_lookup=True, custom=True)),
    ("Account", Field("Ext__c", "Ext", "string", 40, unique=True, external_id=True,
                      id_lookup=True, custom=True)),
)  # fmt: skip
TASK = (("Task", Field("Subject", "Subject", "string", 255)),)
SHARING = "needs sharing, which the local org does not have"
# What stood before the quoted excerpt is not on record: this query is ours, as long as the quoted
# column asks for. So only the excerpt, the place of the caret under it and the words are judged.
LONG = "SELECT Id, Name, Site, Type, CreatedDate, LastModifiedById, LastModifiedDate, From Account "


def quoted(folder: Path) -> list[Story]:
    """Put each quoted body beside a call that earns it."""
    return [*_rest(folder), *_collections(folder), *_bulk(folder), *_headers(folder)]


def _rest(folder: Path) -> list[Story]:
    account, contact = "sobjects/Account", "sobjects/Contact"
    twin = {"Name": "x", "NozzleAccountId__c": "n-1"}
    calls: list[list[Exchange]] = [
        [call("POST", account, {"Name": "x"}).at(aside=SHARING)],
        [call("POST", account, {"Name": "x"}).at(aside="needs record types of a profile")],
        [call("POST", contact, {"LastName": "x", "Name": "y"})],
        [call("POST", contact, {
            "LastName": "x", "Job_Category__c": "NURSE PRACTITIONER, SUPERVISING(NP,S)"})],
        [call("POST", account, {"Phone": "1"})],
        [call("GET", "limits").at(headers={"Authorization": "Bearer 00D000000000000!gone"})],
        [call("POST", account, twin, status=201), call("POST", account, twin)],
        [call("POST", contact, {"LastName": "x", "Email": "not an email"})],
        [query("invalid")],
        [query(LONG)],
        [call("POST", "/services/oauth2/token", "grant_type=client_credentials&client_id=nobody")],
        [],
        [call("POST", "sobjects/Task", {"Equipo": "x"})],
        [call("POST", contact, {"LastName": "x"}).at(
            aside="quoted without its `fields`, against another quotation of the same answer")],
    ]  # fmt: skip
    made = []
    lines = (folder / "misc" / "rest_error_bodies_real.jsonl").read_text().splitlines()
    for number, (line, asked) in enumerate(zip(lines, calls, strict=True)):
        told = json.loads(line)
        if not asked:
            continue  # a prefix only; the whole body is told below
        *before, last = asked
        body = json.dumps(told["body"])
        fields = TASK if "Task" in last.path else FIELDS
        last = last.at(status=told["http"], answer=body, content_type=JSON_TYPE)
        made.append(_story(f"error body {number + 1}", [*unjudged(before), last], fields))
    return made


def _collections(folder: Path) -> list[Story]:
    told = json.loads((folder / "misc" / "collections_tree_all_or_none_failure.json").read_text())
    kind = {"attributes": {"type": "Contact"}, "LastName": "x"}
    rows = [kind, {**kind, "Picklist__c": "whooooofailllll"}]
    asked = call("POST", "composite/sobjects", {"allOrNone": True, "records": rows})
    last = asked.at(answer=json.dumps(told["rows"]), content_type=JSON_TYPE)
    return [_story("all or none", [last], FIELDS)]


def _bulk(folder: Path) -> list[Story]:
    text = (folder / "misc" / "bulk2_error_bodies.md").read_text()
    rows = re.findall(r"^\| (\w+)(?: \(404\))? \| `(.*?)`", text, re.MULTILINE)
    asked = {"object": "X", "operation": "insert"}
    wrong = {"object": "Obj", "operation": "upsert", "externalIdFieldName": "X"}
    fields = (*FIELDS, ("Account", Field("X", "X", "string", 20)))
    job = ingest("Name\na\n")
    upload = job[1]
    calls: list[list[Exchange]] = [
        [call("POST", "jobs/ingest", asked)],
        [call("POST", "jobs/ingest", {**wrong, "object": "Account"})],
        [call("POST", "jobs/ingest", {"object": "Account", "operation": "upsert"})],
        [call("POST", "jobs/ingest", {"object": "Account", "operation": ""})],
        [job[0], upload, upload],
        [*job, call("PATCH", f"jobs/ingest/{JOB}", {"state": "Aborted"})],
        [call("GET", "jobs/ingest/7502M00000aFzAIQA0")],
    ]
    made = []
    for (code, message), asks in zip(rows, calls, strict=True):
        words = message.replace("for Obj", "for Account").replace(
            "blank for X", "blank for Account"
        )
        body = json.dumps([{"errorCode": code, "message": words}])
        *before, last = asks
        last = last.at(status=404 if code == "NOT_FOUND" else 400, answer=body)
        made.append(_story(f"bulk 2.0 {code} {message[:30]}", [*unjudged(before), last], fields))
    return made + [_failed(words, csv) for words, csv in FAILED.items()]


FAILED = {
    "InvalidBatch : Field name not found : X": "Name,X\na,b\n",
    "InvalidBatch : Unable to find relationship: Account": "Name,Parent:Account.Ext__c\na,b\n",
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
    "within a quote": 'Name,Phone\na"b,c\n',
    "InvalidBatch : Records not found": "Name\n",
    "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF": (
        "Name\r\na\r\n"
    ),
}


def _failed(words: str, csv: str) -> Story:
    *before, last = ingest(csv)
    told = {"state": "Failed", "errorMessage": words}
    # Only these two keys were quoted: the answer is cut down to them.
    shown = last.at(answer=json.dumps(told), content_type="only the quoted keys")
    return _story(f"failed job {words[:40]}", [*unjudged(before), shown], FIELDS)


def _headers(folder: Path) -> list[Story]:
    text = (folder / "misc" / "relationship_header_experiment_2026.md").read_text()
    made = []
    for header, words in re.findall(r"^\| `(\S+)` \| Failed, `(.*?)` \|", text, re.MULTILINE):
        story = _failed(words, f"Ext__c,Name,{header}\na,b,c\n")
        made.append(Story("misc", f"column {header}", story.exchanges, FIELDS))
    worked = ingest("Ext__c,Name,Parent.Ext__c\na,b,\n", "upsert", externalIdFieldName="Ext__c")
    told = json.dumps({"state": "JobComplete"})
    last = worked[-1].at(answer=told, content_type="only the quoted keys")
    return [*made, _story("column Parent.Ext__c", [*unjudged(worked[:-1]), last], FIELDS)]


def _story(name: str, told: list[Exchange], fields: Any) -> Story:
    named = tuple(one.at(group="misc", name=name) for one in told)
    return Story("misc", name, named, fields)
