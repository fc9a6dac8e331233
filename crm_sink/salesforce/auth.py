"""Chooses the credential that the settings name, and makes the function that logs in with it.

simple-salesforce performs the client credentials and JWT bearer logins; it is imported when a login
is made (see `login_library`). Borrowing from the `sf` CLI is `sf_cli`. Passwords
and SOAP logins are not supported: Salesforce is taking them away (facts 1.1).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from crm_sink.crm.call import Call
from crm_sink.errors import CrmError, Fate, LoginError, UsageError
from crm_sink.salesforce import failures, sf_cli
from crm_sink.salesforce.connection import connection
from crm_sink.salesforce.credential import Credential, Kind, choose
from crm_sink.salesforce.login_library import login_library
from crm_sink.settings import require_safe_url

if TYPE_CHECKING:
    from crm_sink.settings import Settings

TOKEN_PATH = "/services/oauth2/token"
TIMEOUT = 30.0  # seconds; simple-salesforce sets none
_CALL = Call("POST", TOKEN_PATH, TOKEN_PATH)


@dataclass(frozen=True, slots=True)
class Login:
    """A session with an org."""

    instance_url: str  # without a slash at the end
    token: str = field(repr=False)


LogIn = Callable[[], Login]
"""Log in. Raises LoginError when refused, CrmError when nothing answers."""


def login_for(settings: Settings, target: str | None = None) -> LogIn:
    """Make the function that logs in as the settings, or `target`, say.

    Args:
        settings: The environment.
        target: `sf:ALIAS` borrows the session of the sf CLI; None uses the settings.

    Raises:
        UsageError: Variables are missing, half there or contradict each other.
    """
    credential = choose(settings, target)
    doors: dict[Kind, LogIn] = {
        Kind.TOKEN: lambda: Login(credential.url, credential.secret),
        Kind.CLIENT: lambda: _client_credentials(credential),
        Kind.JWT: lambda: _jwt_bearer(credential),
        Kind.SF: lambda: Login(*sf_cli.borrow(credential.alias)),
    }
    return doors[credential.kind]


def describe_login(settings: Settings, target: str | None = None) -> str:
    """Say in a sentence which credential would be used, without its secret.

    Raises:
        UsageError: As `login_for`.
    """
    return str(choose(settings, target))


def _client_credentials(credential: Credential) -> Login:
    # The library asks for a My Domain and builds https://DOMAIN.salesforce.com; `_Door` sends the
    # request to the instance URL instead, whatever its host, port and scheme.
    return _simple_salesforce(
        credential,
        lambda login, session: login(
            session=session,
            consumer_key=credential.client_id,
            consumer_secret=credential.secret,
            domain="my-domain.my",
        ),
    )


def _jwt_bearer(credential: Credential) -> Login:
    _check_key(credential)
    return _simple_salesforce(
        credential,
        lambda login, session: login(
            session=session,
            username=credential.username,
            consumer_key=credential.client_id,
            privatekey=credential.secret,
            domain=credential.audience,  # the audience is https://DOMAIN.salesforce.com
        ),
    )


def _check_key(credential: Credential) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # TypeError: the key is encrypted, and we have no password.
        key = load_pem_private_key(credential.secret.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key(credential) from error
    if not isinstance(key, RSAPrivateKey):
        raise _bad_key(credential)


class _Door(BaseAdapter):
    """Sends simple-salesforce's token request to the org it is meant for, with a time-out."""

    def __init__(self, session: requests.Session, url: str) -> None:
        super().__init__()
        self._session = session
        self._url = url
        self.status: int | None = None

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """Send the request again as our own, following no redirect."""
        response = self._session.post(
            self._url,
            data=request.body,
            headers=request.headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        self.status = response.status_code
        if response.is_redirect:
            raise failures.of_answer(
                response.status_code, {"location": response.headers["location"]}, b"", _CALL
            )
        return response

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _simple_salesforce(
    credential: Credential, log_in: Callable[[Any, requests.Session], tuple[Any, str]]
) -> Login:
    library, exceptions = login_library()
    door = _Door(connection(credential.url), credential.url + TOKEN_PATH)
    host = urlsplit(credential.url).netloc
    try:
        with requests.Session() as session, warnings.catch_warnings():
            # It warns where we give a hint.
            warnings.simplefilter("ignore")
            session.trust_env = False
            session.mount("https://", door)
            token, place = log_in(library.SalesforceLogin, session)
    except exceptions.SalesforceAuthenticationFailed as error:
        # The attribute has its own name since 1.12.10.
        said = getattr(error, "auth_message", error.message)
        raise refusal(error.code, said, credential, door.status) from None
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        raise failures.of_network(error, _CALL, host, reached=False) from error
    except (AttributeError, TypeError):
        # No instance_url in the answer, or an array: the library does not check.
        raise _odd_answer(host, door.status) from None
    if not isinstance(token, str) or not token:
        raise _odd_answer(host, door.status)
    return Login(_instance_url(credential, place), token)


def refusal(code: object, message: object, credential: Credential, status: int | None) -> CrmError:
    """Say why a login was refused, and the cure for each of Salesforce's answers (facts 1.4)."""
    if status is not None and (status >= 500 or status in {420, 429}):
        return failures.of_answer(status, {}, b"", _CALL)
    if not isinstance(code, str):  # the library's stand-in: there was no error code of Salesforce's
        return _odd_answer(_host(credential), status)
    text = str(message)
    return LoginError(
        f"Salesforce refused the login with {credential}: {text}",
        code=code,
        fate=Fate.STOP,
        status=status,
        where=_host(credential),
        hint=cure(code, text, credential),
    )


_CURES = (
    ("user hasn't approved", "pre-authorise the user: the app's policy, Permitted Users"),
    ("expired access/refresh token", "log in again to get a new token"),
    ("inactive user", "activate the user in Setup, or name another in CRM_SINK_USERNAME"),
    ("inactive organization", "the org is suspended or deleted: ask its owner"),
    ("ip restricted", "log in from an allowed IP address, or relax the app's IP policy"),
    (
        "audience is invalid",
        "CRM_SINK_LOGIN_URL must be https://test.salesforce.com for a sandbox and "
        "https://login.salesforce.com otherwise",
    ),
    ("invalid assertion", "CRM_SINK_JWT_KEY_FILE must belong to the app's certificate"),
    (
        "no client credentials user",
        "name a run-as user in the app's client credentials policy in Setup",
    ),
    ("invalid_client_id", "CRM_SINK_CLIENT_ID is not the consumer key of an app of this org"),
    ("invalid_client", "check CRM_SINK_CLIENT_SECRET against the app's consumer secret"),
    (
        "unsupported_grant_type",
        "enable the flow in the app's settings; client credentials need the My Domain URL in "
        "CRM_SINK_INSTANCE_URL",
    ),
    (
        "app_not_found",
        "the app is not installed in this org: is CRM_SINK_INSTANCE_URL (or _LOGIN_URL) right?",
    ),
)


def cure(code: str, message: str, credential: Credential) -> str:
    """Give the hint for a refusal; the first of the table whose words are in it."""
    said = f"{code} {message}".lower()
    for words, hint in _CURES:
        if words in said:
            return hint
    if credential.kind is Kind.JWT:
        return (
            "check CRM_SINK_USERNAME, that the key belongs to the app's certificate, and the "
            "login history of the user in Setup"
        )
    return "look at the login history of the app's user in Setup"


def _host(credential: Credential) -> str:
    return urlsplit(credential.url).netloc


def _odd_answer(host: str, status: int | None) -> CrmError:
    return CrmError(
        f"{host} answered the login with HTTP status {status}, but not as Salesforce does",
        code="UNEXPECTED_ANSWER",
        fate=Fate.STOP,
        status=status,
        where=str(_CALL),
        hint="is CRM_SINK_INSTANCE_URL (or CRM_SINK_LOGIN_URL) a Salesforce org?",
    )


def _bad_key(credential: Credential) -> UsageError:
    return UsageError(
        "CRM_SINK_JWT_KEY_FILE is not an unencrypted RSA private key in PEM form",
        where=credential.key_file,
        hint="openssl genrsa -out server.key 2048",
    )


def _instance_url(credential: Credential, place: str) -> str:
    """Give the URL of the org that the token response named; the library drops its scheme."""
    scheme = urlsplit(credential.url).scheme
    url = f"{scheme}://{place.rstrip('/')}"
    require_safe_url(url, variable="the instance_url of the login's answer")
    return url
