"""Calls that fail: what passes is waited out, and what does not ends the run, to be resumed."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import COUNT, Office

# The calls that write, by API.
WRITES = {"collections": "composite/*", "bulk": "jobs/ingest*"}
ALL_ONCE = (COUNT, 1)
NONE = (0, 0)
both = pytest.mark.parametrize("api", WRITES)


def is_survived(office: Office, api: str, kind: str, **rule: Any) -> bool:
    """Apply a plan while so many calls fail: it ends well, each record written once."""
    office.planned(api)
    office.fail(kind, path=WRITES[api], **rule)
    said = office.crm_sink("apply --log none")
    assert office.fired() == rule["count"]
    office.mend()
    return said.code == 0 and office.written() == ALL_ONCE


def fails_and_is_resumed(office: Office, api: str, kind: str, **rule: Any) -> str:
    """Apply a plan while all such calls fail, mend the org, type the command that it names."""
    run = office.planned(api)
    office.fail(kind, path=WRITES[api], **rule)
    said = office.crm_sink("apply --log none")
    office.mend()
    assert said.code == 1
    assert said.err.endswith(f"crm-sink resume {run}\n")
    assert said.err.count("crm-sink resume") == 1
    assert office.crm_sink(f"resume {run} --log none").code == 0
    assert office.written() == ALL_ONCE
    return said.err


@both
def test_a_write_whose_answer_was_lost_is_looked_up_and_not_made_twice(
    office: Office, api: str
) -> None:
    """The org has done it, and the connection breaks before it answers."""
    assert is_survived(office, api, "drop-after", method=["PATCH", "PUT"], count=1)


@both
@pytest.mark.parametrize("kind", ["drop-before", "truncated"])
def test_a_connection_that_breaks_is_made_again(office: Office, api: str, kind: str) -> None:
    assert is_survived(office, api, kind, count=1)


@both
def test_a_network_that_stays_down_ends_the_run_and_resume_completes_it(
    office: Office, api: str
) -> None:
    """Nothing arrives any more, once the run writes."""
    error = fails_and_is_resumed(office, api, "drop-before")
    assert "broke" in error or "lost" in error


@pytest.mark.parametrize(
    ("api", "method"), [("collections", "PATCH"), ("bulk", "PUT"), ("bulk", "PATCH")]
)
def test_an_org_that_answers_500_again_and_again_is_quoted_and_not_the_network_blamed(
    office: Office, api: str, method: str
) -> None:
    """Status, code and ErrorId are said; the message, which may quote a record, is not."""
    words = "k-1 broke us. ErrorId if you contact support: 123456789-12345 (-123456789)"
    rule = {"method": method, "status": 500, "code": "UNKNOWN_EXCEPTION", "message": words}
    error = fails_and_is_resumed(office, api, "status", **rule)
    assert "the org answered 500 UNKNOWN_EXCEPTION to" in error
    assert "(ErrorId 123456789-12345 (-123456789))" in error
    assert "an error inside Salesforce; quote its ErrorId to them; then crm-sink" in error
    assert "network" not in error
    assert "k-1" not in error


def test_a_network_that_is_down_while_planning_leaves_nothing_to_mend(office: Office) -> None:
    office.fail("drop-before")
    said = office.crm_sink("sync lead.yaml --log none")
    office.mend()
    assert said.code == 1
    assert "broke" in said.err
    assert office.written() == NONE
    assert office.crm_sink("sync lead.yaml --log none").code == 0
    assert office.written() == ALL_ONCE


@both
@pytest.mark.parametrize("status", [429, 502, 503])
def test_an_org_that_is_busy_is_asked_again_later(office: Office, api: str, status: int) -> None:
    assert is_survived(office, api, "status", status=status, count=2)
    assert sum(office.waits) > 0


@both
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(office: Office, api: str, status: int) -> None:
    assert is_survived(office, api, "status", status=status, retry_after=17, count=1)
    assert office.waits[0] == 17


@both
def test_an_org_that_stays_busy_ends_the_run_and_resume_completes_it(
    office: Office, api: str
) -> None:
    assert "server too busy" in fails_and_is_resumed(office, api, "status", status=503)


@both
@pytest.mark.parametrize("kind", ["html", "content-type"])
def test_a_web_page_in_place_of_json_is_asked_for_again(
    office: Office, api: str, kind: str
) -> None:
    assert is_survived(office, api, kind, count=1)


def test_a_web_page_that_stays_is_named_and_resume_completes_the_run(office: Office) -> None:
    error = fails_and_is_resumed(office, "bulk", "html")
    assert "answered text/html where json is due" in error


@both
def test_a_session_that_ends_on_the_way_is_renewed(office: Office, api: str) -> None:
    assert is_survived(office, api, "expired", revoke=True, count=1)


def test_a_quota_that_is_used_up_pauses_the_run_and_resume_completes_it(office: Office) -> None:
    run = office.planned("bulk")
    office.fail("quota", path=WRITES["bulk"], after=1)
    said = office.crm_sink("apply --log none")
    assert (said.code, office.state()) == (1, "paused")
    assert "it frees over 24 hours; then crm-sink resume" in said.err
    office.mend()
    assert office.crm_sink(f"resume {run} --log none").code == 0
    assert office.written() == ALL_ONCE
