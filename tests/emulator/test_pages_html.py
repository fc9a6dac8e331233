"""The pages over real HTTP: what a rep reads on them, and what they refuse to run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

import pytest
import requests

from crm_sink.emulator.seed.demo import KEYS, PREDICTIONS, add_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.emulator.serve import Running

    Get = Callable[[str], requests.Response]

USER = "005000000000001AAA"
HOT, COLD, NEW = "00Q000000000001EAA", "00Q000000000002EAA", "00Q000000000003EAA"
LEADS = f"""
insert into Lead by name select *, false as IsDeleted from (values
  ('{HOT}', 'Ann', 'Lee', 'Acme & Sons', 'Working - Contacted', '{USER}', 92.0, 'Hot',
   '1. Visited pricing page (+)' || chr(10) || '2. Days idle (-)', timestamp '2026-11-20 03:00:00'),
  ('{COLD}', '<script>x</script>', 'Orr', 'Zeta', 'Open - Not Contacted', '{USER}', 0.0, 'Cold',
   null, timestamp '2026-11-18 06:00:00'),
  ('{NEW}', 'Bo', 'Poe', 'Nova', 'Closed - Not Converted', null, null, null, null, null)
) v(Id, FirstName, LastName, Company, Status, OwnerId, Propensity_Score__c, Propensity_Band__c,
    Propensity_Reasons__c, Scored_At__c)
