"""A stream that falls silent when nobody can read it any more.

A closed terminal or a pipe whose reader has gone must not end a run that is writing to an org.
"""

from __future__ import annotations

import io
from typing import TextIO


class Unbreakable(io.TextIOBase):
    """Passes text on until the first failure, and then nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_silent = False

    def write(self, text: str) -> int:
        """Write text and pass it on at once."""
        if not self.is_silent:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):  # BrokenPipeError, EIO of a closed terminal, closed file
                self.is_silent = True
        return len(text)

    def isatty(self) -> bool:
        """Tell whether a person looks at it."""
        return not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        """Give the file number of the stream behind, for the size of the terminal."""
        return self._stream.fileno()
