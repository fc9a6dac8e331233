"""Hold a mapping's lease over several flows, so that no other run comes in between."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.flow.context import Context, Lease


@contextmanager
def holding(context: Context) -> Iterator[Context]:
    """Give a context that keeps each lease from when it is first taken to the end.

    Between the plan of a sync and its writing another run could else plan and write, and newer
    values be overwritten with older ones.
    """
    taken: dict[str, Lease] = {}
    with ExitStack() as held:

        @contextmanager
        def lease(mapping: str, run: str) -> Iterator[Lease]:
            if mapping not in taken:
                taken[mapping] = held.enter_context(context.lease(mapping, run))
            yield taken[mapping]

        yield replace(context, lease=lease)
