"""Which credential the settings name: exactly one, whole, or a `UsageError` that says what lacks.

It sends nothing and reads only the key file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crm_sink.errors import UsageError
from crm_sink.settings import require_safe_url

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.settings import Settings

HELP = "crm-sink help settings"
LONGEST_SHOWN = 600  # characters of a path; the shortest RSA key has more
CHOICES = (
    "set CRM_SINK_INSTANCE_URL and one of: CRM_SINK_ACCESS_TOKEN; CRM_SINK_CLIENT_ID with "
    "CRM_SINK_CLIENT_SECRET; CRM_SINK_CLIENT_ID with CRM_SINK_USERNAME and CRM_SINK_JWT_KEY_FILE; "
    "or use --target sf:ALIAS, or --target local for the local org"
)


class Kind(StrEnum):
    """How to log in."""

    TOKEN = "access token"
    CLIENT = "client credentials"
    JWT = "JWT bearer"
    SF = "sf CLI"


@dataclass(frozen=True, slots=True)
class Credential:
    """One way in, complete. `secret` (token, client secret or private key) is never printed."""

    kind: Kind
    url: str = ""  # the org, or for JWT the login host; without a slash at the end
    client_id: str = ""
    username: str = ""
    secret: str = field(default="", repr=False)
    key_file: str = ""
    audience: str = "login"  # of a JWT: login or test
    alias: str = ""  # of the sf CLI

    def __str__(self) -> str:
        if self.kind is Kind.SF:
            return f"the session of the sf CLI for {self.alias}"
        if self.kind is Kind.TOKEN:
            return f"the access token in CRM_SINK_ACCESS_TOKEN for {self.url}"
        if self.kind is Kind.CLIENT:
            return f"client credentials (CRM_SINK_CLIENT_ID and _SECRET) at {self.url}"
        return f"a JWT for {self.username} (CRM_SINK_JWT_KEY_FILE) at {self.url}"


def choose(settings: Settings, target: str | None) -> Credential:
    """Choose the credential. A target goes before the environment.

    Raises:
        UsageError: None is named, one is half there, or two contradict each other.
    """
    if target is not None:
        return _of_sf(target)
    kinds = _named(settings)
    if not kinds:
        _refuse_half_a_login(settings)
        raise UsageError("no login is configured", hint=CHOICES)
    if len(kinds) > 1:
        variables = " and ".join(kinds)
        raise UsageError(
            f"{variables} are both set: which login is meant?", hint=f"unset one of {variables}"
        )
    return {
        "CRM_SINK_ACCESS_TOKEN": _of_token,
        "CRM_SINK_CLIENT_SECRET": _of_client,
        "CRM_SINK_JWT_KEY_FILE": _of_jwt,
    }[kinds[0]](settings)


def _named(settings: Settings) -> list[str]:
    deciding = {
        "CRM_SINK_ACCESS_TOKEN": settings.access_token,
        "CRM_SINK_CLIENT_SECRET": settings.client_secret,
        "CRM_SINK_JWT_KEY_FILE": settings.jwt_key_file,
    }
    return [variable for variable, value in deciding.items() if value is not None]


def _refuse_half_a_login(settings: Settings) -> None:
    if settings.client_id is not None and settings.username is not None:
        _lack("CRM_SINK_JWT_KEY_FILE", "CRM_SINK_CLIENT_ID and CRM_SINK_USERNAME are set")
    if settings.client_id is not None:
        _lack(
            "CRM_SINK_CLIENT_SECRET (or CRM_SINK_USERNAME with CRM_SINK_JWT_KEY_FILE)",
            "CRM_SINK_CLIENT_ID is set",
        )
    if settings.username is not None:
        _lack("CRM_SINK_CLIENT_ID and CRM_SINK_JWT_KEY_FILE", "CRM_SINK_USERNAME is set")
    if settings.instance_url is not None:
        _lack("a login", "CRM_SINK_INSTANCE_URL is set")


def _lack(variable: str, because: str) -> None:
    raise UsageError(f"{because}, but {variable} is not", hint=CHOICES)


def _of_sf(target: str) -> Credential:
    scheme, _, alias = target.partition(":")
    if target == "local":  # the command line has looked it up, and does not come here
        raise UsageError(
            "the target local is known to the command line alone",
            hint='eval "$(crm-sink org env)", and then start Python',
        )
    # An alias that begins with a dash would be read as an option of sf.
    if scheme != "sf" or not alias or alias.startswith("-") or alias.split() != [alias]:
        raise UsageError(
            f"--target {target}: only sf:ALIAS and local are known",
            hint="--target sf:my-org (see: sf org list)",
        )
    return Credential(Kind.SF, alias=alias)


def _of_token(settings: Settings) -> Credential:
    url = _instance(settings, "CRM_SINK_ACCESS_TOKEN")
    assert settings.access_token is not None
    token = settings.access_token.get_secret_value().strip()
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError("CRM_SINK_ACCESS_TOKEN is empty or holds odd characters", hint=HELP)
    if token.startswith("[REDACTED]"):
        raise UsageError(
            "CRM_SINK_ACCESS_TOKEN holds what the sf CLI prints in place of the token",
            hint="sf org auth show-access-token --target-org ALIAS --json, or --target sf:ALIAS",
        )
    return Credential(Kind.TOKEN, url, secret=token)


def _of_client(settings: Settings) -> Credential:
    if settings.client_id is None:
        _lack("CRM_SINK_CLIENT_ID", "CRM_SINK_CLIENT_SECRET is set")
    assert settings.client_id is not None
    assert settings.client_secret is not None
    url = _instance(settings, "CRM_SINK_CLIENT_SECRET")
    if urlsplit(url).hostname in {"login.salesforce.com", "test.salesforce.com"}:
        raise UsageError(
            "CRM_SINK_INSTANCE_URL is the general login host; client credentials work only at the "
            "org's own My Domain URL",
            hint="CRM_SINK_INSTANCE_URL=https://acme.my.salesforce.com",
        )
    secret = settings.client_secret.get_secret_value().strip()  # of a file's last line, often
    return Credential(Kind.CLIENT, url, client_id=settings.client_id, secret=secret)


def _of_jwt(settings: Settings) -> Credential:
    missing = [
        variable
        for variable, value in (
            ("CRM_SINK_CLIENT_ID", settings.client_id),
            ("CRM_SINK_USERNAME", settings.username),
        )
        if not value
    ]
    if missing:
        _lack(" and ".join(missing), "CRM_SINK_JWT_KEY_FILE is set")
    assert settings.client_id is not None
    assert settings.username is not None
    assert settings.jwt_key_file is not None
    require_safe_url(settings.login_url, variable="CRM_SINK_LOGIN_URL")
    return Credential(
        Kind.JWT,
        _bare(settings.instance_url or settings.login_url),
        client_id=settings.client_id,
        username=settings.username,
        secret=_read_key(settings.jwt_key_file),
        key_file=str(settings.jwt_key_file),
        audience=_audience(settings.login_url),
    )


def _audience(login_url: str) -> str:
    host = urlsplit(login_url).hostname or ""
    if not host.endswith(".salesforce.com"):
        raise UsageError(
            "CRM_SINK_LOGIN_URL is the audience of the JWT and ends with .salesforce.com",
            hint="https://login.salesforce.com, or https://test.salesforce.com for a sandbox",
        )
    return host.removesuffix(".salesforce.com")


def _read_key(path: Path) -> str:
    if "-----BEGIN" in str(path) or "\n" in str(path) or len(str(path)) > LONGEST_SHOWN:
        raise UsageError(
            "CRM_SINK_JWT_KEY_FILE holds a key, and should hold the path of a file with that key",
            hint="CRM_SINK_JWT_KEY_FILE=server.key, a PEM file that only you can read",
        )
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not PEM text"
        raise UsageError(
            f"CRM_SINK_JWT_KEY_FILE cannot be read: {reason}", where=str(path), hint=HELP
        ) from error


def _instance(settings: Settings, because: str) -> str:
    if settings.instance_url is None:
        _lack("CRM_SINK_INSTANCE_URL", f"{because} is set")
    assert settings.instance_url is not None
    require_safe_url(settings.instance_url, variable="CRM_SINK_INSTANCE_URL")
    return _bare(settings.instance_url)


def _bare(url: str) -> str:
    """Leave out a path, and a user with a password, which a URL can hold as well."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
