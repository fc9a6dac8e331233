"""One HTTP call and its answer, and the shape that everything which sends calls has.

Retrying, throttling and observing wrap single calls, not whole `Crm` methods: a read of forty
pages must not start anew for one lost page, and a job must not be made twice. Nothing here speaks
HTTP: that is the business of `salesforce.session`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Repeat(StrEnum):
    """What a lost answer means for a call."""

    SAFE = "safe"  # it may be sent again: a read, or a write that does nothing the second time
    SETTLE = "settle"  # raise AnswerLost: look at what became of it before sending it again


class Expect(StrEnum):
    """What the body of a good answer must be."""

    JSON = "json"
    CSV = "csv"  # only with `into`
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call to the org.

    Attributes:
        method: In capitals.
        path: From the org's root, starting with `/`.
        label: The path with placeholders for ids and keys: what events and errors may show.
        query: Its query parameters.
        headers: Further headers.
        body: Bytes, or a file that is streamed and never held in memory.
        into: A file that the answer's body is streamed to.
        expect: What the body of a good answer must be.
        repeat: What a lost answer means.
    """

    method: str
    path: str
    label: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path | None = None
    into: Path | None = None
    expect: Expect = Expect.JSON
    repeat: Repeat = Repeat.SAFE

    def __str__(self) -> str:
        return f"{self.method} {self.label}"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer said of the org's calls in 24 hours."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer (status 2xx), checked to be what the call expects.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        document: The parsed JSON body, or None. Its shape is not yet checked.
        path: The file that holds the body, when the call asked for one.
        received_bytes: Size of the decoded body.
        allowance: What the org said of its allowance, if it did.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    path: Path | None = None
    received_bytes: int = 0
    allowance: Allowance | None = None


Send = Callable[[Call], Answer]
"""Send one call. Raises CrmError with a Fate; AnswerLost only for a SETTLE call."""
