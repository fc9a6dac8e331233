"""The freshness gate: how old the newest score of a batch is. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crm_sink.gates.measure import age_words, rows_words, span
from crm_sink.gates.verdict import State, Verdict, graded

if TYPE_CHECKING:
    from crm_sink.mapping.model import FreshnessGate

# Two machines' clocks may differ by this much; a score from further ahead is a wrong clock.
AHEAD = timedelta(minutes=5)


def judge_freshness(rule: FreshnessGate, profile: dict[str, Any], now: datetime) -> Verdict:
    """Hold a batch whose newest score is too old, lies in the future, or is not known.

    Args:
        rule: The column and its limits.
        profile: `profile.profile` of the batch.
        now: The time, with a zone.
    """
    facts = profile["freshness"]
    if facts["newest"] is None:
        return Verdict("freshness", State.HOLD, None, _unknown(rule.column, profile["rows"]))
    age = now - datetime.fromisoformat(facts["newest"])
    hours = round(age.total_seconds() / 3600, 2)
    if age < -AHEAD:
        message = (
            f"the newest {rule.column} lies {age_words(-age)} in the future: "
            "a clock is wrong, or a local time was taken for UTC"
        )
        return Verdict("freshness", State.HOLD, hours, message)
    warn = span(rule.warn_after) if rule.warn_after else None
    hold = span(rule.hold_after) if rule.hold_after else None
    state = graded(
        age.total_seconds(),
        warn=warn.total_seconds() if warn else None,
        hold=hold.total_seconds() if hold else None,
    )
    return Verdict("freshness", state, hours, _message(rule, state, age, facts))


def _unknown(column: str, rows: int) -> str:
    if rows == 0:
        return "there are no rows, so the age of the scores is unknown"
    return f"no {column} in {rows_words(rows)}: the age of the scores is unknown"


def _message(rule: FreshnessGate, state: State, age: timedelta, facts: dict[str, Any]) -> str:
    text = f"scores are {age_words(age)} old"
    limit = {State.WARN: rule.warn_after, State.HOLD: rule.hold_after}.get(state)
    if limit:
        text += f", more than {limit}"
    if facts["nulls"]:
        text += f"; {rows_words(facts['nulls'])} without {rule.column}"
    spread = datetime.fromisoformat(facts["newest"]) - datetime.fromisoformat(facts["oldest"])
    if spread > timedelta(hours=1):
        text += f"; the oldest are {age_words(age + spread)} old"
    return text
