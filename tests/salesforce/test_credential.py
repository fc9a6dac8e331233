"""Exactly one login must be named, and whole; the error names the variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_sink.errors import UsageError
from crm_sink.salesforce.auth import describe_login, login_for
from crm_sink.settings import Settings

URL = "https://acme.my.salesforce.com"


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for variable in [name for name in os.environ if name.startswith("CRM_SINK_")]:
        monkeypatch.delenv(variable)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    path.write_text("-----BEGIN PRIVATE KEY-----\n")
    return path


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "CRM_SINK_INSTANCE_URL"),
        ({"instance_url": URL}, "CRM_SINK_ACCESS_TOKEN"),
        ({"access_token": "x"}, "CRM_SINK_INSTANCE_URL"),
        ({"instance_url": URL, "client_id": "x"}, "CRM_SINK_CLIENT_SECRET"),
        ({"instance_url": URL, "client_secret": "x"}, "CRM_SINK_CLIENT_ID"),
        ({"client_id": "x", "client_secret": "y"}, "CRM_SINK_INSTANCE_URL"),
        ({"client_id": "x", "username": "y"}, "CRM_SINK_JWT_KEY_FILE"),
        ({"username": "y"}, "CRM_SINK_CLIENT_ID"),
        ({"jwt_key_file": "k", "username": "y"}, "CRM_SINK_CLIENT_ID"),
        ({"jwt_key_file": "k", "client_id": "y"}, "CRM_SINK_USERNAME"),
        ({"jwt_key_file": "k", "client_secret": "y"}, "CRM_SINK_CLIENT_SECRET"),
        ({"instance_url": URL, "access_token": "t", "client_secret": "s"}, "both set"),
    ],
)
def test_what_is_missing_or_contradicts_is_named(values: dict[str, str], named: str) -> None:
    with pytest.raises(UsageError) as raised:
        login_for(settings(**values))
    assert raised.value.exit_code == 2
    assert named in str(raised.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"instance_url": URL, "access_token": "[REDACTED] Use 'sf"}, "in place of the token"),
        ({"instance_url": URL, "access_token": "a\nb"}, "odd characters"),
        ({"instance_url": URL, "access_token": "  "}, "is empty"),
        ({"instance_url": "http://acme.example", "access_token": "t"}, "in the clear"),
        (
            {
                "instance_url": "https://login.salesforce.com",
                "client_id": "a",
                "client_secret": "b",
            },
            "My Domain",
        ),
    ],
)
def test_a_value_that_cannot_work_is_refused_before_it_is_sent(
    values: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        login_for(settings(**values))


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "no.key"
    with pytest.raises(UsageError, match="No such file") as raised:
        login_for(settings(client_id="a", username="b", jwt_key_file=missing))
    assert raised.value.where == str(missing)


@pytest.mark.parametrize("key", ["-----BEGIN PRIVATE KEY-----\nhidden", "hidden/" * 200])
def test_a_key_in_place_of_its_file_is_not_said(key: str) -> None:
    with pytest.raises(UsageError, match="holds a key") as raised:
        login_for(settings(client_id="a", username="b", jwt_key_file=key))
    assert "hidden" not in f"{raised.value}{raised.value.where}{raised.value.hint}"


def test_the_audience_of_a_jwt_is_a_login_host(key_file: Path) -> None:
    values = {"client_id": "a", "username": "b", "jwt_key_file": key_file}
    with pytest.raises(UsageError, match=r"ends with \.salesforce\.com"):
        login_for(settings(**values, login_url="https://acme.example"))


@pytest.mark.parametrize("target", ["acme", "sf:", "sf:--json", "sf:a b", "file:x"])
def test_a_target_is_an_alias_of_sf(target: str) -> None:
    with pytest.raises(UsageError, match="only sf:ALIAS"):
        login_for(settings(), target)


def test_from_python_the_local_org_is_reached_by_the_environment() -> None:
    with pytest.raises(UsageError, match="known to the command line alone") as caught:
        login_for(settings(), "local")
    assert "crm-sink org env" in str(caught.value.hint)


def test_an_access_token_is_used_as_it_is() -> None:
    login = login_for(settings(instance_url=f"{URL}/", access_token="00D!secret"))()
    assert (login.instance_url, login.token) == (URL, "00D!secret")
    assert "secret" not in repr(login)


@pytest.mark.parametrize(
    ("values", "target", "said"),
    [
        ({"instance_url": URL, "access_token": "hidden-value"}, None, "access token"),
        (
            {"instance_url": URL, "client_id": "a", "client_secret": "hidden-value"},
            None,
            "client credentials",
        ),
        (
            {
                "instance_url": f"https://me:hidden-value@{URL.removeprefix('https://')}",
                "client_id": "a",
                "username": "b",
                "jwt_key_file": Path(__file__),
            },
            None,
            f"a JWT for b (CRM_SINK_JWT_KEY_FILE) at {URL}",
        ),
        ({}, "sf:my-org", "the session of the sf CLI for my-org"),
    ],
)
def test_the_login_is_described_without_its_secret(
    values: dict[str, str], target: str | None, said: str
) -> None:
    text = describe_login(settings(**values), target)
    assert said in text
    assert "hidden-value" not in text
