"""Progress for people: a moving line on a terminal, plain lines elsewhere, always on stderr.

The result of a run is printed by the command, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from crm_sink.observe.lines import line
from crm_sink.observe.stream import Unbreakable

if TYPE_CHECKING:
    from crm_sink.events import Event, Listener


def console_listener(stream: TextIO) -> Listener:
    """Give a listener that shows progress: moving on a terminal, as lines elsewhere."""
    safe = Unbreakable(stream)
    if safe.isatty():
        from crm_sink.observe.bars import Bars

        return Bars(safe)

    def listen(event: Event) -> None:
        text = line(event)
        if text is not None:
            safe.write(text + "\n")

    return listen
