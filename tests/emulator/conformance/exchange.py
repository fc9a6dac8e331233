"""What a recording holds: one request, and what a real org answered to it.

Reads nothing itself; see the readers beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field


@dataclass(frozen=True)
class Exchange:
    """One interaction. `answer` is the body as text; what is None was not recorded.

    Attributes:
        query: Parameters, not yet encoded.
        header_names: Lower case; None when the recorder left headers out.
        judged: False for a call that only brings the org into the state of the next one.
        aside: Why this one cannot be replayed or compared; None for all others.
    """

    group: str
    name: str
    method: str
    path: str
    status: int
    answer: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    header_names: frozenset[str] | None = None
    content_type: str | None = None
    judged: bool = True
    aside: str | None = None

    @property
    def body_json(self) -> Any:
        """What was sent, as a value; None when that is no JSON."""
        return _value(self.body)

    @property
    def answer_json(self) -> Any:
        """What was answered, as a value; None when that is no JSON."""
        return _value(self.answer)

    def at(self, **changes: object) -> Exchange:
        """Give this exchange with some parts replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Story:
    """Exchanges of one recording session, in order: later ones build on earlier ones.

    `fields` are custom fields that the recorded org had and that no request or answer describes.
    """

    group: str
    name: str
    exchanges: tuple[Exchange, ...]
    fields: tuple[tuple[str, Field], ...] = ()


def _value(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except json.JSONDecodeError:
        return None
