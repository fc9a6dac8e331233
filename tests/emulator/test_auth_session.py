"""Using and losing a session: facts 1.6 and 1.7."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from crm_sink.emulator.serve import running
from crm_sink.emulator.settings import OrgSettings

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.emulator.serve import Running

EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def limits(org: Running, header: str | None) -> requests.Response:
    headers = {} if header is None else {"Authorization": header}
    return requests.get(org.url + "/services/data/v60.0/limits", headers=headers, timeout=10)


def test_bearer_and_oauth_are_both_accepted(org: Running) -> None:
    assert limits(org, f"Bearer {org.token()}").status_code == 200
    assert limits(org, f"OAuth {org.token()}").status_code == 200


def test_a_missing_header_is_an_invalid_auth_header(org: Running) -> None:
    reply = limits(org, None)
    assert reply.status_code == 401
    assert reply.json() == [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]


def test_a_made_up_token_is_an_invalid_session(org: Running) -> None:
    reply = limits(org, "Bearer 00D000000000001!made.up")
    assert (reply.status_code, reply.json()) == (401, EXPIRED)
    known = org.token().partition(".")[0]
    reply = limits(org, f"Bearer {known}.\xe9")
    assert (reply.status_code, reply.json()) == (401, EXPIRED)


def test_a_session_ends_two_hours_after_its_last_use(org: Running) -> None:
    clock: Any = org.org.clock
    header = f"Bearer {org.token()}"
    clock.advance(7000)
    assert limits(org, header).status_code == 200
    clock.advance(7000)
    assert limits(org, header).status_code == 200
    clock.advance(7200)
    assert (limits(org, header).status_code, limits(org, header).json()) == (401, EXPIRED)


def test_all_sessions_can_be_expired_and_new_ones_made(org: Running) -> None:
    header = f"Bearer {org.token()}"
    org.org.sessions.expire_all()
    assert limits(org, header).json() == EXPIRED
    assert limits(org, f"Bearer {org.token()}").status_code == 200


def test_revoke_ends_one_session(org: Running) -> None:
    token, other = org.token(), org.token()
    url = org.url + "/services/oauth2/revoke"
    assert requests.post(url, data={"token": token}, timeout=10).status_code == 200
    assert limits(org, f"Bearer {token}").json() == EXPIRED
    assert limits(org, f"Bearer {other}").status_code == 200


def test_a_session_outlives_a_restart(org_folder: Path) -> None:
    with running(org_folder) as org:
        header = f"Bearer {org.token()}"
    with running(org_folder) as org:
        assert limits(org, header).status_code == 200


def test_a_fixed_access_token_may_be_set(org_folder: Path) -> None:
    settings = OrgSettings(access_tokens=("00D000000000001!fixed",))
    with running(org_folder, settings=settings) as org:
        assert limits(org, "Bearer 00D000000000001!fixed").status_code == 200


def test_userinfo_and_identity_name_the_user(org: Running) -> None:
    headers = {"Authorization": f"Bearer {org.token()}"}
    info = requests.get(org.url + "/services/oauth2/userinfo", headers=headers, timeout=10).json()
    assert info["user_id"] == org.org.user_id
    assert info["organization_id"] == org.org.org_id
    assert info["urls"]["rest"] == org.url + "/services/data/v{version}/"
    identity = requests.get(info["sub"], headers=headers, timeout=10).json()
    assert identity["username"] == info["preferred_username"]
