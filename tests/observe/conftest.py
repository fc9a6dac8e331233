"""Streams whose reader has gone, in the ways in which readers go."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["reader gone", "closed", "disk full"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TextIO]:
    """Give a text stream that cannot be written to any more."""
    if request.param == "reader gone":
        reading, writing = os.pipe()
        os.close(reading)
        stream = os.fdopen(writing, "w", buffering=1)
    elif request.param == "closed":
        stream = (tmp_path / "closed").open("w")
        stream.close()
    else:
        stream = open("/dev/full", "w", buffering=1)  # noqa: SIM115 - handed out
    yield stream
    with suppress(OSError):  # what could not be written is flushed once more, and fails again
        stream.close()
