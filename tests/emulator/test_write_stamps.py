"""SystemModstamp and its kin: each write moves them, of equal values too; a refused row does not.

Facts 9: "a write with unchanged values still fires them and moves SystemModstamp".
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.serve import running
from tests.conftest import FakeClock
from tests.emulator.conftest import logged_in

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = ["PATCH", "collection", "upsert", "upserted collection", "bulk2", "bulk1"]
STAMPS = ("SystemModstamp", "LastModifiedDate", "LastModifiedById")
OTHER = "005000000000007AAA"


@pytest.fixture(scope="module")
def api(api_template: Any, tmp_path_factory: Any, org_clock: FakeClock) -> Iterator[Any]:
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("stamps") / "org")
    with running(folder, clock=org_clock) as org:
        yield logged_in(org)


def stamps(api: Any, kind: str, record: str) -> list[str]:
    found = api.get(f"sobjects/{kind}/{record}", params={"fields": ",".join(STAMPS)}).json()
    return [found[one] for one in STAMPS]


def made_by_another(api: Any, key: str) -> str:
    """Make a lead that somebody else has changed last."""
    lead = str(api.lead(Ext__c=key, Note__c="x"))
    with api.running.org.store.writing() as cursor:
        cursor.execute("update Lead set LastModifiedById = ? where Id = ?", [OTHER, lead])
    return lead


def write(api: Any, way: str, lead: str, key: str, note: str) -> None:
    """Write a note to a lead."""
    by_id = {"attributes": {"type": "Lead"}, "Id": lead, "Note__c": note}
    by_key = {"attributes": {"type": "Lead"}, "Ext__c": key, "Note__c": note}
    if way == "PATCH":
        api.patch(f"sobjects/Lead/{lead}", {"Note__c": note})
    elif way == "collection":
        api.patch("composite/sobjects", {"records": [by_id]})
    elif way == "upsert":
        api.patch(f"sobjects/Lead/Ext__c/{key}", {"Note__c": note})
    elif way == "upserted collection":
        api.patch("composite/sobjects/Lead/Ext__c", {"records": [by_key]})
    elif way == "bulk2":
        api.run_job(f"Ext__c,Note__c\n{key},{note}\n", "upsert", externalIdFieldName="Ext__c")
    else:
        bulk1(api, f"Id,Note__c\n{lead},{note}\n")


def bulk1(api: Any, text: str) -> None:
    root = "/services/async/60.0/job"
    job = api.post(root, {"operation": "update", "object": "Lead", "contentType": "CSV"}).json()
    headers = {"Content-Type": "text/csv"}
    api.call("POST", f"{root}/{job['id']}/batch", data=text.encode(), headers=headers)
    api.post(f"{root}/{job['id']}", {"state": "Closed"})
    api.running.org.jobs.settle(20)


@pytest.mark.parametrize("way", WAYS)
def test_a_write_of_equal_values_moves_the_stamps_and_is_in_the_log(
    api: Any, org_clock: FakeClock, way: str
) -> None:
    key = f"equal-{WAYS.index(way)}"
    lead = made_by_another(api, key)
    org_clock.advance(60)
    now = f"{org_clock.now():%Y-%m-%dT%H:%M:%S}.000+0000"
    write(api, way, lead, key, "x")
    assert stamps(api, "Lead", lead) == [now, now, api.running.org.user_id]
    assert api.field(lead, "CreatedDate") < now
    _, change = api.get(f"/__log__?id={lead}").json()["changes"]
    assert (change["at"], change["new"]) == (now, {"Note__c": "x"})


@pytest.mark.parametrize("way", WAYS)
def test_a_refused_row_moves_nothing(api: Any, org_clock: FakeClock, way: str) -> None:
    key = f"bad-{WAYS.index(way)}"
    lead = made_by_another(api, key)
    before = stamps(api, "Lead", lead)
    org_clock.advance(60)
    write(api, way, lead, key, "longer than its twenty-five characters")
    assert stamps(api, "Lead", lead) == before
    assert before[2] == OTHER
    assert len(api.get(f"/__log__?id={lead}").json()["changes"]) == 1


def test_what_is_rolled_back_moves_nothing(api: Any, org_clock: FakeClock) -> None:
    lead = made_by_another(api, "rolled-back")
    before = stamps(api, "Lead", lead)
    org_clock.advance(60)
    good = {"attributes": {"type": "Lead"}, "Id": lead, "Note__c": "y"}
    bad = {"attributes": {"type": "Lead"}, "Id": api.lead(), "Score__c": "no number"}
    api.patch("composite/sobjects", {"allOrNone": True, "records": [good, bad]})
    assert stamps(api, "Lead", lead) == before


def test_neither_parents_nor_looked_up_records_are_moved(api: Any, org_clock: FakeClock) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    contact = {"LastName": "Roe", "AccountId": account}
    person = api.post("sobjects/Contact", contact).json()["id"]
    lead = api.lead(Acc__c=account)
    user = api.running.org.user_id
    before = stamps(api, "Account", account), stamps(api, "User", user)
    org_clock.advance(60)
    api.patch(f"sobjects/Contact/{person}", {"Title": "VP", "AccountId": account})
    api.patch(f"sobjects/Lead/{lead}", {"Acc__c": account})
    assert stamps(api, "Contact", person)[0] > before[0][0]
    assert (stamps(api, "Account", account), stamps(api, "User", user)) == before


def test_a_delete_moves_the_stamp_too(api: Any, org_clock: FakeClock) -> None:
    lead = api.lead()
    org_clock.advance(60)
    api.call("DELETE", f"sobjects/Lead/{lead}")
    asked = {"q": f"SELECT SystemModstamp FROM Lead WHERE Id = '{lead}'"}
    (found,) = api.get("queryAll", params=asked).json()["records"]
    assert found["SystemModstamp"] == f"{org_clock.now():%Y-%m-%dT%H:%M:%S}.000+0000"
