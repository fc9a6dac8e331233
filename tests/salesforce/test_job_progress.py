"""How far a Bulk job is goes by its state, and what its failure means for the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Api, Progress
from crm_sink.engine import Engine
from crm_sink.errors import CrmError, Fate
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import Client, Reply, Wire, nothing
from tests.salesforce.jobs import JOB, SENT_TICKET, one, org


def test_a_ticket_without_a_job_has_no_progress(client: Client) -> None:
    with pytest.raises(CrmError, match="never sent") as raised:
        client.crm.progress(Ticket(Api.BULK, None))
    assert raised.value.code == "NOT_SENT"


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
