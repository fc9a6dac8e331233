"""Database URLs: read one, and show where it leads without what is secret in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import URL

# psycopg 3, whatever SQLAlchemy's default is; `postgres://` is what hosters hand out.
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is: what may be shown of it, and what may not."""

    shown: str
    secrets: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """Give a driver's message on one line, without the secrets."""
        flat = " ".join(text.split())
        for secret in self.secrets:
            flat = flat.replace(secret, "***")
        return flat


def read_url(text: str) -> URL | None:
    """Read a database URL, with the driver that we use; None when it is no URL.

    The reason is not told, because it may quote the password.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        return None
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def place_of(url: URL) -> Place:
    """Tell where a database is, leaving out its password and its options."""
    if url.get_backend_name() == "sqlite":
        return Place(url.database or "memory")
    shown = url.set(query={}).render_as_string(hide_password=True)
    told = (url.password, url.query.get("password"), url.query.get("sslpassword"))
    return Place(shown, tuple(secret for secret in told if secret and isinstance(secret, str)))
