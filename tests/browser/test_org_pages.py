"""The pages of the local org itself, looked at in Chromium: write log, jobs and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.emulator.altering import altering
from crm_sink.emulator.metadata import list_view

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Org

pytestmark = pytest.mark.browser

TABS = ["Home", "Leads", "Accounts", "Contacts", "Opportunities", "Changes", "Jobs", "Limits"]


@pytest.mark.parametrize("tab", TABS)
def test_each_page_is_one_click_away_and_says_that_it_is_a_stand_in(
    page: Page, scored: Org, tab: str
) -> None:
    page.goto(scored.url)
    navigation = page.get_by_role("navigation", name="Pages")
    assert navigation.get_by_role("link").all_inner_texts() == TABS
    navigation.get_by_role("link", name=tab).click()
    assert navigation.locator("[aria-current=page]").inner_text() == tab
    assert page.get_by_text("Local stand-in, not Salesforce.").is_visible()
    assert page.get_by_role("heading").first.is_visible()


@pytest.mark.parametrize("place", ["", "lightning/changes", "lightning/jobs", "lightning/limits"])
def test_no_page_scrolls_sideways_in_a_narrow_window(page: Page, scored: Org, place: str) -> None:
    page.set_viewport_size({"width": 480, "height": 900})
    page.goto(f"{scored.url}/{place}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 480


def test_a_deployed_list_view_is_picked_beside_the_title(page: Page, scored: Org) -> None:
    view = {"label": "Certain to buy, of all owners", "columns": ["FULL_NAME", "LEAD.COMPANY"],
            "filterScope": "Everything",
            "filters": {"field": "Propensity_Score__c", "operation": "greaterThan",
                        "value": "90"}}  # fmt: skip
    with altering(scored.desk.org.org) as change:
        list_view.save(change, "Lead.Certain", view, mode="upsert")
    page.set_viewport_size({"width": 480, "height": 900})
    page.goto(scored.hottest)
    page.locator("details.picker summary").click()
    page.get_by_role("link", name="Certain to buy, of all owners").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Certain to buy, of all owners"
    assert page.locator("tbody a.name").all_inner_texts() == ["Lovelace"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 480


def test_the_write_log_shows_what_the_sync_wrote_and_leads_to_the_record(
    page: Page, scored: Org
) -> None:
    page.goto(f"{scored.url}/lightning/changes?id={scored.leads['Lovelace']}")
    newest = page.locator("tbody tr").first
    assert "Propensity_Score__c – → 93" in " ".join(newest.inner_text().split())
    newest.get_by_role("link", name="Lead").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Lovelace"


def test_a_job_leads_to_what_it_changed(page: Page, scored: Org) -> None:
    scored.update_by_job(scored.leads["Hopper"], "Title", "Admiral")
    page.goto(f"{scored.url}/lightning/jobs")
    newest = page.locator("tbody tr").first
    assert "update Lead" in newest.inner_text()
    assert "JobComplete" in newest.inner_text()
    newest.get_by_role("link").click()
    assert "Title – → Admiral" in " ".join(page.locator("tbody tr").first.inner_text().split())


def test_the_limits_show_what_is_left_of_the_day(page: Page, scored: Org) -> None:
    page.goto(f"{scored.url}/lightning/limits")
    calls = page.get_by_role("listitem").filter(has_text="DailyApiRequests").inner_text()
    assert " of 15,000 left" in calls
    assert page.get_by_role("row").filter(has_text="/composite/sobjects").count() > 0


@pytest.mark.parametrize("width", [1280, 480])
def test_a_record_shows_how_its_score_came_about(page: Page, scored: Org, width: int) -> None:
    """What the mapping writes to is tracked, as the seed has it."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(scored.record("Lovelace"))
    history = page.get_by_role("region", name="History")
    newest = history.locator("tbody tr").filter(has_text="Propensity Score").first
    assert newest.get_by_text("93", exact=True).is_visible()
    assert newest.get_by_text("Local Rep").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
