"""The volume gates: how far the row count, and what would be changed, is from the usual. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.gates.measure import rows_words, share, share_words
from crm_sink.gates.verdict import State, Verdict, graded

if TYPE_CHECKING:
    from crm_sink.mapping.model import VolumeGate

FIRST = "no earlier run to compare with"


def judge_volume(
    rule: VolumeGate, profile: dict[str, Any], baseline: dict[str, Any] | None
) -> Verdict | None:
    """Hold a batch that is far smaller or larger than the last one; None without a limit."""
    if rule.hold_if_rows_change is None:
        return None
    rows = int(profile["rows"])
    if baseline is None or not baseline["rows"]:
        return Verdict("volume", State.PASS, None, f"{rows_words(rows)}; {FIRST}")
    usual = int(baseline["rows"])
    change = rows / usual - 1
    state = graded(abs(change), hold=share(rule.hold_if_rows_change))
    text = f"{rows_words(rows)}, {_difference(change)} {usual:,} last time"
    if state is State.HOLD:
        text += f"; the limit is {rule.hold_if_rows_change} either way"
    return Verdict("volume", state, round(change, 4), text)


def judge_changes(
    rule: VolumeGate, changed_share: float | None, baseline: dict[str, Any] | None
) -> Verdict | None:
    """Hold a plan that would change too many of its records; None without a limit.

    Args:
        rule: The limit.
        changed_share: Records to create, update or clear, as a share of those planned.
        baseline: The last run's profile. The first run of all changes nearly everything, and
            passes.
    """
    if rule.hold_if_changes_exceed is None or changed_share is None:
        return None
    figure = round(changed_share, 4)
    text = f"{share_words(changed_share)} of the records would change"
    if baseline is None:
        return Verdict("changes", State.PASS, figure, f"{text}; {FIRST}")
    state = graded(changed_share, hold=share(rule.hold_if_changes_exceed))
    if state is State.HOLD:
        text += f", more than {rule.hold_if_changes_exceed}"
    return Verdict("changes", state, figure, text)


def _difference(change: float) -> str:
    if change == 0:
        return "as many as the"
    if change >= 1:
        times = change + 1
        return f"{times:,.0f} times the" if times >= 10 else f"{times:.1f} times the"
    return f"{share_words(change)} {'more' if change > 0 else 'fewer'} than the"
