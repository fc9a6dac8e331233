"""The drift gate: how far a column's distribution moved since the last run. Pure.

The figure is the population stability index (PSI) over bins of the last run's quantiles:

    PSI = sum over the bins of (now - then) * ln(now / then)

with `then` and `now` the bin's share of each batch. Rows without a number are a bin of their own:
a column that begins to be null has drifted. Half a row is added to every bin, so that an empty
one gives a large figure and not an infinite one.

PSI depends on sample size: two batches of one distribution, of n and m rows in b bins, have a PSI
of about (b - 1) * (1/n + 1/m) by chance alone (Yurdakul and Naranjo 2020, "Statistical properties
of the population stability index"). The usual limits 0.1 and 0.25 are a custom of credit scoring.
Small batches are not judged, and every message tells the part of chance.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

from crm_sink.gates.measure import rows_words
from crm_sink.gates.verdict import State, Verdict, graded
from crm_sink.gates.volume import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.mapping.model import DriftGate

# Chance alone gives 0.09 in ten bins at this size: below it, every batch would look drifted.
FEWEST_ROWS = 200


def judge_drift(
    rule: DriftGate, profile: dict[str, Any], baseline: dict[str, Any] | None
) -> Verdict:
    """Warn or hold when the column's PSI against the last run is over its limits.

    Args:
        rule: The column and its limits.
        profile: `profile.profile` of the batch, made with the same baseline.
        baseline: The last run's profile.

    Raises:
        ValueError: The profile was not made with this baseline.
    """
    facts, earlier = profile["drift"], baseline and baseline.get("drift")
    if not earlier or earlier["column"] != facts["column"]:
        return Verdict("drift", State.PASS, None, f"{rule.column}: {FIRST}")
    then, now = bins(earlier["counts"], earlier), bins(_counts_on(earlier["edges"], facts), facts)
    fewest = min(sum(then), sum(now))
    if fewest < FEWEST_ROWS:
        few = f"{rows_words(fewest)} are too few to judge drift (at least {FEWEST_ROWS})"
        return Verdict("drift", State.PASS, None, f"{rule.column}: {few}")
    figure = psi(then, now)
    state = graded(figure, warn=rule.warn, hold=rule.hold)
    return Verdict("drift", state, round(figure, 4), _message(rule, figure, then, now))


def bins(counts: Sequence[int], facts: dict[str, Any]) -> list[int]:
    """Give the rows of each bin, and last those without a number (null or NaN)."""
    return [*counts, facts["nulls"] + facts["nan"]]


def psi(then: Sequence[int], now: Sequence[int]) -> float:
    """Compute the population stability index of two counts over the same bins.

    Bins that are empty on both sides are left out; half a row is added to each other one.
    """
    pairs = [(a + 0.5, b + 0.5) for a, b in zip(then, now, strict=True) if a or b]
    before, after = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    shares = [(a / before, b / after) for a, b in pairs]
    return sum((q - p) * log(q / p) for p, q in shares)


def by_chance(then: Sequence[int], now: Sequence[int]) -> float:
    """Give the PSI to expect of two batches of this size when nothing has moved."""
    used = sum(1 for a, b in zip(then, now, strict=True) if a or b)
    return (used - 1) * (1 / sum(then) + 1 / sum(now))


def _counts_on(edges: list[float], facts: dict[str, Any]) -> list[int]:
    compared = facts["compared"]
    if compared is None or compared["edges"] != edges:
        raise ValueError("the profile was not made with this baseline: its bins are other ones")
    counts: list[int] = compared["counts"]
    return counts


def _message(rule: DriftGate, figure: float, then: list[int], now: list[int]) -> str:
    return (
        f"{rule.column}: PSI {figure:.3f} against the last run "
        f"(warn over {rule.warn:g}, hold over {rule.hold:g}); {by_chance(then, now):.3f} is chance "
        f"alone with {rows_words(sum(now))}: PSI depends on sample size"
    )
