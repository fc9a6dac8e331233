"""A file of JSON lines that are on the disk when `append` returns.

Each line carries a checksum: one that a kill has cut off is as if it had never been there. Knows
nothing of what the lines say.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Journal:
    """The lines since the last `clear`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self.size = os.fstat(self._file).st_size

    def append(self, told: dict[str, Any]) -> None:
        """Add a line; when the disk refuses it, none has been added.

        Raises:
            OSError: The line could not be written.
        """
        text = json.dumps(told, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(line)

    def read(self) -> list[dict[str, Any]]:
        """Give the whole lines, in order."""
        found = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            said, _, text = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or said != b"%08x" % zlib.crc32(text):
                break
            found.append(json.loads(text))
        return found

    def clear(self) -> None:
        """Forget all lines."""
        if self.size:
            os.ftruncate(self._file, 0)
            self.size = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
