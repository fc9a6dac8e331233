"""Print what became of a run, also when it did not come to its end."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink.cli.exit_code import exit_code
from crm_sink.cli.showing import print_run
from crm_sink.errors import CrmSinkError, LedgerError
from crm_sink.events import RunBegan
from crm_sink.ledger.contract import RunState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.events import Event
    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Run

STOPPED = frozenset({RunState.FAILED, RunState.PAUSED, RunState.INTERRUPTED})


@contextmanager
def telling(context: Context, output: str) -> Iterator[Context]:
    """Give a context in which a run that fails while it is planned is printed for programs.

    A person reads on stderr why; a program that collects figures gets those of every run.
    """
    begun: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, RunBegan):
            begun.append(event.run)
        context.listener(event)

    try:
        yield replace(context, listener=listen)
    except CrmSinkError:
        if begun and output != "text":
            with suppress(LedgerError):
                print_run(context.ledger.find(begun[-1]), output)
        raise


def deliver_and_print(
    run: Run,
    context: Context,
    output: str,
    *,
    released_by: str | None = None,
    is_fresh: bool = False,
) -> int:
    """Write a plan, print the run, and give the exit code.

    Raises:
        CrmSinkError: As `flow.deliver`; what was written until then has been printed.
    """
    from crm_sink.flow.deliver import deliver

    try:
        done = deliver(run, context, released_by=released_by, is_fresh=is_fresh)
    except CrmSinkError:
        # A ledger that is away cannot tell how far it came; why it stopped is said all the same.
        with suppress(LedgerError):
            reached = context.ledger.find(run.run)
            if reached.state in STOPPED:
                print_run(reached, output)
        raise
    print_run(done, output)
    return exit_code(done)
