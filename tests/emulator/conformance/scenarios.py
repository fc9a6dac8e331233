"""All stories on record, by group."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tests.emulator.conformance import amp, cassettes, examples, quoted, recorded, transcripts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conformance.exchange import Story

READERS = (
    recorded.nango,
    cassettes.cumulusci,
    recorded.restforce,
    recorded.grouparoo,
    amp.amp,
    examples.postman,
    transcripts.cli_dx,
    quoted.quoted,
)


@cache
def stories(folder: Path) -> list[Story]:
    """Read all recordings; what was recorded twice is played twice and counted once."""
    return cassettes.seen_before([story for read in READERS for story in read(folder)])
