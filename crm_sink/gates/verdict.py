"""A gate's verdict: pass, warn or hold, with its figure and a sentence for people.

What a hold does to a plan is the flow's business.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """What a gate says of a batch, from best to worst."""

    PASS = "pass"
    WARN = "warn"  # written all the same, and said
    HOLD = "hold"  # kept until a named person releases it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says.

    Attributes:
        gate: freshness, volume, changes, drift or leavers.
        state: pass, warn or hold.
        figure: What was judged: freshness the age in hours, volume the change of the row count
            as a share (-0.5 is half as many), changes the share of records that change, drift
            the population stability index, leavers the share of the records that carry our values
            which would be taken for no longer scored. None when there was nothing to judge.
        message: The figure and its limits, in words.
    """

    gate: str
    state: State
    figure: float | None
    message: str

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as JSON-able facts, as the ledger keeps it."""
        return asdict(self) | {"state": self.state.value}


def graded(figure: float, *, warn: float | None = None, hold: float | None = None) -> State:
    """Grade a figure: beyond a limit, not at it. A limit that is not set is never passed."""
    if hold is not None and figure > hold:
        return State.HOLD
    if warn is not None and figure > warn:
        return State.WARN
    return State.PASS
