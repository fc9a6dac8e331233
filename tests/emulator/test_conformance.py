"""The local org answers recorded requests as real orgs did: all but the values.

The recordings are not part of the project: they lie beside the checkout. What is compared, and what
is not, stands in `conformance/shape.py` and `conformance/replaying.py`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.emulator.conformance import table

if TYPE_CHECKING:
    from tests.emulator.conformance.replaying import Played


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    """Play all recordings once."""
    if not table.RECORDINGS.is_dir():
        reason = f"the recordings are not at {table.RECORDINGS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return table.play_all(tmp_path_factory.mktemp("conformance"))


def test_the_help_page_shows_how_many_recordings_match(
    played: list[Played], capsys: pytest.CaptureFixture[str]
) -> None:
    """Write the page anew with `python -m tests.emulator.conformance.table`."""
    with capsys.disabled():
        print("\n" + table.section(played))
    differing = [one for one in played if one.verdict == "differs"]
    assert table.on_page() == table.section(played), [
        (one.exchange, one.differs) for one in differing
    ]


def test_at_most_a_fifth_of_the_recordings_is_set_aside(played: list[Played]) -> None:
    aside = [one for one in played if one.verdict == "aside"]
    assert len(aside) * 5 <= len(played)


def test_a_recording_is_set_aside_for_a_reason(played: list[Played]) -> None:
    assert all(one.exchange.aside for one in played if one.verdict == "aside")
