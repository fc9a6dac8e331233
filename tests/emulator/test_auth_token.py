"""The token endpoint: facts 1.2 to 1.4."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(org: Running, **form: str) -> requests.Response:
    return requests.post(org.url + "/services/oauth2/token", data=form, timeout=10)


def assertion(org: Running, key: str | None = None, **changes: Any) -> str:
    who = org.org.credentials
    claims = {
        "iss": who.client_id,
        "sub": who.username,
        "aud": "https://login.salesforce.com",
        "exp": str(int(org.org.now().timestamp()) + 180),
    }
    with open(who.private_key_file) as file:
        return jwt.encode({**claims, **changes}, key or file.read(), algorithm="RS256")


def test_client_credentials_in_the_body(org: Running) -> None:
    reply = ask(
        org,
        grant_type="client_credentials",
        client_id=org.client_id,
        client_secret=org.client_secret,
    )
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert reply.headers["Cache-Control"] == "no-cache, no-store"
    assert "Sforce-Limit-Info" not in reply.headers
    body = reply.json()
    assert list(body) == [
        "access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
        "api_instance_url",
    ]  # fmt: skip
    assert body["instance_url"] == org.url
    assert body["issued_at"].isdigit()


def test_no_flow_gives_a_refresh_token_so_that_each_is_expired(org: Running) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "5Aep861"}
    reply = ask(org, **form, client_id=org.client_id)
    assert (reply.status_code, reply.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "expired access/refresh token"},
    )
    assert ask(org, **form, client_id="x").json()["error"] == "invalid_client_id"


def test_client_credentials_by_http_basic(org: Running) -> None:
    pair = base64.b64encode(f"{org.client_id}:{org.client_secret}".encode()).decode()
    reply = requests.post(
        org.url + "/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
        timeout=10,
    )
    assert reply.status_code == 200


def test_a_token_has_the_shape_that_the_sf_cli_checks(org: Running) -> None:
    import re

    assert re.fullmatch(r"(00D\w{12,15})![.\w]*", org.token())


def test_an_unknown_client_is_told_so(org: Running) -> None:
    reply = ask(org, grant_type="client_credentials", client_id="nobody", client_secret="x")
    assert reply.status_code == 400
    assert reply.json() == {
        "error": "invalid_client_id",
        "error_description": "client identifier invalid",
    }


def test_a_wrong_secret_is_told_so(org: Running) -> None:
    reply = ask(
        org, grant_type="client_credentials", client_id=org.client_id, client_secret="wrong"
    )
    assert reply.json() == {
        "error": "invalid_client",
        "error_description": "invalid client credentials",
    }


def test_another_grant_type_is_not_supported(org: Running) -> None:
    reply = ask(org, grant_type="device")
    assert (reply.status_code, reply.json()["error"]) == (400, "unsupported_grant_type")


def test_jwt_bearer_takes_exp_as_a_string(org: Running) -> None:
    reply = ask(org, grant_type=JWT_BEARER, assertion=assertion(org))
    assert reply.status_code == 200
    assert list(reply.json()) == ["access_token", "scope", "instance_url", "id", "token_type"]


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "x@y.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
        ({"aud": ["https://login.salesforce.com"]}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "invalid assertion"),
    ],
)
def test_jwt_claims_are_checked(
    org: Running, changes: dict[str, Any], error: str, description: str
) -> None:
    reply = ask(org, grant_type=JWT_BEARER, assertion=assertion(org, **changes))
    assert reply.status_code == 400
    assert reply.json() == {"error": error, "error_description": description}


def test_a_jwt_signed_by_another_key_is_refused(org: Running) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = other.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    reply = ask(org, grant_type=JWT_BEARER, assertion=assertion(org, key))
    assert reply.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_password_flow_wants_the_security_token_appended(org: Running) -> None:
    who = org.org.credentials
    form = {
        "grant_type": "password",
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "username": who.username,
    }
    right = ask(org, **form, password=who.password + who.security_token)
    assert list(right.json()) == [
        "id", "issued_at", "token_type", "instance_url", "signature", "access_token",
    ]  # fmt: skip
    wrong = ask(org, **form, password=who.password)
    assert wrong.json() == {
        "error": "invalid_grant",
        "error_description": "authentication failure",
    }


def test_the_private_key_file_is_for_its_owner_only(org: Running) -> None:
    from pathlib import Path

    assert Path(org.org.credentials.private_key_file).stat().st_mode & 0o777 == 0o600
