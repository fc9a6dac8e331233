"""Field history: one row for each tracked field that a save changed, by every way of writing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_sink.emulator.history.tracking import track
from crm_sink.emulator.serve import running
from tests.conftest import FakeClock
from tests.emulator.conftest import logged_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHER = "005000000000007AAA"
TRACKED = ("Score__c", "Band__c", "Flag__c", "Day__c", "At__c", "Tags__c", "Description", "OwnerId")
ROWS = (
    "SELECT Field, DataType, OldValue, NewValue FROM LeadHistory WHERE LeadId = '{}' "
    "AND Field != 'created' ORDER BY Id"
)


@pytest.fixture(scope="module")
def api(api_template: Path, tmp_path_factory: Any, org_clock: FakeClock) -> Iterator[Any]:
    """Run an org that tracks some fields; each test has leads of its own."""
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("history") / "org")
    with running(folder, clock=org_clock) as org:
        with org.org.store.writing() as cursor:
            cursor.execute("insert into User (Id, LastName) values (?, 'Other')", [OTHER])
        track(org.org.store, "Lead", TRACKED)
        track(org.org.store, "Account", ["Name"])
        track(org.org.store, "Opportunity", ["StageName", "Probability"])
        yield logged_in(org)


def ask(api: Any, soql: str) -> list[dict[str, Any]]:
    reply = api.get("query", params={"q": soql})
    assert reply.status_code == 200, reply.text
    records: list[dict[str, Any]] = reply.json()["records"]
    for record in records:
        del record["attributes"]
    return records


def rows(api: Any, lead: str) -> list[tuple[Any, ...]]:
    """Give field, kind, old and new value of a lead's changes, in order."""
    return [tuple(row.values()) for row in ask(api, ROWS.format(lead))]


def patch(api: Any, lead: str, **values: Any) -> None:
    reply = api.patch(f"sobjects/Lead/{lead}", values)
    assert reply.status_code == 204, reply.text


def test_each_tracked_field_that_changed_leaves_one_row_and_no_other_does(api: Any) -> None:
    lead = api.lead(Score__c=5, Band__c="Cold", Note__c="a")
    patch(api, lead, Score__c=87, Band__c="Cold", Note__c="b")
    assert rows(api, lead) == [("Score__c", "Double", 5.0, 87.0)]


def test_values_have_the_type_of_their_field(api: Any) -> None:
    lead = api.lead(Day__c="2026-01-31")
    at = "2026-05-01T07:25:37.000+0000"
    patch(api, lead, Flag__c=True, Day__c=None, At__c=at, Band__c="Hot")
    assert sorted(rows(api, lead)) == [
        ("At__c", "DateTime", None, at),
        ("Band__c", "DynamicEnum", None, "Hot"),
        ("Day__c", "DateOnly", "2026-01-31", None),
        ("Flag__c", "Boolean", False, True),
    ]


def test_a_new_record_leaves_one_row_that_says_so(api: Any) -> None:
    lead = api.lead(Score__c=5, Band__c="Hot")
    (made,) = ask(api, f"SELECT Field, OldValue, NewValue FROM LeadHistory WHERE LeadId = '{lead}'")
    assert made == {"Field": "created", "OldValue": None, "NewValue": None}


def test_of_long_texts_and_multi_select_picklists_it_says_only_that_they_changed(api: Any) -> None:
    lead = api.lead()
    patch(api, lead, Description="long", Tags__c="Hot;Cold")
    assert sorted(rows(api, lead)) == [
        ("Description", "StringPlusClob", None, None),
        ("Tags__c", "MultiEnum", None, None),
    ]


def test_a_lookup_leaves_a_row_with_names_and_one_with_ids(api: Any) -> None:
    lead = api.lead()
    patch(api, lead, OwnerId=OTHER)
    assert rows(api, lead) == [
        ("Owner", "Text", "Local Rep", "Other"),
        ("Owner", "EntityId", api.running.org.user_id, OTHER),
    ]