"""


@pytest.fixture
def get(org: Running) -> Get:
    """Fill the org with three leads and give the function that fetches a page."""
    org.org.clock.time = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)  # type: ignore[attr-defined]
    for object_name, key in KEYS.items():
        add_missing(org.org.store, object_name, (key, *PREDICTIONS[object_name]))
    with org.org.store.writing() as cursor:
        cursor.execute(LEADS)
        cursor.execute(
            f"""insert into "User" by name
                select '{USER}' as Id, 'Tess' as FirstName, 'Vane' as LastName"""
        )
    return lambda path: requests.get(org.url + path, timeout=30)


def text_of(reply: requests.Response) -> str:
    """Give what a reader sees, with single spaces."""
    body = reply.text.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def names_of(reply: requests.Response) -> list[str]:
    """Give the names in a list, from top to bottom."""
    return [unescape(one) for one in re.findall(r'<a class="name"[^>]*>([^<]*)</a>', reply.text)]


def test_a_record_shows_its_prediction(get: Get) -> None:
    reply = get(f"/lightning/r/Lead/{HOT}/view")
    assert reply.status_code == 200
    text = text_of(reply)
    assert "Predictions Propensity Score 92 Hot Scored 3 hours ago" in text
    assert "Why ▲ Visited pricing page ▼ Days idle" in text
    assert 'title="2026-11-20 03:00:00 UTC"' in reply.text


def test_the_highlights_show_company_status_and_owner(get: Get) -> None:
    text = text_of(get(f"/lightning/r/Lead/{HOT}/view"))
    assert "Lead Ann Lee" in text
    for shown in ("Company Acme & Sons", "Status Working - Contacted", "Owner Tess Vane"):
        assert shown in text


def test_a_queue_that_owns_a_lead_is_named_and_leads_to_its_page(get: Get, org: Running) -> None:
    queue = "00G000000000001EAA"
    with org.org.store.writing() as cursor:
        cursor.execute(
            f"""insert into "Group" by name
                select '{queue}' as Id, 'Inbox' as Name, 'Queue' as Type"""
        )
        cursor.execute(f"update Lead set OwnerId = '{queue}' where Id = '{NEW}'")
    for path in (f"/lightning/r/Lead/{NEW}/view", "/lightning/o/Lead/list"):
        assert f'<a href="/lightning/r/Group/{queue}/view">Inbox</a>' in get(path).text
    assert get(f"/lightning/r/Group/{queue}/view").status_code == 200


def test_a_score_of_0_is_shown_and_a_missing_one_is_not_0(get: Get) -> None:
    assert "Propensity Score 0 Cold" in text_of(get(f"/lightning/r/Lead/{COLD}/view"))
    assert "Propensity Score Not scored yet" in text_of(get(f"/lightning/r/Lead/{NEW}/view"))


def test_every_page_says_that_it_is_not_salesforce(get: Get) -> None:
    for path in (
        "/",
        "/lightning/o/Lead/list",
        f"/lightning/r/Lead/{HOT}/view",
        "/lightning/r/X/y/view",
    ):
        assert "Local stand-in, not Salesforce." in text_of(get(path))


def test_values_are_escaped_and_scripts_forbidden(get: Get) -> None:
    reply = get(f"/lightning/r/Lead/{COLD}/view")
    assert "<script" not in reply.text
    assert "&lt;script&gt;x&lt;/script&gt; Orr" in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_pages_load_nothing_from_elsewhere(get: Get) -> None:
    reply = get(f"/lightning/r/Lead/{HOT}/view")
    assert re.findall(r'(?:src|href)="(https?:)?//', reply.text) == []
    assert get("/static/org.css").headers["content-type"].startswith("text/css")
    assert "url(" not in get("/static/org.css").text


def test_a_lost_lead_claims_no_stage_as_done(get: Get) -> None:
    reply = get(f"/lightning/r/Lead/{NEW}/view")
    assert re.findall(r'<li class="(\w+)"', reply.text) == ["ahead", "ahead", "lost"]
    reply = get(f"/lightning/r/Lead/{HOT}/view")
    assert re.findall(r'<li class="(\w+)"', reply.text) == ["done", "current", "ahead"]


def test_a_short_id_finds_the_record(get: Get) -> None:
    assert get(f"/lightning/r/lead/{HOT[:15]}/view").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/lightning/r/Lead/00Q000000000009EAA/view", "/lightning/r/Lead/nonsense/view",
     "/lightning/r/Nope/00Q000000000001EAA/view", "/lightning/o/Nope/list"],
)  # fmt: skip
def test_what_is_not_there_is_404(get: Get, path: str) -> None:
    reply = get(path)
    assert (reply.status_code, "Nothing here" in reply.text) == (404, True)


SCRIPT = "<script>x</script> Orr"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ann Lee", SCRIPT, "Bo Poe"]),  # the hottest first, the unscored last
        ("?filterName=Hottest", ["Ann Lee", SCRIPT, "Bo Poe"]),
        ("?filterName=All", [SCRIPT, "Ann Lee", "Bo Poe"]),
        ("?filterName=Unscored", ["Bo Poe"]),
        ("?band=cold", [SCRIPT]),
        ("?q=LEE", ["Ann Lee"]),
        ("?q=nova", ["Bo Poe"]),  # a lead is found by its company too
        ("?q=100%25", []),
        ("?q='", []),
        ("?sort=Company", ["Ann Lee", "Bo Poe", SCRIPT]),
        ("?sort=-Company", [SCRIPT, "Bo Poe", "Ann Lee"]),
        ("?sort=Propensity_Score__c", [SCRIPT, "Ann Lee", "Bo Poe"]),
        ("?sort=Nope;drop", ["Ann Lee", SCRIPT, "Bo Poe"]),
        ("?page=99", ["Ann Lee", SCRIPT, "Bo Poe"]),
        ("?page=x", ["Ann Lee", SCRIPT, "Bo Poe"]),
    ],
)
def test_a_list_sorts_and_filters(get: Get, query: str, names: list[str]) -> None:
    reply = get(f"/lightning/o/Lead/list{query}")
    assert (reply.status_code, names_of(reply)) == (200, names)


def test_a_list_shows_score_band_owner_and_time(get: Get) -> None:
    text = text_of(get("/lightning/o/Lead/list"))
    assert "Hottest leads 1–3 of 3" in text
    assert "1 Ann Lee Acme & Sons Working - Contacted Tess Vane 92 Hot 3 hours ago" in text
    assert "3 Bo Poe Nova Closed - Not Converted – Not scored yet – –" in text


def test_a_long_list_has_pages(get: Get, org: Running) -> None:
    with org.org.store.writing() as cursor:
        cursor.execute(
            """insert into Lead by name select printf('00Q1%011dAAA', i) as Id, 'X' as LastName,
               'Co' as Company, false as IsDeleted from range(60) t(i)"""
        )
    first, second = get("/lightning/o/Lead/list"), get("/lightning/o/Lead/list?page=2")
    assert (len(names_of(first)), len(names_of(second))) == (50, 13)
    assert "51–63 of 63" in text_of(second)
    assert 'href="?filterName=Hottest&amp;page=2">Next' in first.text


def test_an_account_shows_its_contacts(get: Get, org: Running) -> None:
    account = "001000000000001AAA"
    with org.org.store.writing() as cursor:
        cursor.execute(
            f"""insert into Account by name select '{account}' as Id, 'Acme' as Name,
                false as IsDeleted, 72.5 as Churn_Risk__c, 'High' as Churn_Band__c"""
        )
        cursor.execute(
            f"""insert into Contact by name select '003000000000001AAA' as Id, 'Kim' as LastName,
                '{account}' as AccountId, false as IsDeleted"""
        )
    text = text_of(get(f"/lightning/r/Account/{account}/view"))
    assert "Churn Risk 72.5 % High No time of scoring" in text
    assert "Contacts (1) Name Title Business Phone Kim" in text


def test_a_deleted_record_says_so(get: Get, org: Running) -> None:
    with org.org.store.writing() as cursor:
        cursor.execute(f"update Lead set IsDeleted = true where Id = '{HOT}'")
    assert "This record is deleted." in text_of(get(f"/lightning/r/Lead/{HOT}/view"))
    assert names_of(get("/lightning/o/Lead/list")) == [SCRIPT, "Bo Poe"]


def test_home_counts_records_and_names_the_hottest(get: Get) -> None:
    text = text_of(get("/"))
    assert "3 Leads sorted by score" in text
    assert "Hottest leads Ann Lee Acme & Sons 92 Hot Visited pricing page" in text
