"""Put the gates of a mapping before a plan: profile the batch, remember, judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.gates.judge import judge, worst
from crm_sink.gates.profile import profile

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Totals
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.source.stage import Source


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gates said, and what the next run compares with."""

    worst: str | None  # None without gates
    verdicts: tuple[dict[str, Any], ...]
    profile: dict[str, Any] | None


def judged(
    loaded: LoadedMapping, source: Source, totals: Totals, engine: Engine, context: Context
) -> Judgement:
    """Judge a planned batch by the mapping's gates."""
    gates = loaded.mapping.gates
    if gates is None:
        return Judgement(None, (), None)
    baseline = context.ledger.baseline(loaded.name)
    facts = profile(source.table, source.columns, gates, engine, baseline)
    changes = totals.to_create + totals.to_update + totals.to_clear
    verdicts = judge(
        gates,
        facts,
        baseline,
        changed_share=changes / totals.planned if totals.planned else None,
        now=context.clock.now(),
    )
    state = worst(verdicts) if verdicts else None
    return Judgement(state, tuple(verdict.to_json() for verdict in verdicts), facts)
