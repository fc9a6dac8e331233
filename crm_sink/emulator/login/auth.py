"""Logging in: the OAuth token endpoint's flows, revoke, userinfo and identity (facts 1.2-1.7).

Flows: client credentials, JWT bearer (the RS256 signature is really verified), username-password.

Not imitated: the browser flows, refresh tokens, introspection, IP restrictions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import jwt
from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jwt.types import Options
    from starlette.requests import Request

    from crm_sink.emulator.org import Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
LOGIN_HEADERS = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
SCOPE = "id full"
SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_sub": False,
}


class Refused(Exception):
    """A login that is answered with `{"error", "error_description"}` and status 400."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


async def token(request: Request) -> Response:
    """Answer `POST /services/oauth2/token`."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    form |= {key: value for key, value in request.query_params.items() if key not in form}
    form |= _basic(request.headers.get("authorization", ""))
    org: Org = request.app.state.org
    flow = FLOWS.get(form.get("grant_type", ""))
    try:
        if flow is None:
            raise Refused("unsupported_grant_type", "grant type not supported")
        return reply(flow(org, form, request), headers=LOGIN_HEADERS)
    except Refused as refused:
        body = {"error": refused.error, "error_description": refused.description}
        return reply(body, 400, LOGIN_HEADERS)


def client_credentials(org: Org, form: Mapping[str, str], request: Request) -> dict[str, str]:
    """Log the run-as user in by the client's own id and secret."""
    _check_client(org, form)
    parts = _issued(org, request)
    order = (
        "access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
        "api_instance_url",
    )  # fmt: skip
    return {key: parts[key] for key in order}


def jwt_bearer(org: Org, form: Mapping[str, str], request: Request) -> dict[str, str]:
    """Log a pre-authorised user in by an assertion that the client signed."""
    claims = _verified(org, form.get("assertion", ""))
    if str(claims.get("aud")) not in AUDIENCES | {org.url(request)}:
        raise Refused("invalid_grant", "audience is invalid")
    if _seconds(claims.get("exp")) <= org.now().timestamp():
        raise Refused("invalid_grant", "invalid assertion")
    if claims.get("sub") != org.credentials.username:
        raise Refused("invalid_grant", "user hasn't approved this consumer")
    parts = _issued(org, request)
    return {
        key: parts[key] for key in ("access_token", "scope", "instance_url", "id", "token_type")
    }


def password(org: Org, form: Mapping[str, str], request: Request) -> dict[str, str]:
    """Log a user in by name and password with the security token appended."""
    _check_client(org, form)
    secret = org.credentials.password + org.credentials.security_token
    named = form.get("username", "").lower() == org.credentials.username.lower()
    if not named or not _same(form.get("password", ""), secret):
        raise Refused("invalid_grant", "authentication failure")
    parts = _issued(org, request)
    order = ("id", "issued_at", "token_type", "instance_url", "signature", "access_token")
    return {key: parts[key] for key in order}


def refreshed(org: Org, form: Mapping[str, str], request: Request) -> dict[str, str]:
    """Refuse a refresh token: no flow that the local org has gives one."""
    if form.get("client_id") != org.credentials.client_id:
        raise Refused("invalid_client_id", "client identifier invalid")
    raise Refused("invalid_grant", "expired access/refresh token")


FLOWS: dict[str, Callable[[Org, Mapping[str, str], Request], dict[str, str]]] = {
    "client_credentials": client_credentials,
    JWT_BEARER: jwt_bearer,
    "password": password,
    "refresh_token": refreshed,
}


async def revoke(request: Request) -> Response:
    """End the session of the token that is named."""
    form = await request.form()
    token = form.get("token") or request.query_params.get("token")
    org: Org = request.app.state.org
    if not token or not org.sessions.is_valid(str(token)):
        body = {"error": "unsupported_token_type", "error_description": "this token is not valid"}
        return reply(body, 400, LOGIN_HEADERS)
    org.sessions.revoke(str(token))
    return Response(status_code=200, headers=LOGIN_HEADERS)


