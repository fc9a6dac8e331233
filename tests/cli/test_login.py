"""Every way to log in, end to end against the local org; and what is said when it fails."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Desk

FAKE_SF = """\
#!/bin/sh
echo "$@" >>"$(dirname "$0")/asked"
case $2 in
    display) echo '{"status":0,"result":{"instanceUrl":"URL","accessToken":"[REDACTED] ..."}}' ;;
    auth) echo '{"status":0,"result":{"accessToken":"TOKEN"}}' ;;
esac
"""


def install_sf(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an `sf` on the PATH that hands out a session of the local org, as the one of 2026."""
    text = FAKE_SF.replace("URL", desk.org.url).replace("TOKEN", desk.org.token())
    program = desk.write("bin/sf", text)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program.parent / "asked"


def log_in_with(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Replace the credential in the environment."""
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"CRM_SINK_{name}")
    for name, value in variables.items():
        monkeypatch.setenv(f"CRM_SINK_{name}", value)


def test_doctor_finds_all_well(desk: Desk) -> None:
    said = desk.crm_sink("doctor")
    assert said.code == 0
    assert said.out.count("ok    ") == 4
    assert "calls are left" in said.out


def test_a_signed_assertion_logs_in(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    who = two.org.org.credentials
    log_in_with(
        monkeypatch,
        CLIENT_ID=who.client_id,
        USERNAME=who.username,
        JWT_KEY_FILE=who.private_key_file,
    )
    assert two.crm_sink("sync", "lead.yaml").code == 0
    assert f"a JWT for {who.username}" in two.crm_sink("doctor").out


def test_a_ready_token_is_used_as_it_is(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in_with(monkeypatch, ACCESS_TOKEN=two.org.token())
    assert two.crm_sink("sync", "lead.yaml").code == 0


def test_a_session_of_the_sf_cli_is_borrowed(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credential in the environment; newer versions of sf show the token only when asked."""
    monkeypatch.delenv("CRM_SINK_INSTANCE_URL")
    log_in_with(monkeypatch)
    asked = install_sf(two, monkeypatch)
    assert two.crm_sink("sync", "lead.yaml", "--target", "sf:rep").code == 0
    assert asked.read_text().splitlines() == [
        "org display --target-org rep --json",
        "org auth show-access-token --target-org rep --json",
    ]


def test_without_the_sf_cli_it_says_how_to_get_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(desk.folder))
    said = desk.crm_sink("doctor", "--target", "sf:rep")
    assert said.code == 12
    assert "the sf CLI is not installed" in said.out


def test_a_wrong_secret_is_12(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SINK_CLIENT_SECRET", "not-the-secret")
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 12
    assert "invalid" in said.err
    assert "CRM_SINK_CLIENT_SECRET" in said.err
    assert "not-the-secret" not in said.err


def test_a_key_that_the_org_does_not_know_is_12(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    file = two.write("wrong.pem", pem.decode())
    who = two.org.org.credentials
    log_in_with(monkeypatch, CLIENT_ID=who.client_id, USERNAME=who.username, JWT_KEY_FILE=str(file))
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 12
    assert "BEGIN" not in said.err


def test_an_expired_token_is_12(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in_with(monkeypatch, ACCESS_TOKEN=two.org.token())
    two.org.org.sessions.expire_all()
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 12
    assert "CRM_SINK_ACCESS_TOKEN" in said.err


def test_a_session_that_expires_on_the_way_is_renewed_once(two: Desk) -> None:
    two.crm_sink("plan", "lead.yaml")
    two.org.org.sessions.expire_all()
    assert two.crm_sink("apply").code == 0


@pytest.mark.parametrize(
    ("unset", "named"),
    [
        ("CRM_SINK_CLIENT_SECRET", "CRM_SINK_CLIENT_SECRET"),
        ("CRM_SINK_CLIENT_ID", "CRM_SINK_CLIENT_ID"),
        ("CRM_SINK_INSTANCE_URL", "CRM_SINK_INSTANCE_URL"),
    ],
)
def test_half_a_login_is_2_and_names_what_lacks(
    two: Desk, monkeypatch: pytest.MonkeyPatch, unset: str, named: str
) -> None:
    monkeypatch.delenv(unset)
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 2
    assert f"{named}" in said.err


def test_doctor_tells_each_finding_as_json(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SINK_CLIENT_SECRET", "not-the-secret")
    said = desk.crm_sink("doctor", "--format", "json")
    assert said.code == 12
    assert [(found["check"], found["ok"]) for found in json.loads(said.out)] == [
        ("settings", True),
        ("ledger", True),
        ("org", False),
    ]


def test_an_org_that_does_not_answer_is_1(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody can answer there
        monkeypatch.setenv("CRM_SINK_INSTANCE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 1
    assert "127.0.0.1" in said.err
    assert "try:" in said.err


def test_plain_http_to_another_host_is_refused_before_anything_is_sent(
    two: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", "http://acme.my.salesforce.com")
    said = two.crm_sink("sync", "lead.yaml")
    assert said.code == 2
    assert "plain http" in said.err
    assert "try: https://acme.my.salesforce.com" in said.err
