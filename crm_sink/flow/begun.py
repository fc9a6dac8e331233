"""A run from when it begins to when its plan is whole; how it is planned is not known here."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.errors import CrmSinkError
from crm_sink.events import RunBegan
from crm_sink.flow.trouble import computing
from crm_sink.ledger.contract import RunState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Run
    from crm_sink.ledger.folder import RunFolder


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
            yield
    except CrmSinkError as error:
        # An interrupted plan has failed too: nothing of it can be gone on with.
        context.ledger.update(
            replace(run, state=RunState.FAILED, ended=context.clock.now(), error=str(error))
        )
        raise
    finally:
        folder.discard_working_files()
