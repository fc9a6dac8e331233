"""Row locks (facts 9): who locks what while it is worked, and what becomes of those who wait."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.clock import SystemClock
from crm_sink.emulator.schema import Field
from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 10.0


class Gate(SystemClock):
    """A clock on which work takes until the gate is opened."""

    def __init__(self) -> None:
        self.working = threading.Semaphore(0)
        self.opened = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.working.release()
        self.opened.wait(SECONDS)


@dataclass
class Busy:
    """An org in which a batch holds its locks until the gate opens."""

    api: Any
    gate: Gate

    def account(self) -> str:
        return str(self.api.post("sobjects/Account", {"Name": "Acme"}).json()["id"])

    def contact(self, account: str | None, **values: Any) -> str:
        body = {"LastName": "Doe", "AccountId": account, **values}
        return str(self.api.post("sobjects/Contact", body).json()["id"])

    def begin(self, **settings: Any) -> None:
        reply = self.api.post("/__settings__", {"batch_seconds": 1, **settings})
        assert reply.status_code == 200, reply.text

    def start(self, record: str, object_name: str = "Contact", line: str = "Title,VP") -> str:
        """Hand in a job that updates one record."""
        name, value = line.split(",")
        job = self.api.open_job("update", object=object_name)
        text = f"Id,{name}\n{record},{value}\n"
        self.api.call("PUT", "/" + job["contentUrl"], data=text.encode())
        self.api.patch(f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
        return str(job["id"])

    def in_work(self) -> None:
        assert self.gate.working.acquire(timeout=SECONDS)

    def state(self, job: str) -> tuple[str, int]:
        said = self.api.get(f"jobs/ingest/{job}").json()
        return said["state"], said["numberRecordsFailed"]

    def ended(self, job: str) -> tuple[str, int]:
        deadline = time.monotonic() + SECONDS
        while self.state(job)[0] != "JobComplete":
            assert time.monotonic() < deadline
        return self.state(job)

    def finish(self) -> None:
        self.gate.opened.set()
        self.api.running.org.jobs.settle(20)


@pytest.fixture
def busy(api_folder: Any, log_in: Any) -> Iterator[Busy]:
    gate = Gate()
    with running(api_folder, clock=gate) as handle:
        yield Busy(log_in(handle), gate)
        gate.opened.set()


def test_two_jobs_over_children_of_one_account_collide(busy: Busy) -> None:
    account = busy.account()
    first, second = busy.contact(account), busy.contact(account)
    busy.begin()
    one = busy.start(first)
    busy.in_work()
    two = busy.start(second)
    assert busy.ended(two) == ("JobComplete", 1)
    assert busy.state(one) == ("InProgress", 0)
    bad = busy.api.result({"id": two}, "failedResults")
    words = "unable to obtain exclusive access to this record or 1 records: "
    assert f'"UNABLE_TO_LOCK_ROW:{words}{account}:--"' in bad
    busy.finish()
    assert busy.state(one) == ("JobComplete", 0)


def test_two_jobs_over_different_accounts_are_in_work_at_once(busy: Busy) -> None:
    first, second = busy.contact(busy.account()), busy.contact(busy.account())
    busy.begin()
    jobs = [busy.start(first), busy.start(second)]
    busy.in_work()
    busy.in_work()
    assert [busy.state(job)[0] for job in jobs] == ["InProgress", "InProgress"]
    busy.finish()
    assert [busy.state(job) for job in jobs] == [("JobComplete", 0)] * 2


def test_a_collection_collides_with_a_job_and_only_its_locked_rows_fail(busy: Busy) -> None:
    account = busy.account()
    first, second, free = busy.contact(account), busy.contact(account), busy.contact(None)
    busy.begin()
    busy.start(first)
    busy.in_work()
    records = [
        {"attributes": {"type": "Contact"}, "Id": one, "Title": "VP"} for one in (second, free)
    ]
    answers: list[Any] = []
    call = threading.Thread(
        target=lambda: answers.append(
            busy.api.patch("composite/sobjects", {"records": records}).json()
        )
    )
    call.start()
    busy.in_work()
    busy.finish()
    call.join(SECONDS)
    locked, good = answers[0]
    assert (locked["errors"][0]["statusCode"], good["success"]) == ("UNABLE_TO_LOCK_ROW", True)


def test_a_job_that_may_wait_goes_on_when_the_other_is_done(busy: Busy) -> None:
    account = busy.account()
    first, second = busy.contact(account), busy.contact(account)
    busy.begin(lock_wait_seconds=SECONDS)
    one = busy.start(first)
    busy.in_work()
    two = busy.start(second)
    busy.finish()
    assert [busy.state(job) for job in (one, two)] == [("JobComplete", 0)] * 2
    assert busy.api.get("/__log__/counts?object=Contact").json()["repeated"] == {
        first: 2,
        second: 2,
    }


def test_a_wait_ends_after_its_seconds(busy: Busy) -> None:
    account = busy.account()
    first, second = busy.contact(account), busy.contact(account)
    busy.begin(lock_wait_seconds=0.05)
    busy.start(first)
    busy.in_work()
    assert busy.ended(busy.start(second)) == ("JobComplete", 1)


def test_locks_are_free_when_a_job_is_done(busy: Busy) -> None:
    account = busy.account()
    contact = busy.contact(account)
    busy.begin()
    job = busy.start(contact)
    busy.in_work()
    assert busy.api.get("/__locks__").json()["held"] == {contact: job, account: job}
    busy.finish()
    assert busy.api.get("/__locks__").json() == {"held": {}}


def test_a_job_that_is_aborted_while_it_works_writes_nothing_and_frees_its_locks(
    busy: Busy,
) -> None:
    contact = busy.contact(busy.account(), Title="Old")
    busy.begin()
    job = busy.start(contact)
    busy.in_work()
    busy.api.patch(f"jobs/ingest/{job}", {"state": "Aborted"})
    busy.gate.opened.set()
    busy.api.running.org.jobs.stop()
    assert busy.api.get(f"sobjects/Contact/{contact}").json()["Title"] == "Old"
    assert busy.api.get("/__locks__").json() == {"held": {}}


def test_a_record_that_a_person_holds_locks_its_children_until_it_is_freed(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    body = {"LastName": "Doe", "AccountId": account}
    assert api.post("/__locks__", {"ids": [account[:15]]}).json() == {"held": {account: "person"}}
    reply = api.post("sobjects/Contact", body)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert api.patch(f"sobjects/Account/{account}", {"Name": "B"}).status_code == 400
    api.call("DELETE", "/__locks__")
    assert api.post("sobjects/Contact", body).status_code == 201


def test_locks_that_nobody_can_read_are_refused(api: Any) -> None:
    for body in (b"\xff", b"{", b"[]", b'{"ids": ["x"]}'):
        assert api.call("POST", "/__locks__", data=body).status_code == 400


def test_leaving_a_locked_account_needs_its_lock_and_so_does_joining_it(api: Any) -> None:
    old, new = (api.post("sobjects/Account", {"Name": one}).json()["id"] for one in "ab")
    body = {"LastName": "Doe", "AccountId": old}
    contact = api.post("sobjects/Contact", body).json()["id"]
    for locked in (old, new):
        api.post("/__locks__", {"ids": [locked]})
        assert api.patch(f"sobjects/Contact/{contact}", {"AccountId": new}).status_code == 400
        api.call("DELETE", "/__locks__")
    assert api.patch(f"sobjects/Contact/{contact}", {"AccountId": new}).status_code == 204


def test_an_optional_lookup_locks_only_what_the_row_names(api: Any) -> None:
    account = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    lead = api.lead(Acc__c=account)
    api.post("/__locks__", {"ids": [account]})
    assert api.patch(f"sobjects/Lead/{lead}", {"Company": "B"}).status_code == 204
    assert api.patch(f"sobjects/Lead/{lead}", {"Acc__c": account}).status_code == 400


def test_a_master_is_locked_whatever_its_detail_says(api: Any) -> None:
    api.running.org.store.add_field(
        "Lead",
        Field("Deal__c", "Deal", "reference", 18, custom=True, reference_to=("Account",),
              relationship="Deal__r", master_detail=True),
    )  # fmt: skip
    master = api.post("sobjects/Account", {"Name": "Acme"}).json()["id"]
    lead = api.lead(Deal__c=master)
    api.post("/__locks__", {"ids": [master]})
    assert api.patch(f"sobjects/Lead/{lead}", {"Company": "B"}).status_code == 400


@pytest.mark.parametrize("body", [{}, {"ids": ["x"]}, [], {"ids": None}])
def test_a_hold_that_names_no_records_is_refused(api: Any, body: Any) -> None:
    assert api.post("/__locks__", body).status_code == 400


@pytest.mark.parametrize(
    "given",
    [{"batch_rows": 0}, {"batch_seconds": -1}, {"colour": 1}, {"log_values": 1}, [], {
        "lock_wait_seconds": True}, {"duplicate_rules": [{"object": "Moon"}]}],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(api: Any, given: Any) -> None:
    before = api.get("/__settings__").json()
    reply = api.post("/__settings__", given)
    assert (reply.status_code, list(reply.json())) == (400, ["error"])
    assert api.get("/__settings__").json() == before


def test_serial_jobs_of_bulk_1_work_one_batch_at_a_time_each(busy: Busy) -> None:
    """Facts 5: "Serial exists only here: one batch at a time"; two jobs do not wait in one row."""
    contacts = [busy.contact(None) for _ in range(4)]
    busy.begin()
    jobs = [_serial(busy, contacts[:2]), _serial(busy, contacts[2:])]
    busy.in_work()
    busy.in_work()
    org = busy.api.running.org
    batches = [[one.state for one in org.jobs.all() if one.more.get("job") == job] for job in jobs]
    assert batches == [["InProgress", "UploadComplete"]] * 2
    busy.finish()
    assert [busy.api.get(f"sobjects/Contact/{one}").json()["Title"] for one in contacts] == [
        "VP"
    ] * 4


def _serial(busy: Busy, contacts: list[str]) -> str:
    """Make a serial job with a batch for each contact."""
    token = busy.api.session.headers["Authorization"].partition(" ")[2]
    headers = {"X-SFDC-Session": token}
    asked = {"operation": "update", "object": "Contact", "concurrencyMode": "Serial",
             "contentType": "CSV"}  # fmt: skip
    root = "/services/async/60.0/job"
    job = busy.api.post(root, asked, headers=headers).json()["id"]
    for contact in contacts:
        text = f"Id,Title\n{contact},VP\n"
        sent = {**headers, "Content-Type": "text/csv"}
        reply = busy.api.call("POST", f"{root}/{job}/batch", data=text.encode(), headers=sent)
        assert reply.status_code == 201, reply.text
    return str(job)