async def userinfo(request: Request) -> Response:
    """Answer `GET /services/oauth2/userinfo`."""
    org: Org = request.app.state.org
    who, url = org.credentials, org.url(request)
    given, family = org.person
    return reply(
        {
            "sub": org.identity_url(request),
            "user_id": who.user_id,
            "organization_id": who.org_id,
            "preferred_username": who.username,
            "nickname": who.username.partition("@")[0],
            "name": f"{given} {family}",
            "email": who.username,
            "email_verified": True,
            "given_name": given,
            "family_name": family,
            "zoneinfo": "GMT",
            "photos": _photos(url),
            "profile": f"{url}/{who.user_id}",
            "picture": f"{url}/profilephoto/005/F",
            "address": {},
            "is_salesforce_integration_user": False,
            "urls": _urls(url, who.org_id),
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "updated_at": f"{org.created:%Y-%m-%dT%H:%M:%SZ}",
        }
    )


async def identity(request: Request) -> Response:
    """Answer the `id` URL of a token reply."""
    org: Org = request.app.state.org
    who, url = org.credentials, org.url(request)
    given, family = org.person
    return reply(
        {
            "id": org.identity_url(request),
            "asserted_user": True,
            "user_id": who.user_id,
            "organization_id": who.org_id,
            "username": who.username,
            "nick_name": who.username.partition("@")[0],
            "display_name": f"{given} {family}",
            "email": who.username,
            "email_verified": True,
            "first_name": given,
            "last_name": family,
            "timezone": "GMT",
            "photos": _photos(url),
            "addr_street": None,
            "addr_city": None,
            "addr_state": None,
            "addr_country": None,
            "addr_zip": None,
            "mobile_phone": None,
            "mobile_phone_verified": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(url, who.org_id),
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "last_modified_date": stamp(org.created),
            "is_app_installed": True,
        }
    )


def _basic(header: str) -> dict[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return {}
    try:
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client, "client_secret": secret}


def _check_client(org: Org, form: Mapping[str, str]) -> None:
    if form.get("client_id") != org.credentials.client_id:
        raise Refused("invalid_client_id", "client identifier invalid")
    if not _same(form.get("client_secret", ""), org.credentials.client_secret):
        raise Refused("invalid_client", "invalid client credentials")


def _verified(org: Org, assertion: str) -> dict[str, Any]:
    """Give an assertion's claims after checking whose signature it bears.

    `exp` is checked by the caller against the org's clock, and may be a string (facts 1.2).
    """
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        if issuer != org.credentials.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        key = org.credentials.public_key
        return dict(jwt.decode(assertion, key, algorithms=["RS256"], options=SIGNATURE_ONLY))
    except jwt.InvalidTokenError:
        raise Refused("invalid_grant", "invalid assertion") from None


def _seconds(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _issued(org: Org, request: Request) -> dict[str, str]:
    identity_url = org.identity_url(request)
    issued_at = str(int(org.now().timestamp() * 1000))
    key = org.credentials.client_secret.encode()
    digest = hmac.new(key, (identity_url + issued_at).encode(), hashlib.sha256).digest()
    return {
        "access_token": org.sessions.issue(),
        "signature": base64.b64encode(digest).decode(),
        "scope": SCOPE,
        "instance_url": org.url(request),
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "api_instance_url": org.url(request),
    }


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _photos(url: str) -> dict[str, str]:
    return {"picture": f"{url}/profilephoto/005/F", "thumbnail": f"{url}/profilephoto/005/T"}


def _urls(url: str, org_id: str) -> dict[str, str]:
    """Give the URLs in the recorded order."""
    data, soap = f"{url}/services/data/v{{version}}", f"{url}/services/Soap"
    tail = f"{{version}}/{org_id[:15]}"
    return {
        "enterprise": f"{soap}/c/{tail}",
        "metadata": f"{soap}/m/{tail}",
        "partner": f"{soap}/u/{tail}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "search": f"{data}/search/",
        "query": f"{data}/query/",
        "recent": f"{data}/recent/",
        "tooling_soap": f"{soap}/T/{tail}",
        "tooling_rest": f"{data}/tooling/",
        "profile": f"{url}/{{user_id}}",
        "feeds": f"{data}/chatter/feeds",
        "groups": f"{data}/chatter/groups",
        "users": f"{data}/chatter/users",
        "feed_items": f"{data}/chatter/feed-items",
        "feed_elements": f"{data}/chatter/feed-elements",
        "custom_domain": url,
    }


routes = [
    Route("/services/oauth2/token", token, methods=["POST"]),
    Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
    Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
    Route("/id/{org_id}/{user_id}", identity, methods=["GET"]),
]
