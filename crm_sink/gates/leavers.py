"""The gate that guards leavers: it holds a batch by which too many records left. Pure.

A batch with keys of another system, or of another column, or of half a file, looks like one in
which most records are no longer scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.gates.measure import rows_words, share
from crm_sink.gates.verdict import State, Verdict

if TYPE_CHECKING:
    from crm_sink.mapping.model import LeaversGate

# Of fewer leavers no share is judged: two of three records may well leave.
FEW = 10


def judge_leavers(
    rule: LeaversGate, *, predictions: int, rejected: int, leaving: int, ours: int
) -> Verdict | None:
    """Hold a plan that would empty or flag records because of a batch that hardly knows them.

    Always in force: that not one row is good is never an answer to who left, and neither is, unless
    the mapping says so, that most records did.

    Args:
        rule: The share that may leave at once.
        predictions: Rows that meet the mapping's `when`.
        rejected: How many of them are rejected.
        leaving: Records that the plan would clear or flag.
        ours: Records that carry values of earlier runs.
    """
    if not leaving:
        return None
    part = leaving / ours if ours else 1.0
    figure = round(part, 4)
    if predictions and rejected >= predictions:
        records = "1 record" if leaving == 1 else f"{leaving:,} records"
        text = (
            f"not one of {rows_words(predictions)} can be written, "
            f"and {records} would be taken for no longer scored"
        )
        return Verdict("leavers", State.HOLD, figure, text)
    if leaving < FEW or part <= share(rule.hold_if_leavers_exceed):
        return None
    text = (
        f"{leaving:,} of the {ours:,} records that carry our values would be taken for no longer "
        f"scored; the limit is {rule.hold_if_leavers_exceed}"
    )
    return Verdict("leavers", State.HOLD, figure, text)
