"""The page of changes: the write log as a person reads it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any


def text_of(reply: Any) -> str:
    """Give what a reader sees, with single spaces."""
    assert reply.status_code == 200
    body = reply.text.partition("<main>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_it_shows_old_and_new_values_with_the_newest_first(api: Any) -> None:
    lead = api.lead(Score__c=5)
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 8, "Note__c": "<b>hot</b>"})
    reply = api.get("/lightning/changes")
    text = text_of(reply)
    assert f"updated Lead {lead} Score__c 5 → 8 Note__c – → <b>hot</b>" in text
    assert text.index("updated") < text.index("created")
    assert "<b>hot" not in reply.text
    assert f'href="/lightning/r/Lead/{lead}/view"' in reply.text


def test_it_may_show_one_object_or_one_job(api: Any) -> None:
    lead = api.lead()
    api.post("sobjects/Account", {"Name": "Acme"})
    job = api.run_job(f"Id,Note__c\n{lead},x\n", "update")
    assert "Account" not in text_of(api.get("/lightning/changes?object=Lead")).partition("When")[2]
    text = text_of(api.get(f"/lightning/changes?job={job['id']}"))
    assert "1 of 1, job" in text
    assert f"job {job['id']} updated Lead {lead} Note__c – → x" in text


def test_it_shows_the_newest_hundred_whatever_the_size_of_writes(api: Any) -> None:
    rows = "".join(f"Doe {number},Acme\n" for number in range(130))
    api.run_job("LastName,Company\n" + rows, "insert")
    lead = api.lead(LastName="Last")
    api.patch(f"sobjects/Lead/{lead}", {"Note__c": "x"})
    text = text_of(api.get("/lightning/changes"))
    assert "Newest changes 100 of 132" in text
    shown = re.findall(r"LastName – → (?:Doe )?(\w+)|LastName (?:Doe )?(\w+)", text)
    assert [one or two for one, two in shown] == ["Last", *map(str, range(129, 31, -1))]


def test_a_new_org_says_that_nothing_was_written(api: Any) -> None:
    assert "Nothing was written yet" in text_of(api.get("/lightning/changes"))


def test_the_banner_and_the_tab_are_there(api: Any) -> None:
    body = api.get("/lightning/changes").text
    assert "Local stand-in, not Salesforce." in body
    assert re.search(r'class="on" aria-current="page">Changes<', body)