def test_what_an_assignment_rule_fills_in_is_history_too(api: Any) -> None:
    lead = api.lead(OwnerId=OTHER)
    api.patch(f"sobjects/Lead/{lead}", {"Note__c": "x"}, headers={"Sforce-Auto-Assign": "TRUE"})
    assert rows(api, lead)[0] == ("Owner", "Text", "Other", "Local Rep")


def test_equal_values_and_refused_rows_leave_nothing(api: Any) -> None:
    lead = api.lead(Score__c=5, Band__c="Hot")
    patch(api, lead, Score__c=5.0, Band__c="Hot")
    assert api.patch(f"sobjects/Lead/{lead}", {"Score__c": 7, "Band__c": "Nope"}).status_code == 400
    assert rows(api, lead) == []


def test_all_rows_of_one_save_share_one_time_and_the_user(api: Any, org_clock: FakeClock) -> None:
    lead = api.lead()
    org_clock.advance(60)
    patch(api, lead, Score__c=5, Band__c="Hot")
    soql = "SELECT CreatedDate, CreatedBy.Name FROM LeadHistory WHERE Field LIKE '%__c'"
    soql += f" AND LeadId = '{lead}'"
    assert {(row["CreatedDate"], row["CreatedBy"]["Name"]) for row in ask(api, soql)} == {
        ("2026-11-20T06:01:00.000+0000", "Local Rep")
    }
    assert api.field(lead, "SystemModstamp") == "2026-11-20T06:01:00.000+0000"


@pytest.mark.parametrize("way", ["collection", "upsert", "bulk2", "bulk1"])
def test_it_is_kept_by_every_way_of_writing(api: Any, way: str) -> None:
    key, new = f"{way}-a", f"{way}-b"
    lead = api.lead(Ext__c=key, Score__c=5)
    if way == "collection":
        body = {"records": [{"attributes": {"type": "Lead"}, "Id": lead, "Score__c": 6}]}
        api.patch("composite/sobjects", body)
    elif way == "upsert":
        api.patch(f"sobjects/Lead/Ext__c/{key}", {"Score__c": 6})
    elif way == "bulk2":
        text = f"Ext__c,Score__c,LastName,Company\n{key},6,,\n{new},7,Roe,Acme\n"
        api.run_job(text, "upsert", externalIdFieldName="Ext__c")
    else:
        bulk1(api, f"Id,Score__c\n{lead},6\n")
    assert rows(api, lead) == [("Score__c", "Double", 5.0, 6.0)]
    soql = "SELECT Lead.Ext__c FROM LeadHistory WHERE Field = 'created' AND Lead.Ext__c LIKE '{}%'"
    created = ask(api, soql.format(way) + " ORDER BY Id")
    expected = [key, new] if way == "bulk2" else [key]
    assert [row["Lead"]["Ext__c"] for row in created] == expected


def bulk1(api: Any, text: str) -> None:
    root = "/services/async/60.0/job"
    job = {"operation": "update", "object": "Lead", "contentType": "CSV"}
    job_id = api.post(root, job).json()["id"]
    headers = {"Content-Type": "text/csv"}
    reply = api.call("POST", f"{root}/{job_id}/batch", data=text.encode(), headers=headers)
    assert reply.status_code == 201, reply.text
    api.post(f"{root}/{job_id}", {"state": "Closed"})
    api.running.org.jobs.settle(20)


def test_a_record_is_read_with_its_history(api: Any) -> None:
    lead = api.lead(Score__c=5)
    patch(api, lead, Score__c=6)
    soql = (
        "SELECT Name, (SELECT Field, OldValue, NewValue, CreatedDate FROM Histories "
        f"WHERE Field = 'Score__c' ORDER BY CreatedDate DESC) FROM Lead WHERE Id = '{lead}'"
    )
    (found,) = ask(api, soql)
    (row,) = found["Histories"]["records"]
    assert (row["Field"], row["OldValue"], row["NewValue"]) == ("Score__c", 5.0, 6.0)
    assert row["attributes"]["type"] == "LeadHistory"


