"""What can stop a run, as exceptions; and `Fate`, what to do about a refusal.

A row that cannot be written is never an exception: it is a reject. Exceptions are for what ends a
run, and each carries what a person needs: what, where, why (the message), and what to run next
(the hint).

    CrmSinkError                exit 1
    ├── UsageError              exit 2    a wrong option, setting or mapping
    │   └── MappingError        exit 2    every problem of a mapping file at once
    ├── Unforeseen              exit 1    a fault of crm_sink's own
    ├── SourceError             exit 1    the predictions cannot be read
    ├── LedgerError             exit 1    the ledger cannot be read or written
    ├── CrmError                exit 1    the CRM refused or did not answer; carries a Fate
    │   ├── LoginError          exit 12
    │   └── AnswerLost          exit 1    a write was sent and its answer never came
    ├── PlanHeld                exit 4    a gate holds the plan
    ├── PlanOutdated            exit 5    the org has moved on since the plan was made
    ├── NoSuchRun               exit 10
    ├── AlreadyRunning          exit 11
    └── Interrupted             exit 130  a signal asked to stop (143: SIGTERM)
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fate(StrEnum):
    """What to do with a call or a row that the CRM did not accept."""

    RETRY = "retry"  # the same again, a little later
    RETRY_SLOWER = "retry_slower"  # the same again, later, with less in flight
    REJECT = "reject"  # never again as it is: a person must mend the data or the org
    STOP = "stop"  # nothing more can succeed now: end the run cleanly


class CrmSinkError(Exception):
    """Something that ends a run, said so that a person knows what to do next.

    Args:
        message: What went wrong and why, in one or two sentences.
        where: A place: `file:line:column`, a URL without its query, a table.
        hint: What to do or run next.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}  {self.message}" if self.where else self.message
        return f"{text} (try: {self.hint})" if self.hint else text


class UsageError(CrmSinkError):
    """The command, a setting or a file of the user's is wrong."""

    exit_code = 2


class MappingError(UsageError):
    """A mapping file has problems; `problems` holds all of them, each with its place."""

    def __init__(self, problems: Sequence[object], *, hint: str | None = None) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        lines = "\n".join(str(problem) for problem in self.problems)
        plural = "problem" if count == 1 else "problems"
        super().__init__(f"{count} {plural} in the mapping\n{lines}", hint=hint)


class Unforeseen(CrmSinkError):
    """A fault of crm_sink's own; raised from the exception that nobody foresaw."""


class SourceError(CrmSinkError):
    """The predictions cannot be read."""


class LedgerError(CrmSinkError):
    """The ledger cannot be read or written."""


class CrmError(CrmSinkError):
    """The CRM refused a call, or did not answer it.

    Args:
        message: The CRM's own words.
        code: The CRM's error code (`UNABLE_TO_LOCK_ROW`), or ours for a failure of the wire.
        fate: What to do about it.
        status: The HTTP status, or None when there was no answer.
        after: Seconds that the CRM asked us to wait (`Retry-After`), if it did.
        usage: Calls used and allowed in 24 hours, if the answer told.
        where: The call, as `METHOD path`.
        hint: What a person can do.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        fate: Fate,
        status: int | None = None,
        after: float | None = None,
        usage: tuple[int, int] | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.code = code
        self.fate = fate
        self.status = status
        self.after = after
        self.usage = usage


class LoginError(CrmError):
    """The CRM refused the login."""

    exit_code = 12


class AnswerLost(CrmError):
    """A write was sent and no answer came: it may or may not have been done.

    Nothing may be sent again before the records (or the job) have been read back.
    """


class PlanHeld(CrmSinkError):
    """A gate holds the plan until a named person releases it."""

    exit_code = 4


class PlanOutdated(CrmSinkError):
    """The org has moved on since the plan was made."""

    exit_code = 5


class NoSuchRun(CrmSinkError):
    """The ledger knows no such run."""

    exit_code = 10


class AlreadyRunning(CrmSinkError):
    """Another process is working on the same mapping."""

    exit_code = 11


class Interrupted(CrmSinkError):
    """A signal asked to stop; what was sent is in the ledger, and a resumed run goes on from there.

    Args:
        message: What was stopped.
        signal: The signal's number: 2 (SIGINT) or 15 (SIGTERM).
        hint: The command that goes on.
    """

    def __init__(self, message: str, *, signal: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.signal = signal

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """128 and the signal's number, as shells have it."""
        return 128 + self.signal
