"""All gates of a mapping over one batch. Pure: what is judged was measured by `profile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.gates.drift import judge_drift
from crm_sink.gates.freshness import judge_freshness
from crm_sink.gates.verdict import State
from crm_sink.gates.volume import judge_changes, judge_volume

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crm_sink.gates.verdict import Verdict
    from crm_sink.mapping.model import Gates


def judge(
    gates: Gates | None,
    profile: dict[str, Any],
    baseline: dict[str, Any] | None,
    *,
    changed_share: float | None,
    now: datetime,
) -> list[Verdict]:
    """Judge a batch by every gate that the mapping sets.

    Args:
        gates: The mapping's gates; None gives no verdict.
        profile: `profile.profile` of the batch, made with the same baseline.
        baseline: The profile of the mapping's last finished run; None on the first run.
        changed_share: Records to create, update or clear, as a share of those planned; None
            when there is no plan yet, and then `hold_if_changes_exceed` gives no verdict.
        now: The time, with a zone.

    Returns:
        One verdict for each of freshness, volume, changes and drift that has a limit.
    """
    if gates is None:
        return []
    verdicts: list[Verdict | None] = []
    if gates.freshness is not None:
        verdicts.append(judge_freshness(gates.freshness, profile, now))
    if gates.volume is not None:
        verdicts.append(judge_volume(gates.volume, profile, baseline))
        verdicts.append(judge_changes(gates.volume, changed_share, baseline))
    if gates.drift is not None:
        verdicts.append(judge_drift(gates.drift, profile, baseline))
    return [verdict for verdict in verdicts if verdict is not None]


def worst(verdicts: Iterable[Verdict]) -> State | None:
    """Give the worst state of all, or None when no gate was set."""
    order = list(State)
    return max((verdict.state for verdict in verdicts), key=order.index, default=None)
