"""What a run's summary says beside its figures: the org's quota, the most frequent errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.engine import Relation
from crm_sink.report.errors_table import top_errors

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.flow.context import Context
    from crm_sink.ledger.folder import RunFolder


def quota(context: Context) -> dict[str, int]:
    """Give the org's calls in 24 hours, and how many of them are left."""
    budget = context.crm.budget()
    return {"limit": budget.limit, "remaining": budget.remaining}


def rejects_in_short(folder: RunFolder, engine: Engine) -> list[dict[str, Any]]:
    """Give the most frequent errors of a run, without values of records."""
    return top_errors(Relation(folder.rejects_parquet, 0), engine)
