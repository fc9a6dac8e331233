"""A session is borrowed of the sf CLI: here a small program of that name, run for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crm_sink.errors import LoginError
from crm_sink.salesforce.auth import login_for
from crm_sink.settings import Settings

REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"
URL = "https://acme.my.salesforce.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, **answers: object) -> None:
    """Install an sf that prints these answers, by the last word before --target-org."""
    cases = "\n".join(
        f"*{command}*) printf '%s' '{text}' ;;"
        for command, answer in answers.items()
        if (text := answer if isinstance(answer, str) else json.dumps(answer).replace("'", "'\\''"))
    )
    program = folder / "sf"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{folder}/asked"\ncase "$2" in\n{cases}\nesac\n')
    program.chmod(0o700)


def borrow() -> tuple[str, str]:
    login = login_for(Settings.model_validate({}), "sf:my-org")()
    return login.instance_url, login.token


def shown(token: str) -> dict[str, object]:
    return {"status": 0, "result": {"instanceUrl": f"{URL}/", "accessToken": token}}


def test_the_session_that_sf_displays_is_used(folder: Path) -> None:
    install(folder, display=shown("00D!t"))
    assert borrow() == (URL, "00D!t")
    assert (folder / "asked").read_text() == "org display --target-org my-org --json\n"


def test_sf_is_given_no_setting_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SINK_CLIENT_SECRET", "hush")
    install(folder, display=shown("00D!t"))
    program = folder / "sf"
    program.write_text(program.read_text().replace('"$*"', '"($CRM_SINK_CLIENT_SECRET)"'))
    borrow()
    assert (folder / "asked").read_text() == "()\n"


def test_a_newer_sf_is_asked_for_the_token_by_another_command(folder: Path) -> None:
    install(folder, display=shown(REDACTED), auth={"status": 0, "result": {"accessToken": "00D!n"}})
    assert borrow() == (URL, "00D!n")
    asked = (folder / "asked").read_text().splitlines()
    assert asked[1] == "org auth show-access-token --target-org my-org --json"


def test_a_token_that_stays_hidden_is_an_error_with_the_command_that_shows_it(folder: Path) -> None:
    install(folder, display=shown(REDACTED), auth=shown(REDACTED))
    with pytest.raises(LoginError, match="does not show the access token") as raised:
        borrow()
    hint = "sf org auth show-access-token --target-org my-org --json"
    assert (raised.value.hint, raised.value.exit_code) == (hint, 12)


def test_an_sf_that_is_not_installed_is_said_to_be(folder: Path) -> None:
    with pytest.raises(LoginError, match="not installed") as raised:
        borrow()
    assert "CRM_SINK_ACCESS_TOKEN" in str(raised.value.hint)


def test_an_alias_that_sf_does_not_know_is_said_with_its_words(folder: Path) -> None:
    install(folder, display={"status": 1, "message": "No authorization found for my-org"})
    with pytest.raises(LoginError, match="No authorization found") as raised:
        borrow()
    assert raised.value.hint == "sf org login web --alias my-org"


@pytest.mark.parametrize("answer", ["Warning: update available", "[]", '{"result": {}}'])
def test_an_sf_that_prints_something_else_is_an_error(folder: Path, answer: str) -> None:
    install(folder, display=answer, auth=answer)
    with pytest.raises(LoginError):
        borrow()
