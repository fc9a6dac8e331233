"""The write log at /__log__: every applied change, in order, with old and new values."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings


def log(api: Any, query: str = "") -> list[dict[str, Any]]:
    reply = api.get(f"/__log__{query}")
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["changes"]
    return found


def pick(change: dict[str, Any], *keys: str) -> list[Any]:
    return [change[key] for key in keys]


def collection(api: Any, *records: dict[str, Any], all_or_none: bool = False) -> Any:
    sent = [{"attributes": {"type": "Lead"}, **one} for one in records]
    return api.patch("composite/sobjects", {"allOrNone": all_or_none, "records": sent})


def test_a_single_update_is_logged_with_its_request_and_values(api: Any) -> None:
    lead = api.lead(Score__c=5, Flag__c=True)
    body = {"Score__c": 8.5, "Note__c": "hot", "At__c": "2026-05-01T07:25:37.000+02:00"}
    reply = api.patch(f"sobjects/Lead/{lead}", {**body, "Flag__c": False})
    _, change = log(api)
    path = "/services/data/v{version}/sobjects/{object}/{id}"
    assert pick(change, "object", "id", "operation") == ["Lead", lead, "update"]
    assert pick(change, "call", "job", "created") == [f"PATCH {path}", None, False]
    assert change["request"] == reply.headers["X-SFDC-Request-Id"]
    assert change["fields"] == ["Score__c", "Note__c", "At__c", "Flag__c"]
    assert change["old"] == {"Score__c": 5.0, "Note__c": None, "At__c": None, "Flag__c": True}
    at = "2026-05-01T05:25:37.000+0000"
    assert change["new"] == {"Score__c": 8.5, "Note__c": "hot", "At__c": at, "Flag__c": False}


def test_a_key_is_logged_when_it_is_written_in_other_letters(api: Any) -> None:
    api.lead(Ext__c="a-1", Note__c="old")
    for key in ("a-1", "A-1"):
        assert api.patch(f"sobjects/Lead/Ext__c/{key}", {"Note__c": key}).json()["created"] is False
    _, same, other = log(api)
    assert (same["new"], other["new"]) == ({"Note__c": "a-1"}, {"Ext__c": "A-1", "Note__c": "A-1"})
    assert other["old"] == {"Ext__c": "a-1", "Note__c": "a-1"}


def test_changes_stand_in_the_order_in_which_they_were_made(api: Any) -> None:
    leads = [api.lead() for _ in range(3)]
    collection(api, *({"Id": lead, "Note__c": lead[-4:]} for lead in reversed(leads)))
    assert [change["id"] for change in log(api)] == [*leads, *reversed(leads)]
    numbers = [(change["number"], change["row"]) for change in log(api)]
    assert numbers == sorted(numbers)


def test_a_job_is_logged_row_by_row_with_only_what_each_row_set(api: Any) -> None:
    api.lead(Ext__c="a", Note__c="old", Score__c=1)
    text = "Ext__c,LastName,Company,Note__c,Score__c\nb,Roe,Acme,,2\na,,,#N/A,\n"
    job = api.run_job(text, "upsert", externalIdFieldName="Ext__c")
    created, updated = log(api, f"?job={job['id']}")
    assert pick(created, "operation", "created", "request") == ["upsert", True, None]
    values = {"Ext__c": "b", "LastName": "Roe", "Company": "Acme", "Score__c": 2.0}
    assert (created["new"], set(created["old"].values())) == (values, {None})
    assert pick(updated, "created", "fields") == [False, ["Note__c"]]
    assert (updated["old"], updated["new"]) == ({"Note__c": "old"}, {"Note__c": None})


def test_what_was_refused_or_rolled_back_is_in_no_log(api: Any) -> None:
    lead = api.lead()
    good, bad = {"Id": lead, "Note__c": "x"}, {"Id": lead[:-4] + "9AAA", "Note__c": "x"}
    collection(api, good, bad, all_or_none=True)
    api.post("sobjects/Lead", {"LastName": "no company"})
    assert len(log(api)) == 1
    collection(api, good, bad)
    assert len(log(api)) == 2


def test_a_write_of_equal_values_is_a_change_all_the_same(api: Any) -> None:
    """Facts 9: it moves SystemModstamp."""
    lead = api.lead(Note__c="x")
    api.patch(f"sobjects/Lead/{lead}", {"Note__c": "x"})
    assert log(api)[1]["old"] == log(api)[1]["new"] == {"Note__c": "x"}


def test_a_delete_is_logged_without_fields(api: Any) -> None:
    lead = api.lead()
    api.call("DELETE", f"sobjects/Lead/{lead}")
    assert pick(log(api)[1], "operation", "id", "fields", "new") == ["delete", lead, [], {}]


def test_filters_are_joined_by_and(api: Any) -> None:
    lead, _ = api.lead(), api.lead()
    api.post("sobjects/Account", {"Name": "Acme"})
    api.patch(f"sobjects/Lead/{lead}", {"Note__c": "x"})
    assert [len(log(api, one)) for one in ("?object=lead", f"?id={lead[:15]}")] == [3, 2]
    request = log(api, f"?id={lead}")[1]["request"]
    assert len(log(api, f"?object=Lead&request={request}")) == 1
    assert log(api, f"?object=Account&request={request}") == []


def test_pages_follow_each_other_without_a_gap(api: Any) -> None:
    leads = [api.lead() for _ in range(5)]
    seen, since = [], "0"
    while since is not None:
        page = api.get(f"/__log__?limit=2&since={since}").json()
        seen += [change["id"] for change in page["changes"]]
        since = page["next"]
    assert seen == leads


def test_a_page_may_end_in_the_middle_of_a_write(api: Any) -> None:
    leads = [api.lead() for _ in range(3)]
    last = api.get("/__log__/counts").json()["last"]
    collection(api, *({"Id": lead, "Note__c": "x"} for lead in leads))
    first = api.get(f"/__log__?limit=2&since={last}").json()
    rest = api.get(f"/__log__?limit=2&since={first['next']}").json()
    assert [len(page["changes"]) for page in (first, rest)] == [2, 1]
    assert rest["next"] is None


def test_counts_say_how_often_each_record_was_written(api: Any) -> None:
    one, two = api.lead(), api.lead()
    api.patch(f"sobjects/Lead/{one}", {"Note__c": "x"})
    counts = api.get("/__log__/counts?object=Lead").json()
    assert counts == {
        "records": 2, "changes": 3, "most": 2, "repeated": {one: 2}, "last": "3",
    }  # fmt: skip
    api.patch(f"sobjects/Lead/{two}", {"Note__c": "x"})
    after = api.get(f"/__log__/counts?since={counts['last']}").json()
    assert (after["records"], after["most"], after["repeated"]) == (1, 1, {})


def test_counts_of_nothing_are_zeros(api: Any) -> None:
    counts = api.get("/__log__/counts").json()
    assert counts == {"records": 0, "changes": 0, "most": 0, "repeated": {}, "last": "0"}


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=x", "?since=x", f"?since={'9' * 50}", "?since=1.x", "?colour=red"]
)
def test_a_filter_that_cannot_be_is_refused(api: Any, query: str) -> None:
    assert api.get(f"/__log__{query}").status_code == 400


def test_the_log_outlives_a_restart_and_is_forgotten_when_asked(
    api_folder: Any, log_in: Any
) -> None:
    with running(api_folder) as handle:
        log_in(handle).lead()
    with running(api_folder) as handle:
        api = log_in(handle)
        assert len(log(api)) == 1
        last = api.get("/__log__/counts").json()["last"]
        assert api.call("DELETE", "/__log__").status_code == 204
        assert log(api) == []
        assert all(one["writes"] == 0 for one in api.get("/__log__/totals").json().values())
        assert "Nothing was written yet" in api.get("/lightning/changes").text
        api.lead()
        assert len(log(api, f"?since={last}")) == 1


def test_the_log_of_an_org_that_an_earlier_version_made_goes_on(
    api_folder: Any, log_in: Any
) -> None:
    """It had no place for the rows of a small write beside the write."""
    with running(api_folder) as handle:
        lead = log_in(handle).lead()
    with duckdb.connect(str(api_folder / "org.duckdb")) as base:
        base.execute("insert into _log_rows values (1, 0, ?, true, [], [])", [lead])
        base.execute("alter table _log_writes drop column few")
    with running(api_folder) as handle:
        api = log_in(handle)
        api.patch(f"sobjects/Lead/{lead}", {"Score__c": 7})
        assert [change["new"] for change in log(api, f"?id={lead}")] == [{}, {"Score__c": 7}]


def test_a_time_that_an_earlier_version_took_is_told_as_it_stands(api: Any) -> None:
    """Beyond the year 9999 there is no such time in Python."""
    lead = api.lead(Note__c="a")
    with api.running.org.store.writing() as cursor:
        cursor.execute("update Lead set At__c = '10000-01-01 06:00:00'::timestamp")
    api.patch(f"sobjects/Lead/{lead}", {"At__c": "2026-01-01T06:00:00Z"})
    old = log(api, f"?id={lead}")[-1]["old"]
    assert old == {"At__c": "10000-01-01 06:00:00"}


def test_without_values_the_log_still_says_who_was_written(api_folder: Any, log_in: Any) -> None:
    with running(api_folder, settings=OrgSettings(log_values=False)) as handle:
        api = log_in(handle)
        lead = api.lead()
        assert pick(log(api)[0], "id", "fields", "new") == [lead, [], {}]


def test_a_large_job_keeps_the_values_of_each_row(api: Any) -> None:
    """From 10,000 rows on they are kept in a file; 20,000 rows, updated once more."""
    for score in (1, 2):
        rows = "".join(f"k{at},Doe,Acme,{score}\n" for at in range(20_000))
        text = "Ext__c,LastName,Company,Score__c\n" + rows
        job = api.run_job(text, "upsert", externalIdFieldName="Ext__c")
        assert job["numberRecordsFailed"] == 0
    counts = api.get(f"/__log__/counts?job={job['id']}").json()
    assert (counts["records"], counts["most"]) == (20_000, 1)
    page = log(api, f"?job={job['id']}&limit=10000&since=2.9999")
    assert [pick(one, "row", "old", "new")[0] for one in page] == list(range(10_000, 20_000))
    assert page[7]["old"] == {"LastName": "Doe", "Company": "Acme", "Score__c": 1.0}
    assert page[7]["new"] == {"LastName": "Doe", "Company": "Acme", "Score__c": 2.0}
