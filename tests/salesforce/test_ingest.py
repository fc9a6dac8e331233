"""A chunk becomes one Bulk job, and neither a crash nor a lost answer sends a row twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api, Chunk, Progress
from crm_sink.engine import Engine
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.salesforce import ingest
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import (
    ACCOUNT,
    AT,
    HOT,
    NOTE,
    SCORE,
    Client,
    Reply,
    Wire,
    changes,
    chunk_of,
)

JOB = "/jobs/ingest/750"
ONE = "('00Q000000000001AAA', 'k-1', 83.0, true)"
SCORES = '"Score__c", "Score__c.write"'
SENT = ["POST /jobs/ingest", f"PUT {JOB}/batches", f"PATCH {JOB}"]


def org(wire: Wire, *states: str, made: tuple[str, ...] = ("750",)) -> None:
    """Let the org make these jobs; job 750 is in these states when asked."""
    wire.on("POST", "/jobs/ingest", *[Reply({"id": job, "state": "Open"}) for job in made])
    for job in made:
        wire.on("PUT", f"/jobs/ingest/{job}/batches", Reply(b"", 201, kind="text/plain"))
        wire.on("PATCH", f"/jobs/ingest/{job}", Reply({"id": job, "state": "UploadComplete"}))
    wire.on("GET", JOB, *[Reply({"id": "750", "state": state}) for state in states or ("Open",)])


def uploaded(wire: Wire) -> str:
    return next(asked.body.decode() for asked in wire.asked if asked.method == "PUT")


def one(engine: Engine, tmp_path: Path, ticket: Ticket | None = None) -> Chunk:
    return chunk_of(changes(engine, tmp_path / "c.parquet", ONE, SCORES), SCORE, ticket=ticket)


def nothing(ticket: Ticket) -> None:
    return


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        ("83.0, true", "83"),
        ("83.0, false", ""),
        ("null, true", '"#N/A"'),
        ("null, false", ""),
    ],
)
def test_an_unchanged_field_is_an_empty_cell_and_a_cleared_one_is_na(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, *, row: str, cell: str
) -> None:
    org(wire)
    rows = f"('00Q000000000001AAA', 'k', {row})"
    chunk = chunk_of(changes(engine, tmp_path / "c.parquet", rows, SCORES), SCORE)
    client.crm.submit(chunk, engine, nothing)
    assert uploaded(wire) == f"Id,Score__c\n00Q000000000001AAA,{cell}\n"


def test_values_are_written_as_salesforce_reads_them(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """No BOM, LF only, quotes doubled, times in UTC, lookups by path, no exponent."""
    org(wire)
    rows = (
        "('00Q000000000001AAA', 'k', 912260031.0, true, E'say \"hi\",\\r\\nyou\\rthere', true, "
        "true, true, timestamp '2026-11-20 06:00:00', true, 'a-1', true)"
    )
    names = ", ".join(f'"{n}", "{n}.write"' for n in ("Score__c", "Note__c", "Hot__c", "At__c"))
    names += ', "Account.Ext__c", "Account.Ext__c.write"'
    chunk = chunk_of(
        changes(engine, tmp_path / "c.parquet", rows, names), SCORE, NOTE, HOT, AT, ACCOUNT
    )
    client.crm.submit(chunk, engine, nothing)
    assert uploaded(wire) == (
        "Id,Score__c,Note__c,Hot__c,At__c,Account.Ext__c\n"
        '00Q000000000001AAA,912260031,"say ""hi"",\nyou\nthere",true,'
        "2026-11-20T06:00:00.000Z,a-1\n"
    )


@pytest.mark.parametrize(
    ("action", "operation", "csv"),
    [
        (Action.UPDATE, "update", "Id,Score__c\n00Q000000000001AAA,83\n"),
        (Action.UPSERT, "upsert", "Ext__c,Score__c\nk-1,83\n"),
        (Action.CREATE, "insert", "Ext__c,Score__c\nk-1,83\n"),
        (Action.DELETE, "delete", "Id\n00Q000000000001AAA\n"),
    ],
)
def test_each_action_has_its_operation_and_key_column(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    *,
    action: Action,
    operation: str,
    csv: str,
) -> None:
    org(wire)
    relation = changes(engine, tmp_path / "c.parquet", ONE, SCORES)
    client.crm.submit(chunk_of(relation, SCORE, action=action), engine, nothing)
    job = wire.asked[0].json
    assert (job["object"], job["operation"], job["lineEnding"]) == ("Lead", operation, "LF")
    assert job.get("externalIdFieldName") == ("Ext__c" if action is Action.UPSERT else None)
    assert uploaded(wire) == csv


def test_each_step_is_remembered_before_the_next_begins(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    journal: list[tuple[int, str | None, bool, bool]] = []

    def remember(ticket: Ticket) -> None:
        calls = len(wire.asked)
        journal.append((calls, ticket.job, ticket.uploaded, ticket.closed))

    ticket = client.crm.submit(one(engine, tmp_path), engine, remember)
    assert journal == [
        (0, None, False, False),
        (1, "750", False, False),
        (2, "750", True, False),
        (3, "750", True, True),
    ]
    body = uploaded(wire).encode()
    assert ticket.fingerprint == hashlib.sha256(body).hexdigest()
    assert ticket.sent_bytes == len(body)
    assert list(tmp_path.glob("*.csv")) == []


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
    assert raised.value.hint == "crm-sink resume run-1"
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


def test_a_ticket_without_a_job_has_no_progress(client: Client) -> None:
    with pytest.raises(CrmError, match="never sent") as raised:
        client.crm.progress(Ticket(Api.BULK, None))
    assert raised.value.code == "NOT_SENT"


def test_a_busy_org_gets_the_same_job_and_not_a_second_one(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    busy = Reply([{"message": "server too busy", "errorCode": "SERVER_UNAVAILABLE"}], 503)
    done = Reply(b"", 201, kind="text/plain")
    wire.on("PUT", f"{JOB}/batches", busy, done)
    client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert wire.paths() == [SENT[0], SENT[1], SENT[1], SENT[2]]


def test_a_file_that_is_larger_than_a_job_may_be_is_not_sent(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MAX_BYTES", 20)
    with pytest.raises(CrmError, match="a Bulk job takes 20") as raised:
        client.crm.submit(one(engine, tmp_path), engine, nothing)
    assert raised.value.code == "CHUNK_TOO_LARGE"
    assert wire.asked == []


@pytest.mark.parametrize(
    ("state", "progress"),
    [
        ("UploadComplete", Progress.WAITING),
        ("InProgress", Progress.WAITING),
        ("JobComplete", Progress.DONE),
        ("Failed", Progress.FAILED),
        ("Aborted", Progress.FAILED),
    ],
)
def test_progress_goes_by_the_state_alone(
    wire: Wire, client: Client, state: str, progress: Progress
) -> None:
    """The counts can be final while the state is still InProgress."""
    counts = {"numberRecordsProcessed": 4, "numberRecordsFailed": 0}
    wire.on("GET", JOB, Reply({"id": "750", "state": state} | counts))
    assert client.crm.progress(Ticket(Api.BULK, "750")) is progress


def test_a_state_that_we_do_not_know_is_an_error(wire: Wire, client: Client) -> None:
    wire.on("GET", JOB, Reply({"id": "750", "state": "Paused"}))
    with pytest.raises(CrmError, match="Paused"):
        client.crm.progress(Ticket(Api.BULK, "750"))


NONE_DONE = {"numberRecordsProcessed": 0, "numberRecordsFailed": 0}
NO_FIELD = "InvalidBatch : Field name not found : Score__c"
HEADER = {"state": "Failed", "errorMessage": NO_FIELD, **NONE_DONE}
SENT_TICKET = Ticket(Api.BULK, "750", uploaded=True, closed=True)


def test_a_job_that_failed_at_its_header_stops_the_run_before_the_next_repeats_it(
    wire: Wire, client: Client
) -> None:
    """0 rows processed and Failed: the file itself is refused, and the next would be too."""
    wire.on("GET", JOB, Reply({"id": "750", **HEADER}))
    with pytest.raises(CrmError, match="Field name not found : Score__c") as raised:
        client.crm.progress(SENT_TICKET)
    assert (raised.value.code, raised.value.fate) == ("INVALIDBATCH", Fate.STOP)
    assert "field-level security" in str(raised.value.hint)


def test_a_resumed_run_makes_the_job_anew_that_failed_at_its_header(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """Whoever resumes it has mended the cause, and nothing was written."""
    org(wire, made=("760",))
    wire.on("GET", JOB, Reply({"id": "750", **HEADER}))
    ticket = client.crm.submit(one(engine, tmp_path, SENT_TICKET), engine, nothing)
    assert ticket.job == "760"


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        ("TooManyLockFailure : Too many lock failure 200 Trying again later.", NONE_DONE),
        ("InternalServerError : Unable to process", NONE_DONE),
        (NO_FIELD, {**NONE_DONE, "numberRecordsProcessed": 2_000}),
        (NO_FIELD, {}),  # how many were written is not told: its results must tell
    ],
)
def test_a_job_that_gave_up_half_way_or_for_a_passing_reason_is_collected(
    wire: Wire, client: Client, error: str, counts: dict[str, int]
) -> None:
    wire.on("GET", JOB, Reply({"id": "750", "state": "Failed", "errorMessage": error, **counts}))
    assert client.crm.progress(SENT_TICKET) is Progress.FAILED


def test_a_job_is_looked_for_from_the_time_at_which_it_was_asked_for(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    org(wire)
    journal: list[Ticket] = []
    client.crm.submit(one(engine, tmp_path), engine, journal.append)
    assert {ticket.details["sending"] for ticket in journal} == {"2026-11-20T06:00:00+00:00"}


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
