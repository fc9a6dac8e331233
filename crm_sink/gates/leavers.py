"""The gate that guards leavers: a batch that finds no record says nothing of who left. Pure."""

from __future__ import annotations

from crm_sink.gates.measure import rows_words
from crm_sink.gates.verdict import State, Verdict


def judge_leavers(*, predictions: int, rejected: int, leaving: int) -> Verdict | None:
    """Hold a plan that would empty or flag records because of a batch in which no row is good.

    Always in force: the keys of such a batch are of another system, or the wrong column is named
    as the key, and every record written before would look as if it were no longer scored.

    Args:
        predictions: Rows that meet the mapping's `when`.
        rejected: How many of them are rejected.
        leaving: Records that the plan would clear or flag.
    """
    if not leaving or not predictions or rejected < predictions:
        return None
    records = "1 record" if leaving == 1 else f"{leaving:,} records"
    text = (
        f"not one of {rows_words(predictions)} can be written, "
        f"and {records} would be taken for no longer scored"
    )
    return Verdict("leavers", State.HOLD, float(leaving), text)
