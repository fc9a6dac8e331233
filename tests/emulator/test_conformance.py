"""The local org answers recorded requests as real orgs did: all but the values.

The recordings are not part of the project: they lie beside the checkout. What is compared, and what
is not, stands in `conformance/shape.py` and `conformance/replaying.py`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.emulator.conformance import table
from tests.emulator.conformance.scenarios import stories

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conformance.replaying import Played


@pytest.fixture
def played(tmp_path: Path) -> list[Played]:
    """Play all recordings."""
    _found()
    return table.play_all(tmp_path)


def _found() -> None:
    if not table.RECORDINGS.is_dir():
        reason = f"the recordings are not at {table.RECORDINGS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def test_the_help_page_shows_how_many_recordings_match(
    played: list[Played], capsys: pytest.CaptureFixture[str]
) -> None:
    """Write the page anew with `python -m tests.emulator.conformance.table`."""
    with capsys.disabled():
        print("\n" + table.section(played))
    differing = [(one.exchange, one.differs) for one in played if one.verdict == "differs"]
    assert table.on_page() == table.section(played), differing


def test_at_most_a_fifth_of_the_recordings_is_set_aside() -> None:
    _found()
    told = [one for story in stories(table.RECORDINGS) for one in story.exchanges if one.judged]
    aside = [one for one in told if one.aside is not None]
    assert len(aside) * 5 <= len(told)


def test_the_page_says_why_recordings_are_set_aside() -> None:
    _found()
    told = [one for story in stories(table.RECORDINGS) for one in story.exchanges if one.judged]
    reasons = {one.aside for one in told if one.aside is not None}
    assert {reason for reason in reasons if reason not in table.on_page()} == set()
