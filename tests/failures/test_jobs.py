"""Bulk jobs that fail, get stuck or vanish."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import requests

from .conftest import COUNT, Office

ALL_ONCE = (COUNT, 1)


def wait_for(office: Office, name: str) -> None:
    """Wait until the org tells of something under a name of its list of faults."""
    until = time.monotonic() + 60
    while not requests.get(f"{office.desk.org.url}/__faults__", timeout=30).json()[name]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_job_that_gave_up_half_way_is_gone_on_with(office: Office) -> None:
    office.planned("bulk")
    office.fail("failed-job", after_rows=1, count=1)
    assert office.crm_sink("apply --log none").code == 0
    assert office.written() == ALL_ONCE


def test_an_upload_that_never_arrived_is_sent_again(office: Office) -> None:
    """It was answered 201, and the org finds no row in it."""
    office.planned("bulk")
    office.fail("failed-job", message="InvalidBatch : Records not found", count=1)
    assert office.crm_sink("apply --log none").code == 0
    assert office.written() == ALL_ONCE


def test_a_job_that_failed_at_its_header_stops_the_run_and_is_made_anew(office: Office) -> None:
    run = office.planned("bulk")
    office.fail("failed-job", count=1)
    said = office.crm_sink("apply --log none")
    assert said.code == 1
    assert "failed before its first row: InvalidBatch : Field name not found" in said.err
    assert f"field-level security on it (a permission set); then crm-sink resume {run}" in said.err
    assert office.crm_sink("resume --log none").code == 0
    assert office.written() == ALL_ONCE


def test_results_that_arrive_empty_are_named_and_downloaded_again_by_resume(
    office: Office,
) -> None:
    """A proxy answers with nothing, and says that this is all."""
    run = office.planned("bulk")
    office.fail("truncated", method="GET", path="jobs/ingest/*Results*", keep=0, mend_length=True)
    said = office.crm_sink("apply --log none")
    assert said.code == 1
    assert "Results of job 750" in said.err
    assert "are empty" in said.err
    assert f"look for a proxy that changes answers; then crm-sink resume {run}" in said.err
    office.mend()
    assert office.crm_sink("resume --log none").code == 0
    assert office.written() == ALL_ONCE


def test_a_job_that_vanished_is_settled_by_planning_again(office: Office) -> None:
    """The org has worked on it and forgotten it; what it wrote can be read from the records."""
    office.planned("bulk")
    office.fail("vanished-job", method="GET", path="jobs/ingest/*", count=1)
    said = office.crm_sink("apply --log none")
    assert said.code == 1
    assert "is no longer kept by the org" in said.err
    assert "try: crm-sink plan lead.yaml" in said.err
    assert "crm-sink resume" not in said.err
    office.desk.org.org.jobs.settle(20)
    assert office.crm_sink("sync lead.yaml --log none").code == 0
    assert office.written() == ALL_ONCE
    assert office.crm_sink("resume --log none").code == 10


def test_a_job_that_is_stuck_can_be_left_and_is_collected_later(office: Office) -> None:
    """A signal ends the waiting; the org goes on with the job meanwhile."""
    run = office.planned("bulk")
    office.fail("stuck-job")
    command = [sys.executable, "-m", "crm_sink.cli.main", "apply", "--log", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_for(office, "stuck")
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 143
    assert f"try: crm-sink resume {run}" in error
    # It would write its older values over those of the next sync.
    office.predict(70)
    said = office.crm_sink("sync lead.yaml --log none")
    assert (said.code, said.err.endswith(f"try: crm-sink resume {run}\n")) == (11, True)
    # Nor is a plan made of records that the job is about to write.
    assert office.crm_sink("show --format json").data["planned"] == 0
    office.mend()
    office.desk.org.org.jobs.settle(20)
    assert office.crm_sink("resume --log none").code == 0
    assert office.written() == ALL_ONCE


def test_a_row_whose_result_never_comes_is_a_reject_and_is_retried(office: Office) -> None:
    """Its refusal is counted, and in no list of results."""
    [lead] = office.desk.look("SELECT Id FROM Lead WHERE Ext__c = 'k-1'")
    office.planned("bulk")
    office.fail("row-error", preset="validation", attempts=None, ids=[lead["Id"]])
    office.fail("flaky-results", how="missing", path="jobs/ingest/*/*Results")
    said = office.crm_sink("apply --log none")
    assert said.code == 3
    assert "RESULT_MISSING" in said.out
    office.mend()
    assert office.crm_sink("retry --apply --log none").code == 0
    assert office.written() == ALL_ONCE


def test_a_row_that_only_the_count_calls_accepted_is_written_by_the_next_sync(
    office: Office,
) -> None:
    """The org refuses a row, lists it nowhere and counts no failure: no result tells it apart.

    `verify` finds it. Its record was not changed since the plan, so that nobody edited it.
    """
    [lead] = office.desk.look("SELECT Id FROM Lead WHERE Ext__c = 'k-1'")
    office.planned("bulk")
    office.fail("row-error", preset="validation", attempts=None, ids=[lead["Id"]])
    office.fail("flaky-results", how="missing", path="jobs/ingest/*/*Results")
    office.fail("altered", path="jobs/ingest/*", method="GET", set={"numberRecordsFailed": 0})
    assert office.crm_sink("apply --log none").code == 0
    office.mend()
    said = office.crm_sink("verify --all")
    assert said.code == 3
    assert f"{lead['Id']}  Score__c: wrote" in said.out
    said = office.crm_sink("sync lead.yaml --log none --format json")
    assert said.code == 0
    assert (said.data["updated"], said.data["conflicts"]) == (1, 0)
    assert office.written() == ALL_ONCE
