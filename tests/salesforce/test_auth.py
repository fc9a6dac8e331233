"""simple-salesforce logs in; each refusal of Salesforce is said with its cure."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from crm_sink.errors import CrmError, Fate, LoginError, UsageError
from crm_sink.salesforce.auth import login_for
from crm_sink.settings import Settings
from tests.salesforce.conftest import Reply, Wire

TOKEN_PATH = "/services/oauth2/token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def client_settings(url: str) -> Settings:
    values: dict[str, Any] = {"client_id": "consumer-key", "client_secret": "top-secret"}
    return Settings.model_validate({"instance_url": url, **values})


def jwt_settings(url: str, key_file: Path) -> Settings:
    return Settings.model_validate(
        {
            "instance_url": url,
            "client_id": "consumer-key",
            "username": "rep@acme.example",
            "jwt_key_file": key_file,
            "login_url": "https://test.salesforce.com",
        }
    )


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    kind = serialization.PrivateFormat.PKCS8
    text = KEY.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    path.write_bytes(text)
    return path


def granted(wire: Wire) -> Reply:
    return Reply({"access_token": "00D!fresh", "instance_url": wire.url, "token_type": "Bearer"})


def test_client_credentials_are_sent_to_the_my_domain(wire: Wire) -> None:
    wire.on("POST", TOKEN_PATH, granted(wire))
    login = login_for(client_settings(wire.url))()
    assert (login.instance_url, login.token) == (wire.url, "00D!fresh")
    (asked,) = wire.asked
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"]}
    basic = asked.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic) == b"consumer-key:top-secret"


def test_a_jwt_is_signed_for_its_audience(wire: Wire, key_file: Path) -> None:
    wire.on("POST", TOKEN_PATH, granted(wire))
    assert login_for(jwt_settings(wire.url, key_file))().token == "00D!fresh"
    body = parse_qs(wire.asked[0].body.decode())
    assert body["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        body["assertion"][0],
        KEY.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("consumer-key", "rep@acme.example")


@pytest.mark.parametrize(
    ("error", "description", "cure"),
    [
        ("invalid_grant", "authentication failure", "login history"),
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorise"),
        ("invalid_grant", "inactive user", "activate the user"),
        ("invalid_grant", "inactive organization", "suspended"),
        ("invalid_grant", "ip restricted", "IP address"),
        ("invalid_grant", "audience is invalid", "CRM_SINK_LOGIN_URL"),
        ("invalid_grant", "invalid assertion", "certificate"),
        ("invalid_grant", "no client credentials user enabled", "run-as user"),
        ("invalid_client_id", "client identifier invalid", "CRM_SINK_CLIENT_ID"),
        ("invalid_client", "invalid client credentials", "CRM_SINK_CLIENT_SECRET"),
        ("unsupported_grant_type", "grant type not supported", "enable the flow"),
        (
            "app_not_found",
            "External client app is not installed in this org",
            "CRM_SINK_INSTANCE_URL",
        ),
    ],
)
def test_each_refusal_is_said_with_its_cure_and_without_the_secret(
    wire: Wire, error: str, description: str, cure: str
) -> None:
    body = {"error": error, "error_description": description}
    wire.on("POST", TOKEN_PATH, Reply(body, 400))
    with pytest.raises(LoginError) as raised:
        login_for(client_settings(wire.url))()
    assert (raised.value.exit_code, raised.value.code) == (12, error)
    assert description in raised.value.message
    assert cure in str(raised.value.hint)
    assert "top-secret" not in str(raised.value)


def test_a_busy_login_host_is_tried_again(wire: Wire) -> None:
    wire.on("POST", TOKEN_PATH, Reply(b"<html>busy</html>", 503, kind="text/html"))
    with pytest.raises(CrmError) as raised:
        login_for(client_settings(wire.url))()
    assert not isinstance(raised.value, LoginError)
    assert raised.value.fate is Fate.RETRY_SLOWER


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"access_token": "x"}),
        Reply([1]),
        Reply({"instance_url": "http://127.0.0.1:1"}),
        Reply({"access_token": 5, "instance_url": "http://127.0.0.1:1"}),
    ],
)
def test_an_answer_that_is_no_token_is_not_salesforces(wire: Wire, reply: Reply) -> None:
    wire.on("POST", TOKEN_PATH, reply)
    with pytest.raises(CrmError, match="not as Salesforce does"):
        login_for(client_settings(wire.url))()


def test_a_web_page_is_no_org_and_nothing_of_it_is_shown(wire: Wire) -> None:
    wire.on("POST", TOKEN_PATH, Reply(b"<html>secret page</html>", 404, kind="text/html"))
    with pytest.raises(CrmError, match="HTTP status 404, but not as Salesforce") as raised:
        login_for(client_settings(wire.url))()
    assert "secret page" not in str(raised.value)


def test_a_redirected_login_is_not_followed(wire: Wire) -> None:
    wire.on("POST", TOKEN_PATH, Reply(b"", 302, headers={"Location": "http://127.0.0.1:1/x"}))
    with pytest.raises(CrmError, match="redirects"):
        login_for(client_settings(wire.url))()


def test_a_login_host_that_is_not_there_is_a_wrong_address(wire: Wire) -> None:
    wire.close()
    with pytest.raises(CrmError, match="nothing answers at") as raised:
        login_for(client_settings(wire.url))()
    assert raised.value.fate is Fate.STOP


@pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_file_that_holds_no_key_is_named(wire: Wire, tmp_path: Path, text: str) -> None:
    path = tmp_path / "server.key"
    path.write_text(text)
    with pytest.raises(UsageError, match="not an unencrypted RSA private key") as raised:
        login_for(jwt_settings(wire.url, path))()
    assert raised.value.where == str(path)
    assert wire.asked == []


def test_an_encrypted_key_is_refused(wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    kind = serialization.PrivateFormat.PKCS8
    locked = serialization.BestAvailableEncryption(b"password")
    path.write_bytes(KEY.private_bytes(serialization.Encoding.PEM, kind, locked))
    with pytest.raises(UsageError, match="unencrypted"):
        login_for(jwt_settings(wire.url, path))()
