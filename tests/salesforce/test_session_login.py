"""An expired session is renewed once for all threads; what a login cannot mend ends the call."""

from __future__ import annotations

import threading

import pytest

from crm_sink.errors import CrmError, Fate, LoginError
from crm_sink.salesforce.auth import Login
from crm_sink.salesforce.session import Session
from tests.salesforce.calls import GET, session_of
from tests.salesforce.conftest import TOKEN, Reply, Wire

EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_an_expired_session_is_renewed_once_and_the_call_made_again(wire: Wire) -> None:
    wire.on("GET", "/limits", Reply(EXPIRED, 401), Reply({"ok": True}))
    with session_of(wire.url, "old", "new") as session:
        assert session(GET).document == {"ok": True}
    assert [asked.headers["authorization"] for asked in wire.asked] == ["Bearer old", "Bearer new"]


def test_an_access_token_that_expired_cannot_be_renewed(wire: Wire) -> None:
    wire.on("GET", "/limits", Reply(EXPIRED, 401))
    with session_of(wire.url) as session, pytest.raises(LoginError, match="expired") as raised:
        session(GET)
    assert raised.value.exit_code == 12
    assert TOKEN not in str(raised.value)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "message",
    [
        "Connected app is not attached to Agent",
        "This session is not valid for use with the REST API",
    ],
)
def test_two_401s_are_not_mended_by_a_new_login(wire: Wire, message: str) -> None:
    body = [{"message": message, "errorCode": "INVALID_SESSION_ID"}]
    wire.on("GET", "/limits", Reply(body, 401))
    with session_of(wire.url, "old", "new") as session, pytest.raises(LoginError, match=message):
        session(GET)
    assert len(wire.asked) == 1


def test_threads_that_meet_an_expired_session_share_one_login(wire: Wire) -> None:
    logins: list[str] = []
    both = threading.Barrier(4, timeout=5)
    wire.on(
        "GET",
        "/limits",
        lambda asked: Reply({}) if "token-2" in str(asked.headers) else Reply(EXPIRED, 401),
    )

    def log_in() -> Login:
        logins.append("x")
        return Login(wire.url, f"token-{len(logins)}")

    session = Session(log_in)
    session.login()

    def call() -> None:
        both.wait()
        session(GET)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    session.close()
    assert len(logins) == 2


def test_a_refused_login_is_not_asked_for_again(wire: Wire) -> None:
    asked: list[str] = []

    def log_in() -> Login:
        asked.append("x")
        raise LoginError("no", code="invalid_grant", fate=Fate.STOP)

    session = Session(log_in)
    for _ in range(3):
        with pytest.raises(LoginError):
            session(GET)
    assert len(asked) == 1


def test_a_login_host_that_went_away_is_waited_for(wire: Wire) -> None:
    """The session expires in the middle of a run, just when the login host is down."""
    wire.on("GET", "/limits", Reply(EXPIRED, 401))
    refused = CrmError("nothing answers", code="CONNECTION_REFUSED", fate=Fate.STOP)
    results: list[Login | CrmError] = [Login(wire.url, TOKEN), refused]

    def log_in() -> Login:
        result = results.pop(0)
        if isinstance(result, CrmError):
            raise result
        return result

    session = Session(log_in)
    with pytest.raises(CrmError) as raised:
        session(GET)
    session.close()
    assert raised.value.fate is Fate.RETRY
