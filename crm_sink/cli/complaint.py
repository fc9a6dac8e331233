"""What ends a command, told on stderr: words for people, or with `--log json` one JSON line.

A collector of JSON lines can read each line of stderr, then, the last one too.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from crm_sink.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from crm_sink.errors import CrmSinkError

PLACE = ("file", "line", "column", "message", "hint")


def is_logged(arguments: Sequence[str]) -> bool:
    """Tell whether stderr is to hold JSON lines alone."""
    return "--log=json" in arguments or ("--log", "json") in pairwise(arguments)


def complain(error: CrmSinkError, *, as_json: bool) -> None:
    """Say an error: what, where, why, and what to run next."""
    if as_json:
        problems = error.problems if isinstance(error, MappingError) else []
        listed = [{part: getattr(problem, part) for part in PLACE} for problem in problems]
        tell(
            "error",
            "command_failed",
            exit_code=error.exit_code,
            where=error.where,
            message=error.message.partition("\n")[0] if listed else error.message,
            hint=error.hint,
            **({"problems": listed} if listed else {}),
        )
        return
    place = f"{error.where}  " if error.where else ""
    print(f"crm-sink: {place}{error.message}", file=sys.stderr)
    if error.hint:
        print(f"  try: {error.hint}", file=sys.stderr)


def complain_of_usage(error: click.ClickException, *, as_json: bool) -> None:
    """Say that the command was typed wrongly."""
    if not as_json:
        error.show()
        return
    message = error.format_message()
    tell("error", "command_failed", exit_code=error.exit_code, where=None, message=message)


def say(words: str, event: str, *, as_json: bool) -> None:
    """Say something else about the command, in words or as an event."""
    if as_json:
        tell("warning", event, message=words)
    else:
        print(f"crm-sink: {words}", file=sys.stderr)


def tell(level: str, event: str, **facts: object) -> None:
    """Write one JSON line, as the log of events does."""
    from crm_sink.clock import SystemClock
    from crm_sink.observe.log import json_line

    print(json_line(SystemClock(), level, event, facts), file=sys.stderr)
