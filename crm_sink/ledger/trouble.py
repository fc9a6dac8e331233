"""Why the ledger's database said no, in words that tell a person what to do.

Nothing here repeats a password: `address.Place` hides it before a driver's message is quoted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import LedgerError

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

    from crm_sink.ledger.address import Place

# What the message of a driver holds when the database is not there, or not yet, or no more.
AWAY = (
    "connection refused",
    "is the server running",
    "failed to resolve host",
    "connection timeout",
    "server closed the connection",
    "terminating connection",
    "is shutting down",
    "is starting up",
    "not yet accepting connections",
)
# What a driver's message holds, what that means, and the cure.
MEANINGS = (
    ("database is locked", "another process holds the ledger's lock", "end it, or try again"),
    ("lock timeout", "another process holds the ledger's lock", "end it, or try again"),
    ("disk is full", "the disk is full", "free some space, then crm-sink resume"),
    ("no space left", "the disk is full", "free some space, then crm-sink resume"),
    (
        "readonly database",
        "the ledger may not be written to",
        "set CRM_SINK_HOME to a folder that you may write to",
    ),
    (
        "unable to open database file",
        "the ledger's file cannot be opened",
        "set CRM_SINK_HOME to a folder that you may write to",
    ),
    (
        "file is not a database",
        "the file is not a ledger",
        "move it away and restore a copy, or start a new ledger",
    ),
    (
        "disk image is malformed",
        "the ledger's file is damaged",
        "move it away and restore a copy, or start a new ledger",
    ),
    (
        "malformed database schema",
        "the ledger's file is damaged",
        "move it away and restore a copy, or start a new ledger",
    ),
    (
        "no such column",
        "the ledger's tables are not as they were made",
        "move it away and restore a copy, or start a new ledger",
    ),
    (
        "no column named",
        "the ledger's tables are not as they were made",
        "move it away and restore a copy, or start a new ledger",
    ),
    ("disk i/o error", "the disk failed, or a limit was reached", "check the disk and quotas"),
    (
        "password authentication failed",
        "the database refused the login",
        "check user and password in CRM_SINK_LEDGER_URL",
    ),
    ("does not exist", "the database knows no such name", "check CRM_SINK_LEDGER_URL"),
    *(
        (
            sign,
            "no database answers there",
            "check host and port in CRM_SINK_LEDGER_URL, and that the database runs",
        )
        for sign in AWAY
    ),
    ("permission denied", "the user may not do this", "grant it, or use another user"),
    (
        "unique constraint",
        "the ledger holds it already",
        "crm-sink runs",
    ),
)
OTHER = ("the ledger's database failed", "crm-sink doctor")


def explained(error: SQLAlchemyError, place: Place) -> LedgerError:
    """Turn a database's failure into what, where and what to do next."""
    reason = place.clean(str(getattr(error, "orig", None) or error))
    for sign, meaning, hint in MEANINGS:
        if sign in reason.lower():
            return LedgerError(f"{meaning}: {reason}", where=place.shown, hint=hint)
    meaning, hint = OTHER
    return LedgerError(f"{meaning}: {reason}", where=place.shown, hint=hint)


def is_away(error: SQLAlchemyError) -> bool:
    """Tell whether nobody answered, so that waiting may help."""
    reason = str(getattr(error, "orig", None) or error).lower()
    return any(sign in reason for sign in AWAY)


def not_a_ledger(place: Place) -> LedgerError:
    """Say that a file is something else; nothing of it is quoted or touched."""
    return LedgerError(
        "the file is not a ledger: it is no SQLite database",
        where=place.shown,
        hint="move it away, or name another file in CRM_SINK_LEDGER_URL or CRM_SINK_HOME",
    )


def damaged(place: Place) -> LedgerError:
    """Say that a row holds what no run wrote; its text is not quoted."""
    return LedgerError(
        "the ledger is damaged: a row of it cannot be read",
        where=place.shown,
        hint="move it away and restore a copy, or start a new ledger",
    )
