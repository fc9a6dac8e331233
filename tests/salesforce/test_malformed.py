"""Single answers that are not as Salesforce gives them, and a run that is not misled by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import responses

from crm_sink.crm.contract import Action, Api, Progress
from crm_sink.engine import Engine
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.salesforce.orphans import IngestJobs
from crm_sink.tickets import Ticket
from tests.conftest import FakeClock
from tests.salesforce.conftest import ROOT, SCORE, Client, changes, chunk_of, client_of, nothing

ORG = "https://acme.my.salesforce.com"
JOB = f"{ORG}{ROOT}/jobs/ingest/750"
A, B = (f"00Q00000000000{n}AAA" for n in (1, 2))
TICKET = Ticket(Api.BULK, "750", uploaded=True, closed=True)
ROWS = f"('{A}', 'k-0', 8.0, true), ('{B}', 'k-1', 8.0, true)"


@pytest.fixture
def answers() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def acme(clock: FakeClock) -> Client:
    return client_of(ORG, clock)


def chunk(engine: Engine, tmp_path: Path, api: Api = Api.BULK) -> Any:
    relation = changes(engine, tmp_path / "c.parquet", ROWS, '"Score__c", "Score__c.write"')
    return chunk_of(relation, SCORE, action=Action.UPDATE, api=api)


@pytest.mark.parametrize(
    "made", [{}, {"id": None}, {"id": 750}, [], {"state": "Open"}, "750"], ids=str
)
def test_a_job_without_an_id_stops_the_run_before_anything_is_uploaded(
    answers: Any, acme: Client, engine: Engine, tmp_path: Path, made: Any
) -> None:
    answers.post(f"{ORG}{ROOT}/jobs/ingest", json=made)
    journal: list[Ticket] = []
    with pytest.raises(CrmError) as raised:
        acme.crm.submit(chunk(engine, tmp_path), engine, journal.append)
    assert (raised.value.code, raised.value.fate) == ("UNEXPECTED_ANSWER", Fate.STOP)
    assert [ticket.job for ticket in journal] == [None]
    assert len(answers.calls) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"id": "750", "state": "JobCom', "application/json"),
        ("<html><body>Down for maintenance</body></html>", "text/html"),
        ("", "application/json"),
        ("[1, 2", "application/json"),
    ],
)
def test_a_state_that_cannot_be_read_is_asked_for_again(
    answers: Any, acme: Client, body: str, kind: str
) -> None:
    answers.get(JOB, body=body, content_type=kind)
    answers.get(JOB, json={"id": "750", "state": "JobComplete"})
    assert acme.crm.progress(TICKET) is Progress.DONE


@pytest.mark.parametrize("body", ["<html>sorry</html>", '[{"id": "00Q', ""])
def test_a_write_whose_answer_cannot_be_read_is_not_sent_again_blindly(
    answers: Any, acme: Client, body: str
) -> None:
    from crm_sink.crm.call import Call, Repeat

    answers.patch(f"{ORG}/x", body=body, content_type="text/html" if "<" in body else None)
    with pytest.raises(AnswerLost):
        acme.send(Call("PATCH", "/x", "/x", body=b"{}", repeat=Repeat.SETTLE))
    assert len(answers.calls) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"id": "750"},
        {"id": "750", "state": "Thinking"},
        ["750"],
    ],
    ids=str,
)
def test_a_job_that_tells_no_known_state_stops_the_run(
    answers: Any, acme: Client, document: Any
) -> None:
    answers.get(JOB, json=document)
    with pytest.raises(CrmError) as raised:
        acme.crm.progress(TICKET)
    assert (raised.value.code, raised.value.fate) == ("UNEXPECTED_ANSWER", Fate.STOP)


def outcomes(acme: Client, engine: Engine, tmp_path: Path) -> list[tuple[Any, ...]]:
    into = tmp_path / "o.parquet"
    found = acme.crm.collect(chunk(engine, tmp_path), TICKET, engine, into)
    return engine.rows(f"select key, ok, code from {found.scan()} order by key")


def job(answers: Any, processed: int, failed: int) -> None:
    counts = {"numberRecordsProcessed": processed, "numberRecordsFailed": failed}
    answers.get(JOB, json={"id": "750", "state": "JobComplete", **counts})


def results(answers: Any, ok: str, failed: str) -> None:
    answers.get(f"{JOB}/successfulResults/", body=ok, content_type="text/csv")
    answers.get(f"{JOB}/failedResults/", body=failed, content_type="text/csv")
    rest = "Id,Score__c\n"
    answers.get(f"{JOB}/unprocessedrecords/", body=rest, content_type="text/csv")


LOCKED = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
EXPECTED = [("k-0", True, None), ("k-1", False, "UNABLE_TO_LOCK_ROW")]


def test_results_with_their_columns_in_another_order_are_read_by_name(
    answers: Any, acme: Client, engine: Engine, tmp_path: Path
) -> None:
    job(answers, 2, 1)
    results(
        answers,
        f'Score__c,Id,"sf__Created","sf__Id"\n"8.0","{A}","false","{A}"\n',
        f'Score__c,"sf__Error",Id,"sf__Id"\n"8.0","{LOCKED}","{B}","{B}"\n',
    )
    assert outcomes(acme, engine, tmp_path) == EXPECTED


@pytest.mark.parametrize(("processed", "failed"), [(2, 2), (2, 0), (1, 1), (5, 1)])
def test_counts_that_disagree_with_the_results_are_not_believed(
    answers: Any, acme: Client, engine: Engine, tmp_path: Path, *, processed: int, failed: int
) -> None:
    """The rows themselves tell what became of them."""
    job(answers, processed, failed)
    results(
        answers,
        f'"sf__Id","sf__Created",Id,Score__c\n"{A}","false","{A}","8.0"\n',
        f'"sf__Id","sf__Error",Id,Score__c\n"{B}","{LOCKED}","{B}","8.0"\n',
    )
    assert outcomes(acme, engine, tmp_path) == EXPECTED


def test_a_row_that_is_missing_from_the_results_is_said_to_be(
    answers: Any, acme: Client, engine: Engine, tmp_path: Path
) -> None:
    job(answers, 2, 1)
    results(
        answers,
        f'"sf__Id","sf__Created",Id,Score__c\n"{A}","false","{A}","8.0"\n',
        '"sf__Id","sf__Error",Id,Score__c\n',
    )
    assert outcomes(acme, engine, tmp_path) == [
        ("k-0", True, None),
        ("k-1", False, "RESULT_MISSING"),
    ]


@pytest.mark.parametrize(
    "row", [{}, {"success": "yes"}, {"success": True}, {"success": False}, "no", None], ids=str
)
def test_a_row_of_a_call_that_tells_nothing_certain_stops_the_run(
    answers: Any, acme: Client, engine: Engine, tmp_path: Path, row: Any
) -> None:
    """A success without an id, or no word of success, cannot be an outcome."""
    rows = [{"id": A, "success": True, "errors": []}, row]
    answers.patch(f"{ORG}{ROOT}/composite/sobjects", json=rows)
    with pytest.raises(CrmError) as raised:
        acme.crm.submit(chunk(engine, tmp_path, Api.COLLECTIONS), engine, nothing)
    assert raised.value.fate is Fate.STOP


@pytest.mark.parametrize(
    "listed",
    [
        {"done": True},
        {"done": True, "records": [{"id": "750", "state": "Open", "createdById": "005"}]},
        {
            "done": True,
            "records": [
                {
                    "id": "750",
                    "state": "Open",
                    "createdById": "005",
                    "object": "Lead",
                    "operation": "update",
                    "createdDate": "yesterday",
                }
            ],
        },
    ],
    ids=["no records", "half a job", "no time"],
)
def test_a_list_of_jobs_that_cannot_be_read_ends_no_job(
    answers: Any, acme: Client, listed: Any
) -> None:
    answers.get(f"{ORG}/services/oauth2/userinfo", json={"user_id": "005"})
    answers.get(f"{ORG}{ROOT}/jobs/ingest", json=listed)
    with pytest.raises(CrmError) as raised:
        IngestJobs(acme.send, "62.0").all()
    assert raised.value.code == "UNEXPECTED_ANSWER"
