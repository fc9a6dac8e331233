"""What a sales rep sees after a sync, looked at in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .conftest import Org

pytestmark = pytest.mark.browser


def predictions(page: Page) -> Locator:
    """Give the section of a record page that a rep looks at first."""
    return page.get_by_role("region", name="Predictions")


def test_the_record_page_shows_score_band_reasons_and_age(page: Page, scored: Org) -> None:
    page.goto(scored.record("Lovelace"))
    assert page.get_by_role("heading", level=1).inner_text() == "Lovelace"
    shown = predictions(page).inner_text()
    assert "93" in shown
    assert "Hot" in shown
    assert "Visited pricing page" in shown
    assert "Days since last visit" in shown
    assert "Scored 2 hours ago" in shown


def test_the_reasons_say_what_raised_and_what_lowered_the_score(page: Page, scored: Org) -> None:
    page.goto(scored.record("Lovelace"))
    raised, lowered = predictions(page).get_by_role("listitem").all()
    assert raised.get_by_title("raises the score").is_visible()
    assert "Visited pricing page" in raised.inner_text()
    assert lowered.get_by_title("lowers the score").is_visible()
    assert "Days since last visit" in lowered.inner_text()


def test_an_unscored_lead_says_so_and_shows_no_zero(page: Page, scored: Org) -> None:
    page.goto(scored.record("Unscored"))
    shown = predictions(page).inner_text()
    assert "Not scored yet" in shown
    assert "0" not in shown
    assert "Cold" not in shown


def test_a_low_score_is_a_score(page: Page, scored: Org) -> None:
    page.goto(scored.record("Cold"))
    shown = predictions(page).inner_text()
    assert "4" in shown
    assert "Cold" in shown
    assert "Not scored" not in shown


def test_the_hottest_leads_come_first_and_the_unscored_last(page: Page, scored: Org) -> None:
    page.goto(scored.hottest)
    rows = page.locator("tbody tr")
    names = [row.get_by_role("link").first.inner_text() for row in rows.all()]
    assert names == ["Lovelace", "Hopper", SCRIPT, "Cold", "Unscored"]
    assert "93" in rows.first.inner_text()
    assert "Not scored yet" in rows.last.inner_text()


def test_the_list_leads_to_the_record(page: Page, scored: Org) -> None:
    page.goto(scored.hottest)
    page.get_by_role("link", name="Hopper").click()
    assert page.url == scored.record("Hopper")
    assert "71" in predictions(page).inner_text()


@pytest.mark.parametrize("place", ["record", "list"])
def test_a_script_in_a_name_or_a_reason_is_only_text(page: Page, scored: Org, place: str) -> None:
    page.goto(scored.record(SCRIPT) if place == "record" else scored.hottest)
    assert page.title() != "owned"
    assert page.locator("script").count() == 0
    assert page.get_by_text(SCRIPT).first.is_visible()


def test_a_narrow_window_needs_no_scrolling_sideways(page: Page, scored: Org) -> None:
    page.set_viewport_size({"width": 480, "height": 900})
    page.goto(scored.record("Lovelace"))
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 480