def test_one_row_is_read_by_its_id_and_a_job_reads_many(api: Any) -> None:
    lead = api.lead(Score__c=5)
    patch(api, lead, Score__c=6, Band__c="Hot")
    soql = f"SELECT Id FROM LeadHistory WHERE Field = 'Score__c' AND LeadId = '{lead}'"
    (found,) = ask(api, soql)
    row = api.get(f"sobjects/LeadHistory/{found['Id']}").json()
    assert (found["Id"][:3], row["LeadId"], row["NewValue"]) == ("017", lead, 6.0)
    job = api.post("jobs/query", {"operation": "query", "query": ROWS.format(lead)}).json()["id"]
    api.running.org.jobs.settle(20)
    lines = api.get(f"jobs/query/{job}/results").content.decode().splitlines()
    assert lines[1:] == ['"Score__c","Double","5.0","6.0"', '"Band__c","DynamicEnum","","Hot"']


def test_values_cannot_be_filtered_by(api: Any) -> None:
    reply = api.get("query", params={"q": "SELECT Id FROM LeadHistory WHERE NewValue = 'Hot'"})
    assert reply.status_code == 400
    assert "can not be filtered in a query call" in reply.json()[0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "deed"),
    [
        ("POST", "", "inserted"),
        ("PATCH", "/{}", "updated"),
        ("DELETE", "/{}", "deleted"),
    ],
)
def test_nobody_writes_history(api: Any, method: str, path: str, deed: str) -> None:
    lead = api.lead()
    own = f"SELECT Id FROM LeadHistory WHERE LeadId = '{lead}'"
    (made,) = ask(api, own)
    body = {"LeadId": lead, "Field": "Score__c"}
    reply = api.call(method, "sobjects/LeadHistory" + path.format(made["Id"]), json=body)
    message = f"entity type cannot be {deed}: Lead History"
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    expected = [{"message": message, "errorCode": code, "fields": []}]
    assert (reply.status_code, reply.json()) == (400, expected)
    assert ask(api, own) == [made]


def test_a_job_that_writes_history_has_its_rows_refused(api: Any) -> None:
    error = api.row_error(f"LeadId\n{api.lead()}\n", object="LeadHistory")
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert error == f"{code}:entity type cannot be inserted: Lead History:--"


def test_a_deleted_record_takes_its_history_along(api: Any) -> None:
    kept, gone = api.lead(), api.lead()
    api.call("DELETE", f"sobjects/Lead/{gone}")
    which = f"WHERE LeadId IN ('{kept}', '{gone}') ORDER BY Id"
    asked = {"q": f"SELECT LeadId, IsDeleted FROM LeadHistory {which}"}
    assert [row["LeadId"] for row in ask(api, asked["q"])] == [kept]
    found = api.get("queryAll", params=asked).json()["records"]
    assert [(row["LeadId"], row["IsDeleted"]) for row in found] == [(kept, False), (gone, True)]
    api.run_job(f"Id\n{gone}\n", "hardDelete")
    assert api.get("queryAll", params=asked).json()["totalSize"] == 1


def test_history_and_tracking_survive_a_restart(api_folder: Path, log_in: Any) -> None:
    with running(api_folder) as org:
        track(org.org.store, "Lead", ["Score__c"])
        lead = log_in(org).lead(Score__c=5)
    with running(api_folder) as org:
        api = log_in(org)
        patch(api, lead, Score__c=6)
        assert rows(api, lead) == [("Score__c", "Double", 5.0, 6.0)]
        ids = [row["Id"] for row in ask(api, "SELECT Id FROM LeadHistory")]
        assert len(set(ids)) == 2


