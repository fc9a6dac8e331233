"""Neither a crash nor a lost answer sends a row twice, or leaves one unsent."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Api, Progress
from crm_sink.engine import Engine
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import Client, Reply, Wire, nothing
from tests.salesforce.jobs import JOB, SENT_TICKET, one, org


def test_a_closed_job_is_never_sent_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "InProgress")
    earlier = Ticket(Api.BULK, "750", uploaded=True, closed=True, sent_bytes=9)
    assert client.crm.submit(one(engine, tmp_path, earlier), engine, nothing) == earlier
    assert wire.paths() == [f"GET {JOB}"]


def test_a_job_that_turns_out_to_be_closed_is_kept(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """The process died after closing the job and before remembering it."""
    org(wire, "JobComplete")
    earlier = Ticket(Api.BULK, "750", uploaded=True)
    ticket = client.crm.submit(one(engine, tmp_path, earlier), engine, nothing)
    assert (ticket.job, ticket.closed) == ("750", True)
    assert wire.paths("POST") == []


def test_an_open_job_is_aborted_and_made_anew(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "Open", made=("760",))
    wire.on("PATCH", JOB, Reply({"id": "750", "state": "Aborted"}))
    earlier = Ticket(Api.BULK, "750", uploaded=True)
    ticket = client.crm.submit(one(engine, tmp_path, earlier), engine, nothing)
    assert ticket.job == "760"
    assert next(a.json for a in wire.asked if a.method == "PATCH") == {"state": "Aborted"}
    assert wire.paths("PUT") == ["PUT /jobs/ingest/760/batches"]


@pytest.mark.parametrize("state", ["Aborted", "gone"])
def test_a_job_that_did_nothing_and_is_gone_is_made_anew(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, state: str
) -> None:
    org(wire, "Aborted", made=("760",))
    if state == "gone":
        wire.on("GET", JOB, Reply([{"errorCode": "NOT_FOUND", "message": "no"}], 404))
    earlier = Ticket(Api.BULK, "750")
    assert client.crm.submit(one(engine, tmp_path, earlier), engine, nothing).job == "760"


def test_a_sent_job_that_the_org_forgot_stops_the_run(
    client: Client, engine: Engine, tmp_path: Path
) -> None:
    earlier = Ticket(Api.BULK, "750", uploaded=True, closed=True)
    with pytest.raises(CrmError, match="no longer knows job 750") as raised:
        client.crm.submit(one(engine, tmp_path, earlier), engine, nothing)
    assert (raised.value.code, raised.value.fate) == ("JOB_GONE", Fate.STOP)


def test_a_lost_upload_is_aborted_and_made_anew(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """A second PUT to the same job would be refused."""
    org(wire, "Open", made=("750", "760"))
    wire.on("PUT", f"{JOB}/batches", Reply(b"", 201, cut=0))
    ticket = client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert ticket.job == "760"
    assert wire.paths("PUT") == [f"PUT {JOB}/batches", "PUT /jobs/ingest/760/batches"]
    states = [asked.json["state"] for asked in wire.asked if asked.method == "PATCH"]
    assert states == ["Aborted", "UploadComplete"]


def test_uploads_that_are_lost_again_and_again_end_the_run(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "Open")
    wire.on("PUT", f"{JOB}/batches", Reply(b"", 201, cut=0))
    with pytest.raises(CrmError, match="lost 4 times") as raised:
        client.crm.submit(one(engine, tmp_path), engine, nothing)
    hint = "the network broke the connection; try again: crm-sink resume run-1"
    assert raised.value.hint == hint
    assert list(tmp_path.glob("*.csv")) == []


@pytest.mark.parametrize(("state", "patches"), [("InProgress", 1), ("Open", 2)])
def test_after_a_lost_close_the_state_tells_whether_to_close_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, state: str, patches: int
) -> None:
    org(wire, state)
    wire.on("PATCH", JOB, Reply({}, cut=0), Reply({"id": "750", "state": "UploadComplete"}))
    assert client.crm.submit(one(engine, tmp_path), engine, nothing).closed
    assert len(wire.paths("PATCH")) == patches


def test_a_close_that_is_lost_again_and_again_is_left_to_resume(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "Open")
    wire.on("PATCH", JOB, Reply({}, cut=0))
    with pytest.raises(AnswerLost):
        client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert len(wire.paths("PATCH")) == 4


def test_a_job_that_was_closed_while_it_was_to_be_aborted_is_kept(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Open when asked, at work when aborted: the rows are on their way."""
    org(wire, "Open", "InProgress")
    body = [{"errorCode": "INVALIDJOBSTATE", "message": "Aborting already Completed Job"}]
    wire.on("PATCH", JOB, Reply(body, 400))
    earlier = Ticket(Api.BULK, "750", uploaded=True)
    assert client.crm.submit(one(engine, tmp_path, earlier), engine, nothing).job == "750"
    assert wire.paths("POST") == []


def test_an_abort_that_is_refused_for_another_reason_is_raised(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "Open")
    body = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    wire.on("PATCH", JOB, Reply(body, 403))
    with pytest.raises(CrmError, match="no"):
        client.crm.submit(one(engine, tmp_path, Ticket(Api.BULK, "750")), engine, nothing)


def test_a_web_page_in_answer_to_an_upload_is_no_upload(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """A proxy that wants a login answers 200 and passes nothing on."""
    org(wire)
    page = Reply(b"<html>log in</html>", 200, kind="text/html")
    wire.on("PUT", f"{JOB}/batches", page, Reply(b"", 201, kind="text/plain"))
    client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert len(wire.paths("PUT")) == 2


def test_a_close_that_is_refused_because_an_earlier_one_arrived_is_done(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire, "InProgress")
    body = [{"errorCode": "INVALIDJOBSTATE", "message": "Closing already closed Job not allowed"}]
    wire.on("PATCH", JOB, Reply(body, 400))
    assert client.crm.submit(one(engine, tmp_path), engine, nothing).closed


def test_a_job_that_is_open_although_it_was_closed_is_closed_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Else it would be polled for ever; it is not aborted, for it has all its rows."""
    org(wire, "Open")
    assert client.crm.submit(one(engine, tmp_path, SENT_TICKET), engine, nothing) == SENT_TICKET
    assert client.crm.progress(SENT_TICKET) is Progress.WAITING
    [asked] = [asked for asked in wire.asked if asked.method == "PATCH"]
    assert asked.json == {"state": "UploadComplete"}
