"""Put the gates of a mapping before a plan: profile the batch, remember, judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.gates.judge import judge, worst
from crm_sink.gates.leavers import judge_leavers
from crm_sink.gates.profile import profile
from crm_sink.mapping.model import LeaversGate

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.flow.context import Context, Request
    from crm_sink.gates.verdict import Verdict
    from crm_sink.ledger.contract import Totals
    from crm_sink.mapping.model import Gates
    from crm_sink.source.stage import Source


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gates said, and what the next run compares with."""

    worst: str | None  # None without gates
    verdicts: tuple[dict[str, Any], ...]
    profile: dict[str, Any] | None


def judged(
    request: Request,
    source: Source,
    totals: Totals,
    engine: Engine,
    context: Context,
    *,
    ours: int,
) -> Judgement:
    """Judge a planned batch by the mapping's gates, and by the one that guards leavers.

    Args:
        request: With the mapping.
        source: The batch.
        totals: What the plan would do.
        engine: Where to compute.
        context: The parts.
        ours: How many records carry values of earlier runs.
    """
    gates = request.loaded.mapping.gates
    facts, verdicts = None, []
    if gates is not None:
        baseline = context.ledger.baseline(request.loaded.name)
        facts = profile(source.table, source.columns, gates, engine, baseline)
        changes = totals.to_create + totals.to_update + totals.to_clear
        verdicts = judge(
            gates,
            facts,
            baseline,
            changed_share=changes / totals.planned if totals.planned else None,
            now=context.clock.now(),
        )
    # A retry speaks of the rows and leavers of an earlier plan alone.
    guard = None if request.narrow is not None else _guard(gates, totals, ours)
    verdicts += [guard] if guard is not None else []
    state = worst(verdicts) if verdicts else None
    return Judgement(state, tuple(verdict.to_json() for verdict in verdicts), facts)


def _guard(gates: Gates | None, totals: Totals, ours: int) -> Verdict | None:
    return judge_leavers(
        (gates.leavers if gates is not None else None) or LeaversGate(),
        predictions=totals.source_rows - totals.skipped,
        rejected=totals.rejected,
        leaving=totals.to_clear,
        ours=ours,
    )
