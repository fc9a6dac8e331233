"""A browser's way into the org, as `sf org open` asks for it."""

from __future__ import annotations

from typing import Any

import pytest

ASK = "/services/oauth2/singleaccess"


def follow(api: Any, address: str) -> Any:
    path = address.removeprefix(api.running.url)
    return api.get(path, headers={"Authorization": None}, allow_redirects=False)


def test_the_address_leads_to_the_page_without_a_session(api: Any) -> None:
    told = api.get(ASK, params={"redirect_uri": "lightning/o/Lead/list"}).json()
    there = follow(api, told["frontdoor_uri"])
    assert (there.status_code, there.headers["Location"]) == (302, "/lightning/o/Lead/list")
    home = follow(api, api.post(ASK).json()["frontdoor_uri"])
    assert home.headers["Location"] == "/"


@pytest.mark.parametrize("alien", ["//evil.example/x", "https://evil.example/x", "/\\evil.example"])
def test_it_leads_to_no_other_site(api: Any, alien: str) -> None:
    told = api.get(ASK, params={"redirect_uri": alien}).json()
    location = follow(api, told["frontdoor_uri"]).headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_dead_session_opens_nothing(api: Any) -> None:
    """The sf CLI says in a comment: answered with 403, not with 401."""
    reply = api.get(ASK, headers={"Authorization": "Bearer 00D!dead"})
    assert (reply.status_code, reply.text) == (403, "Bad_OAuth_Token")


def test_the_user_has_a_profile(api: Any) -> None:
    """`sf org display user` shows it."""
    soql = "SELECT Name FROM Profile WHERE Id IN (SELECT ProfileId FROM User)"
    (found,) = api.get("query", params={"q": soql}).json()["records"]
    assert found["Name"] == "System Administrator"