def test_an_opportunity_s_stage_moves_its_probability(api: Any) -> None:
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    made = api.post("sobjects/Opportunity", deal).json()["id"]
    api.patch(f"sobjects/Opportunity/{made}", {"StageName": "Closed Won"})
    soql = (
        "SELECT Name, (SELECT Field, DataType, NewValue FROM Histories WHERE Field != 'created' "
        "ORDER BY Field) FROM Opportunity"
    )
    found = ask(api, soql)[0]["Histories"]["records"]
    assert [(row["Field"], row["DataType"], row["NewValue"]) for row in found] == [
        ("Probability", "Percent", 100.0),
        ("StageName", "DynamicEnum", "Closed Won"),
    ]
    assert {row["attributes"]["type"] for row in found} == {"OpportunityFieldHistory"}


def test_the_ids_of_all_histories_are_of_one_count(api: Any) -> None:
    """They share the key prefix 017."""
    api.lead()
    api.post("sobjects/Account", {"Name": "Acme"})
    found = [
        ask(api, f"SELECT Id FROM {kind} ORDER BY Id DESC")[0]["Id"]
        for kind in ("LeadHistory", "AccountHistory")
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("parent", "kind"),
    [
        ("Lead", "LeadHistory"),
        ("Contact", "ContactHistory"),
        ("Account", "AccountHistory"),
        ("Opportunity", "OpportunityFieldHistory"),
    ],
)
def test_describe_tells_of_each_history_what_salesforce_tells(
    api: Any, parent: str, kind: str
) -> None:
    """Recorded: `Histories`, deleted with the parent. Field reference: types and lengths."""
    children = api.get(f"sobjects/{parent}/describe").json()["childRelationships"]
    (child,) = [one for one in children if one["childSObject"] == kind]
    shown = (child["field"], child["relationshipName"], child["cascadeDelete"])
    assert shown == (f"{parent}Id", "Histories", True)
    told = api.get(f"sobjects/{kind}/describe").json()
    assert [told[key] for key in ("createable", "updateable", "deletable")] == [False] * 3
    assert [told[key] for key in ("keyPrefix", "queryable", "replicateable")] == ["017", True, True]
    fields = {one["name"]: one for one in told["fields"]}
    assert list(fields) == [
        "Id", "IsDeleted", f"{parent}Id", "CreatedById", "CreatedDate", "Field", "DataType",
        "OldValue", "NewValue",
    ]  # fmt: skip
    value = fields["NewValue"]
    assert (value["type"], value["length"], value["soapType"]) == ("anyType", 255, "xsd:anyType")
    assert (value["filterable"], value["sortable"], value["groupable"]) == (False, True, False)
    assert not any(one["createable"] or one["updateable"] for one in fields.values())


def test_the_session_of_a_stranger_reads_none_of_it(api: Any) -> None:
    reply = requests.get(f"{api.running.url}/services/data/v60.0/sobjects/LeadHistory", timeout=30)
    assert reply.status_code == 401


def test_replicas_are_told_of_new_rows_and_of_those_that_went_with_their_record(
    api: Any, org_clock: FakeClock
) -> None:
    lead = api.lead(Score__c=5)
    span = {
        "start": f"{org_clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{org_clock.now() + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
    }
    patch(api, lead, Score__c=6)
    own = [row["Id"] for row in ask(api, f"SELECT Id FROM LeadHistory WHERE LeadId = '{lead}'")]
    updated = api.get("sobjects/LeadHistory/updated", params=span).json()["ids"]
    assert len(own) == 2
    assert set(own) <= set(updated)
    api.call("DELETE", f"sobjects/Lead/{lead}")
    told = api.get("sobjects/LeadHistory/deleted", params=span).json()["deletedRecords"]
    assert set(own) <= {one["id"] for one in told}


def test_describe_offers_the_names_that_a_row_may_have(api: Any) -> None:
    fields = api.get("sobjects/LeadHistory/describe").json()["fields"]
    (field,) = [one for one in fields if one["name"] == "Field"]
    offered = [one["value"] for one in field["picklistValues"]]
    assert {"created", "Owner", "Status", "Score__c"} <= set(offered)
    assert not {"Id", "OwnerId", "CreatedDate", "SystemModstamp", "Name"} & set(offered)
