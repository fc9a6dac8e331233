"""Sync: decide and deliver in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.flow.decide import decide
from crm_sink.flow.deliver import deliver
from crm_sink.flow.holding import holding

if TYPE_CHECKING:
    from crm_sink.flow.context import Context, Request
    from crm_sink.ledger.contract import Run


def sync(request: Request, context: Context, *, released_by: str | None = None) -> Run:
    """Plan and apply at once; with nothing to change no write call is made.

    Raises:
        PlanHeld: A gate holds the plan; it is in the ledger and can be released.
        AlreadyRunning: Another process works on the mapping.
    """
    with holding(context) as held:
        return deliver(decide(request, held), held, released_by=released_by, is_fresh=True)
