"""Login and session against a running local org, which was made from the same facts by others."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from crm_sink.crm.call import Call
from crm_sink.errors import LoginError
from crm_sink.salesforce.auth import login_for
from crm_sink.salesforce.session import Session
from crm_sink.settings import Settings
from tests.salesforce.conftest import ROOT

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running

LIMITS = Call("GET", f"{ROOT}/limits", "/limits")


def settings(org: Running, **changed: str) -> Settings:
    values = {
        "instance_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
    }
    return Settings.model_validate(values | changed)


@pytest.fixture
def session(org: Running) -> Iterator[Session]:
    opened = Session(login_for(settings(org)))
    yield opened
    opened.close()


def test_client_credentials_open_a_session(session: Session) -> None:
    answer = session(LIMITS)
    assert "DailyApiRequests" in answer.document
    assert answer.allowance is not None


def test_a_wrong_secret_is_refused(org: Running) -> None:
    with pytest.raises(LoginError) as raised:
        login_for(settings(org, client_secret="wrong"))()
    assert raised.value.code in {"invalid_client", "invalid_grant"}
    assert raised.value.exit_code == 12


def test_a_wrong_client_is_refused(org: Running) -> None:
    with pytest.raises(LoginError) as raised:
        login_for(settings(org, client_id="nobody"))()
    assert "CRM_SINK_CLIENT_ID" in str(raised.value.hint)


def test_a_revoked_session_is_renewed(org: Running, session: Session) -> None:
    session(LIMITS)
    token = session.login().token
    data = urllib.parse.urlencode({"token": token}).encode()
    urllib.request.urlopen(f"{org.url}/services/oauth2/revoke", data, timeout=20).close()
    assert session(LIMITS).status == 200
    assert session.login().token != token


def test_a_token_that_nobody_gave_is_refused(org: Running) -> None:
    values = {"instance_url": org.url, "access_token": "00D5g0000000001!nobody.gave.this"}
    opened = Session(login_for(Settings.model_validate(values)))
    with pytest.raises(LoginError, match="expired or was revoked"):
        opened(LIMITS)
    opened.close()
