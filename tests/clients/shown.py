"""The programs that `crm-sink help local-org` shows for other clients, as they stand there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

HELP = Path(__file__).parents[2] / "crm_sink" / "help" / "local-org.md"


def program(first_line: str) -> str:
    """Give the block of the page that begins with a line, without its indent.

    Raises:
        AssertionError: There is not exactly one.
    """
    blocks = re.findall(
        r"(?:^(?: {4}.*)?\n)+", HELP.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    found = [textwrap.dedent(one).strip() for one in blocks]
    (only,) = [one for one in found if one.startswith(first_line)]
    return only
