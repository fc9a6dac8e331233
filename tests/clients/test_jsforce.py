"""jsforce 3 on Node against the org over http, as its users call it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field
from tests.clients.installed import installed
from tests.clients.shown import program

if TYPE_CHECKING:
    from tests.clients.installed import Client
    from tests.conftest import Desk

OPEN = "const org = new jsforce.Connection({ instanceUrl: url, accessToken: token })"
# What a script gives back is the one line on stdout.
FRAME = """
const jsforce = require('jsforce')
const { Readable } = require('stream')
const { url, token, username, password } = JSON.parse(process.argv[1])
async function main() {
%s
}
main().then((found) => console.log(JSON.stringify(found ?? null)),
            (error) => { console.error(error); process.exit(1) })
"""


@dataclass(frozen=True)
class JsForce:
    """Runs scripts with jsforce that find `org`, a connection."""

    client: Client
    desk: Desk

    def run(self, script: str, *, opening: str = OPEN) -> Any:
        """Run the body of a function; give what it returns."""
        known = self.desk.org.org.credentials
        given = {
            "url": self.desk.org.url,
            "token": self.desk.org.token(),
            "username": known.username,
            "password": known.password + known.security_token,
        }
        code = FRAME % f"{opening}\n{script}"
        return json.loads(self.client.run("node", "-e", code, json.dumps(given)))


@pytest.fixture
def jsforce(desk: Desk) -> JsForce:
    return JsForce(installed("node", desk.folder, "node_modules/.bin"), desk)


def test_it_creates_retrieves_updates_upserts_and_deletes(jsforce: JsForce) -> None:
    told = jsforce.run("""
        const made = await org.sobject('Lead').create({ LastName: 'Doe', Company: 'Acme' })
        const many = await org.sobject('Lead').create(
            [1, 2].map((n) => ({ LastName: `l${n}`, Company: 'C' })))
        await org.sobject('Lead').update({ Id: made.id, Score__c: 7 })
        const read = await org.sobject('Lead').retrieve(made.id)
        const first = await org.sobject('Lead').upsert(
            { Ext__c: 'k', LastName: 'Roe', Company: 'C' }, 'Ext__c')
        const again = await org.sobject('Lead').upsert({ Ext__c: 'k', Score__c: 9 }, 'Ext__c')
        await org.sobject('Lead').destroy(many.map((one) => one.id))
        return { score: read.Score__c, created: [first.created, again.created] }
    """)
    assert told == {"score": 7, "created": [True, False]}
    assert jsforce.desk.look("SELECT LastName, Score__c FROM Lead ORDER BY LastName") == [
        {"LastName": "Doe", "Score__c": 7},
        {"LastName": "Roe", "Score__c": 9},
    ]


def test_it_queries_over_relationships_and_page_by_page(jsforce: JsForce) -> None:
    told = jsforce.run("""
        const account = await org.sobject('Account').create({ Name: 'Acme' })
        const people = [...Array(450).keys()].map(
            (n) => ({ LastName: 'p' + String(n).padStart(3, '0'), AccountId: account.id }))
        await org.sobject('Contact').create(people, { allowRecursive: true })
        const up = await org.query(
            'SELECT LastName, Account.Name FROM Contact ORDER BY LastName LIMIT 1')
        const down = await org.query(
            'SELECT Name, (SELECT LastName FROM Contacts LIMIT 3) FROM Account')
        const small = { headers: { 'Sforce-Query-Options': 'batchSize=200' } }
        let result = await org.query('SELECT Id FROM Contact', small)
        const pages = [result.records.length]
        while (!result.done) {
            result = await org.queryMore(result.nextRecordsUrl, small)
            pages.push(result.records.length)
        }
        return { parent: up.records[0].Account.Name, pages,
                 children: down.records[0].Contacts.records.map((one) => one.LastName) }
    """)
    assert told["parent"] == "Acme"
    assert told["children"] == ["p000", "p001", "p002"]
    assert (len(told["pages"]), sum(told["pages"])) == (3, 450)


def test_its_bulk_2_loads_a_stream_and_tells_what_failed(jsforce: JsForce) -> None:
    jsforce.desk.add_lead("a")
    told = jsforce.run("""
        const csv = 'Ext__c,LastName,Company,Score__c\\na,A,C,5\\nb,B,C,1000\\nc,C,C,7\\n'
        const job = org.bulk2.createJob(
            { object: 'Lead', operation: 'upsert', externalIdFieldName: 'Ext__c' })
        await job.open()
        await job.uploadData(Readable.from(csv))
        await job.close()
        await job.poll(20, 60000)
        return { info: await job.check(), ...(await job.getAllResults()) }
    """)
    assert (told["info"]["state"], told["info"]["numberRecordsFailed"]) == ("JobComplete", 1)
    assert {row["sf__Created"] for row in told["successfulResults"]} == {"true", "false"}
    (failed,) = told["failedResults"]
    assert failed["Ext__c"] == "b"
    assert failed["sf__Error"].startswith("NUMBER_OUTSIDE_VALID_RANGE:")
    assert told["unprocessedRecords"] == []
    assert jsforce.desk.look("SELECT Ext__c, Score__c FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "a", "Score__c": 5},
        {"Ext__c": "c", "Score__c": 7},
    ]


def test_poll_events_follow_a_bulk_2_job(jsforce: JsForce) -> None:
    told = jsforce.run("""
        const job = org.bulk2.createJob({ object: 'Lead', operation: 'insert' })
        const seen = []
        for (const event of ['open', 'uploadComplete', 'inProgress', 'jobComplete'])
            job.on(event, () => seen.push(event))
        await job.open()
        await job.uploadData([{ LastName: 'Doe', Company: 'Acme' }])
        await job.close()
        await job.poll(20, 60000)
        return [...new Set(seen)]
    """)
    assert told[0] == "open"
    assert told[-1] == "jobComplete"


def test_its_bulk_2_queries(jsforce: JsForce) -> None:
    for key in "ab":
        jsforce.desk.add_lead(key)
    told = jsforce.run("""
        org.bulk2.pollInterval = 20
        const stream = await org.bulk2.query('SELECT Ext__c FROM Lead ORDER BY Ext__c')
        return await stream.toArray()
    """)
    assert [row["Ext__c"] for row in told] == ["a", "b"]


def test_it_describes_and_knows_who_it_is(jsforce: JsForce) -> None:
    told = jsforce.run("""
        const lead = await org.sobject('Lead').describe()
        const all = await org.describeGlobal()
        const who = await org.identity()
        return { score: lead.fields.find((field) => field.name === 'Score__c').type,
                 objects: all.sobjects.map((one) => one.name), username: who.username,
                 limits: (await org.limits()).DailyApiRequests.Max }
    """)
    assert told["score"] == "double"
    assert {"Lead", "Account"} <= set(told["objects"])
    assert told["username"] == jsforce.desk.org.org.credentials.username
    assert told["limits"] == 15_000


def test_it_logs_in_by_soap_at_an_old_version(jsforce: JsForce) -> None:
    told = jsforce.run(
        """
        const user = await org.login(username, password)
        const made = await org.sobject('Lead').create({ LastName: 'Doe', Company: 'Acme' })
        return { user, id: made.id }
        """,
        opening="const org = new jsforce.Connection({ loginUrl: url, version: '59.0' })",
    )
    assert told["user"]["organizationId"] == jsforce.desk.org.org.org_id
    assert jsforce.desk.look("SELECT Id FROM Lead") == [{"Id": told["id"]}]


def test_its_bulk_1_loads_and_tells_what_failed(jsforce: JsForce) -> None:
    told = jsforce.run("""
        org.bulk.pollInterval = 20
        return await org.bulk.load('Lead', 'upsert', { extIdField: 'Ext__c' }, [
            { Ext__c: 'a', LastName: 'A', Company: 'C', Score__c: '5' },
            { Ext__c: 'b', LastName: 'B', Company: 'C', Score__c: '1000' },
        ])
    """)
    assert [row["success"] for row in told] == [True, False]
    assert told[1]["errors"][0].startswith("NUMBER_OUTSIDE_VALID_RANGE:")
    assert jsforce.desk.look("SELECT Ext__c, Score__c FROM Lead") == [
        {"Ext__c": "a", "Score__c": 5}
    ]


def test_the_program_of_the_help_page_upserts_and_prints_what_failed(jsforce: JsForce) -> None:
    desk = jsforce.desk
    key = custom_field("Prospect_Id__c", "Text(20)", external_id=True)
    add_missing(desk.org.org.store, "Lead", (key,))
    scores = "Prospect_Id__c,LastName,Company,Score__c\nP-1,A,C,5\nP-2,B,C,1000\n"
    desk.write("scores.csv", scores)
    shown = program("const fs = require('fs')")
    here = f"process.chdir({json.dumps(str(desk.folder))})\n"
    variables = {"CRM_SINK_INSTANCE_URL": desk.org.url, "TOKEN": desk.org.token()}
    said = jsforce.client.run("node", "-e", here + shown, **variables)
    assert "NUMBER_OUTSIDE_VALID_RANGE:" in said
    assert desk.look("SELECT Prospect_Id__c, Score__c FROM Lead") == [
        {"Prospect_Id__c": "P-1", "Score__c": 5}
    ]


def test_a_field_made_by_metadata_can_be_written_once_it_is_granted(jsforce: JsForce) -> None:
    told = jsforce.run("""
        const made = await org.metadata.upsert('CustomField', {
            fullName: 'Lead.Fit__c', label: 'Fit', type: 'Number', precision: 3, scale: 0,
            externalId: false })
        const names = async () =>
            (await org.sobject('Lead').describe()).fields.map((field) => field.name)
        const before = (await names()).includes('Fit__c')
        await org.metadata.upsert('PermissionSet', {
            fullName: 'Scores', label: 'Scores',
            fieldPermissions: [{ field: 'Lead.Fit__c', editable: true, readable: true }] })
        const set = await org.query("SELECT Id FROM PermissionSet WHERE Name = 'Scores'")
        const user = await org.identity()
        await org.sobject('PermissionSetAssignment').create(
            { PermissionSetId: set.records[0].Id, AssigneeId: user.user_id })
        const lead = await org.sobject('Lead').create(
            { LastName: 'Doe', Company: 'Acme', Fit__c: 80 })
        return { made, before, lead }
    """)
    assert told["made"]["success"] is True
    assert told["before"] is False
    assert jsforce.desk.look("SELECT Fit__c FROM Lead") == [{"Fit__c": 80}]
