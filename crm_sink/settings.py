"""Settings from the environment: which org, how to log in, where the ledger is.

Every variable starts with `CRM_SINK_`. Secrets are `SecretStr`: they print as asterisks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from crm_sink.errors import UsageError

LIKE_A_SETTING = 0.8  # as difflib measures it
BLANKS = frozenset(" \t\r\n")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Settings(BaseSettings):
    """What the environment says. Every field has the variable `CRM_SINK_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="CRM_SINK_", frozen=True, extra="ignore")

    instance_url: Annotated[
        str | None,
        Field(description="The org's My Domain URL, such as https://acme.my.salesforce.com"),
    ] = None
    access_token: Annotated[
        SecretStr | None, Field(description="A session id or OAuth access token to use as it is")
    ] = None
    client_id: Annotated[
        str | None, Field(description="Consumer key of the external client app or connected app")
    ] = None
    client_secret: Annotated[
        SecretStr | None, Field(description="Its secret, for the client credentials flow")
    ] = None
    username: Annotated[
        str | None, Field(description="The user to act as, for the JWT bearer flow")
    ] = None
    jwt_key_file: Annotated[
        Path | None, Field(description="PEM file of the private key, for the JWT bearer flow")
    ] = None
    login_url: Annotated[
        str,
        Field(
            description="Audience of the JWT: https://login.salesforce.com, "
            "or https://test.salesforce.com for a sandbox"
        ),
    ] = "https://login.salesforce.com"
    api_version: Annotated[
        str,
        Field(pattern=r"^\d\d\.0$", examples=["62.0"], description="Salesforce API version"),
    ] = "62.0"
    home: Annotated[
        Path, Field(description="Where run folders and the default ledger are kept")
    ] = Path(".crm_sink")
    ledger_url: Annotated[
        SecretStr | None,
        Field(description="SQLAlchemy URL of the ledger; by default SQLite in the home folder"),
    ] = None
    parallel_jobs: Annotated[
        int, Field(ge=1, le=25, description="How many Bulk jobs may be in flight at once")
    ] = 3
    budget: Annotated[
        str,
        Field(
            pattern=r"^(100|[1-9]\d?)%$",
            examples=["80%"],
            description="How much of the org's daily API calls may be used when a run goes on; "
            "beyond, it pauses and leaves the rest to others",
        ),
    ] = "100%"
    memory_limit: Annotated[
        str,
        Field(
            pattern=r"^\d{1,6}(\.\d{1,3})? ?[KMGT]i?B$",
            examples=["192MB"],
            description="DuckDB's memory limit; the process needs about 120 MB more",
        ),
    ] = "192MB"

    @property
    def budget_share(self) -> float:
        """The budget as a share of the day's calls, in (0, 1]."""
        return int(self.budget.removesuffix("%")) / 100


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        UsageError: A variable holds a value that cannot be used, or is a setting's name misspelt.
    """
    _refuse_misspelt(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"])
        variable, said = f"CRM_SINK_{name.upper()}", first["msg"]
        if first["type"] == "string_pattern_mismatch":
            said = f"write it as {', '.join(Settings.model_fields[name].examples or ())}"
        raise UsageError(f"{variable}: {said}", hint="crm-sink help settings") from None
    if settings.instance_url is not None:
        require_safe_url(settings.instance_url, variable="CRM_SINK_INSTANCE_URL")
    return settings


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Refuse a variable that is nearly a setting: it would be passed over without a word.

    Whatever else begins with our prefix is the user's own, as the variable that a mapping's
    `database` names; and so is a setting's name with something behind it.
    """
    prefix = str(Settings.model_config["env_prefix"])
    for variable in sorted(environ):
        name = variable.upper().removeprefix(prefix).lower()
        if not variable.upper().startswith(prefix) or name.startswith(tuple(Settings.model_fields)):
            continue
        for near in get_close_matches(name, Settings.model_fields, n=1, cutoff=LIKE_A_SETTING):
            raise UsageError(
                f"{variable} is not a setting: did you mean {prefix}{near.upper()}?",
                hint="crm-sink help settings",
            )


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Give an environment for other programs: a process that lives on shows what it was given."""
    prefix = str(Settings.model_config["env_prefix"])
    return {name: value for name, value in environ.items() if not name.upper().startswith(prefix)}


def require_safe_url(url: str, *, variable: str) -> None:
    """Refuse an org URL over plain http, unless it is this machine.

    Raises:
        UsageError: The URL would send the session over the network in the clear, or is no URL.
    """
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0 and not set(url.strip()) & BLANKS
    except ValueError:  # a port of five digits, half an IPv6 address
        is_url = False
    if not is_url or parts.scheme not in {"http", "https"}:
        raise UsageError(
            f"{variable} is not a URL such as https://acme.my.salesforce.com",
            hint="crm-sink help settings",
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UsageError(
            f"{variable} is plain http to {parts.hostname}: the session would travel in the clear. "
            "Only loopback addresses may be plain http",
            hint=f"https://{parts.netloc.rpartition('@')[2]}",
        )
