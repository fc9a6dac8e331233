"""A deployed list view on the org's list page: picker, columns, filters, search and sorting."""

from __future__ import annotations

import re
import shutil
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.altering import altering
from crm_sink.emulator.metadata import list_view
from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WARM = {
    "columns": ["FULL_NAME", "LEAD.COMPANY", "Score__c", "Band__c", "Acc__c", "CORE.USERS.ALIAS"],
    "filterScope": "Everything",
    "filters": [{"field": "Score__c", "operation": "greaterOrEqual", "value": "40"}],
    "label": "Warm & up",
}  # fmt: skip
ODD = {
    "columns": ["LEAD.NOVELTY"],
    "filterScope": "Mine",
    "filters": {"field": "LEAD.WHATEVER", "operation": "equals", "value": "x"},
    "label": "Odd",
}
PLAIN = {"columns": "NAME", "filterScope": "Everything", "label": "Plain"}


@pytest.fixture(scope="module")
def api(api_template: Path, tmp_path_factory: pytest.TempPathFactory, log_in: Any) -> Iterator[Any]:
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("views_page") / "org")
    with running(folder) as handle:
        found = log_in(handle)
        account = found.post("sobjects/Account", {"Name": "Acme Holding"}).json()["id"]
        found.lead(LastName="Abel", Company="Zed", Score__c=91, Band__c="Hot", Acc__c=account)
        found.lead(LastName="Bell", Company="Best", Score__c=40, Band__c="Warm")
        found.lead(LastName="Cole", Company="Cold", Score__c=3, Band__c="Cold")
        with altering(handle.org) as change:
            for name, body in (("Lead.Warm", WARM), ("Lead.Odd", ODD), ("Account.Plain", PLAIN)):
                list_view.save(change, name, body, mode="create")
        yield found


def names_of(reply: Any) -> list[str]:
    assert reply.status_code == 200
    return [unescape(one) for one in re.findall(r'<a class="name"[^>]*>([^<]*)</a>', reply.text)]


def text_of(reply: Any) -> str:
    body = reply.text.partition("<main>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def heads_of(reply: Any) -> list[str]:
    head = reply.text.partition("<thead>")[2].partition("</thead>")[0]
    return [unescape(one).strip() for one in re.findall(r"<th[^>]*><a[^>]*>([^<]*)", head)]


def test_a_view_shows_its_own_columns_and_records(api: Any) -> None:
    reply = api.get("/lightning/o/Lead/list?filterName=Warm")
    assert names_of(reply) == ["Abel", "Bell"]
    assert heads_of(reply) == ["Name", "Company", "Score", "Band", "Best account", "Owner Alias"]
    text = text_of(reply)
    assert "Leads Warm & up" in text
    assert "1 Abel Zed 91 Hot Acme Holding lrep" in text
    assert re.search(r'<a href="/lightning/r/Account/001\w{15}/view">Acme Holding</a>', reply.text)


def test_every_view_of_the_object_can_be_picked_by_its_id(api: Any) -> None:
    views = api.get("sobjects/Lead/listviews").json()["listviews"]
    reply = api.get("/lightning/o/Lead/list")
    for view in views:
        assert f'<a href="?filterName={view["id"]}">' in reply.text
        picked = api.get(f"/lightning/o/Lead/list?filterName={view['id']}")
        assert f"<h1>{view['label'].replace('&', '&amp;')}</h1>" in picked.text
    assert "Plain" not in reply.text
    assert "List views Plain Of this page All" in text_of(api.get("/lightning/o/Account/list"))


def test_without_a_deployed_view_there_is_nothing_to_pick(api: Any) -> None:
    assert "<details" not in api.get("/lightning/o/Contact/list").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=-Company", ["Abel", "Bell"]),
        ("sort=Company", ["Bell", "Abel"]),
        ("sort=Score__c", ["Bell", "Abel"]),
        ("sort=Acc__r.Name", ["Abel", "Bell"]),
        ("sort=Nope;drop", ["Abel", "Bell"]),
        ("q=ELL", ["Bell"]),
        ("q=zed", ["Abel"]),
        ("q=%25", []),
        ("q='", []),
        ("band=warm", ["Bell"]),
        ("band=cold", []),
        ("page=7", ["Abel", "Bell"]),
    ],
)
def test_a_view_is_searched_and_sorted(api: Any, query: str, names: list[str]) -> None:
    assert names_of(api.get(f"/lightning/o/Lead/list?filterName=Warm&{query}")) == names


def test_what_a_view_asks_in_vain_is_said(api: Any) -> None:
    reply = api.get("/lightning/o/Lead/list?filterName=odd")
    assert names_of(reply) == ["Abel", "Bell", "Cole"]
    assert "Not imitated, and so not applied: LEAD.WHATEVER equals" in text_of(reply)


def test_a_view_of_a_field_that_went_away_says_so(api: Any) -> None:
    body = {**WARM, "filters": {"field": "Note__c", "operation": "contains", "value": "x"}}
    org = api.running.org
    with altering(org) as change:
        list_view.save(change, "Lead.Gone", body, mode="create")
        target = change.find("Lead")
        assert target is not None
        change.remove_field(target, target.fields["note__c"])
    text = text_of(api.get("/lightning/o/Lead/list?filterName=Gone"))
    assert "not applied: Note__c contains" in text
