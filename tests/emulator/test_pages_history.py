"""The history on a record's page: when, which field, who, from what to what."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from crm_sink.emulator.history.tracking import track


def history(api: Any, lead: str) -> list[str]:
    """Give the lines of the list as a reader sees them; nothing where there is no list."""
    text = api.get(f"/lightning/r/Lead/{lead}/view").text
    found = re.search(r'<section class="card history".*?</section>', text, re.DOTALL)
    if found is None:
        return []
    body = found[0].partition("<tbody>")[2]
    lines = [unescape(re.sub(r"<[^>]*>", " ", one)) for one in body.split("</tr>")[:-1]]
    return [" ".join(line.split()) for line in lines]


def test_changes_are_told_newest_first_in_the_words_of_people(api: Any) -> None:
    track(api.running.org.store, "Lead", ["Score__c", "Chance__c", "Day__c", "Description"])
    lead = api.lead(Score__c=42)
    api.patch(f"sobjects/Lead/{lead}", {"Description": "long"})
    api.patch(f"sobjects/Lead/{lead}", {"Chance__c": 87.5})
    api.patch(f"sobjects/Lead/{lead}", {"Day__c": "2026-01-31"})
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": None})
    assert history(api, lead) == [
        "just now Score Local Rep 42 –",
        "just now Day Local Rep – Jan 31, 2026",
        "just now Chance Local Rep – 87.5%",
        "just now Description Local Rep Changed",
        "just now Local Rep Created",
    ]


def test_of_a_lookup_the_names_are_shown_once(api: Any) -> None:
    track(api.running.org.store, "Lead", ["Acc__c"])
    account = api.post("sobjects/Account", {"Name": "Acme & Sons"}).json()["id"]
    lead = api.lead()
    api.patch(f"sobjects/Lead/{lead}", {"Acc__c": account})
    assert history(api, lead)[0] == "just now Best account Local Rep – Acme & Sons"
    assert len(history(api, lead)) == 2


def test_only_the_newest_are_listed_and_the_rest_is_counted(api: Any) -> None:
    track(api.running.org.store, "Lead", ["Score__c"])
    lead = api.lead()
    for score in range(13):
        api.patch(f"sobjects/Lead/{lead}", {"Score__c": score})
    assert len(history(api, lead)) == 12
    text = api.get(f"/lightning/r/Lead/{lead}/view").text
    assert "(14)" in text
    assert "and 2 more" in text


def test_without_tracked_fields_there_is_no_list(api: Any) -> None:
    lead = api.lead()
    assert history(api, lead) == []
    text = api.get(f"/lightning/r/Lead/{lead}/view").text
    assert 'id="history"' not in text
    track(api.running.org.store, "Lead", ["Score__c"])
    text = api.get(f"/lightning/r/Lead/{lead}/view").text
    assert "Nothing has changed since tracking began" in text


def test_what_a_value_holds_starts_nothing(api: Any) -> None:
    track(api.running.org.store, "Lead", ["Note__c"])
    lead = api.lead()
    api.patch(f"sobjects/Lead/{lead}", {"Note__c": "<script>x</script>"})
    text = api.get(f"/lightning/r/Lead/{lead}/view").text
    assert "<script>" not in text
    assert "&lt;script&gt;x" in text
