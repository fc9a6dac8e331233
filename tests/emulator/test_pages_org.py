"""The pages of the org itself, limits and jobs, and the totals that they show."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

if TYPE_CHECKING:
    from pathlib import Path

COLLECTION = "PATCH /services/data/v{version}/composite/sobjects"


def text_of(reply: Any) -> str:
    """Give what a reader sees, with single spaces."""
    assert reply.status_code == 200
    body = reply.text.partition("<main>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_jobs_are_shown_newest_first_with_what_became_of_them(api: Any) -> None:
    lead = api.lead()
    api.run_job(f"Id,Title\n{lead},VP\n", "update")
    bad = api.run_job(f"Id,Nope__c\n{lead},x\n", "update")
    text = text_of(api.get("/lightning/jobs"))
    assert "2 of 2" in text
    assert text.index("Failed InvalidBatch") < text.index("JobComplete 1 0")
    assert bad["errorMessage"] in text


def test_the_page_of_limits_and_the_api_tell_the_same(api: Any) -> None:
    left = api.get("limits").json()["DailyApiRequests"]["Remaining"]
    assert f"1 used, {left:,} of 15,000 left" in text_of(api.get("/lightning/limits"))


def test_a_spent_day_is_said_on_the_page_while_the_api_refuses(
    org_folder: Path, log_in: Any
) -> None:
    with running(org_folder, settings=OrgSettings(daily_api_requests=2)) as org:
        api = log_in(org)
        codes = [api.get("limits").status_code for _ in range(3)]
        assert codes == [200, 200, 403]
        text = text_of(api.get("/lightning/limits"))
        assert "every call is refused with REQUEST_LIMIT_EXCEEDED" in text
        assert "2 used, 0 of 2 left" in text


def test_more_calls_may_be_allowed_while_it_runs(org_folder: Path, log_in: Any) -> None:
    with running(org_folder, settings=OrgSettings(daily_api_requests=1)) as org:
        api = log_in(org)
        assert [api.get("limits").status_code for _ in range(2)] == [200, 403]
        api.post("/__settings__", {"daily_api_requests": 3})
        assert api.get("limits").json()["DailyApiRequests"] == {"Max": 3, "Remaining": 1}


def test_bulk_jobs_take_from_their_allowances(api: Any) -> None:
    api.run_job("LastName,Company\nDoe,Acme\n", "insert")
    api.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"})
    said = api.get("limits").json()
    assert said["DailyBulkApiBatches"] == {"Max": 15000, "Remaining": 14999}
    assert said["DailyBulkV2QueryJobs"] == {"Max": 10000, "Remaining": 9999}


def test_the_totals_tell_calls_and_changed_records_by_endpoint(api: Any) -> None:
    lead = api.lead()
    records = [{"attributes": {"type": "Lead"}, "Id": one, "Title": "VP"} for one in (lead, "bad")]
    api.patch("composite/sobjects", {"records": records})
    api.run_job(f"Id,Title\n{lead},CEO\n", "update")
    totals = api.get("/__log__/totals").json()
    assert totals[COLLECTION] == {"calls": 1, "writes": 1, "written": 1, "refused": 1}
    assert totals["bulk jobs"] == {"calls": 0, "writes": 1, "written": 1, "refused": 0}
    assert not any("/__" in endpoint for endpoint in totals)
