"""A run from when it begins to when its plan is whole; how it is planned is not known here."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.errors import CrmSinkError
from crm_sink.events import RunBegan
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import RunState
from crm_sink.ledger.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Run

LOOKED_BACK = 20  # runs; one that died is found by the next that begins
DIED = "its process died while it was planned: nothing of it was written"


@contextmanager
def begun(run: Run, folder: RunFolder, context: Context) -> Iterator[None]:
    """Begin a run, and hold its mapping while it is planned; what fails is told to the ledger.

    Raises:
        AlreadyRunning: Another process works on the mapping.
        CrmSinkError: The run does not fit in memory or on the disk; and what the planning raises.
    """
    context.ledger.begin(run)
    context.listener(RunBegan(run.run, run.mapping, run.object, run.kind))
    try:
        with context.lease(run.mapping, run.run), computing(folder.root):
            folder.create()  # while this one waited, another may have taken it for dead
            _end_dead_plans(run, context)
            yield
    except CrmSinkError as error:
        # An interrupted plan has failed too: nothing of it can be gone on with.
        context.ledger.update(
            replace(run, state=RunState.FAILED, ended=context.clock.now(), error=str(error))
        )
        raise
    finally:
        folder.discard_working_files()


def _end_dead_plans(run: Run, context: Context) -> None:
    """Tell the ledger of earlier plans of the mapping that were cut off, and tidy their folders.

    Who holds the mapping's lease knows that none of them is still at work.
    """
    for other in context.ledger.history(run.mapping, limit=LOOKED_BACK):
        if other.state is RunState.PLANNING and other.started < run.started:
            context.ledger.update(
                replace(other, state=RunState.FAILED, ended=context.clock.now(), error=DIED)
            )
            RunFolder(context.home, other.run).discard_working_files()
