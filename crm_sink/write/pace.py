"""How long to wait between two looks at a job: quick at first, slower later.

Pure. A small job takes one to three seconds, a large one minutes; every look is an API call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 0.25
MOST_SECONDS = 20.0
GROWTH = 1.5


def waits() -> Iterator[float]:
    """Give the seconds to wait before each look, without end."""
    seconds = FIRST_SECONDS
    while True:
        yield seconds
        seconds = min(MOST_SECONDS, seconds * GROWTH)
