"""Options that several verbs share, and the parts they stand for."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crm_sink.clock import SystemClock
from crm_sink.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.events import Listener
    from crm_sink.flow.context import Context
    from crm_sink.ledger.store import SqlLedger
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.settings import Settings
    from crm_sink.tickets import Api

Verb = Callable[..., Any]
MOST_NAMED = 5  # mapping files that an error lists


def format_option(verb: Verb) -> Verb:
    """Add `--format`: how data is printed on stdout."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", "json", "csv"]),
        default="text",
        show_default=True,
        help="How data is printed on stdout.",
    )(verb)


def examples_option(verb: Verb) -> Verb:
    """Add `--examples`: how many records of a plan are shown."""
    return click.option(
        "--examples",
        default=5,
        type=click.IntRange(0),
        show_default=True,
        help="How many records to show.",
    )(verb)


def target_option(verb: Verb) -> Verb:
    """Add `--target`: which org, when it is not the one of the environment."""
    return click.option(
        "--target",
        metavar="TARGET",
        help="`sf:ALIAS` borrows a session of the sf CLI; `local` is the running local org. "
        "Default: the CRM_SINK_ variables.",
    )(verb)


def log_option(verb: Verb) -> Verb:
    """Add `--log`: how progress is told on stderr."""
    return click.option(
        "--log",
        type=click.Choice(["auto", "json", "none"]),
        default="auto",
        show_default=True,
        help="How progress is told on stderr; json is one event a line, for schedulers.",
    )(verb)


def api_option(verb: Verb) -> Verb:
    """Add `--api`: how the changes travel."""
    return click.option(
        "--api",
        type=click.Choice(["auto", "bulk", "collections"]),
        default="auto",
        show_default=True,
        help="How the changes travel; auto chooses by rows, calls and quota, and says why.",
    )(verb)


def overwrite_option(verb: Verb) -> Verb:
    """Add `--overwrite-conflicts`: write over what people edited, this once."""
    return click.option(
        "--overwrite-conflicts",
        is_flag=True,
        help="Write over what people edited since our last write, this once.",
    )(verb)


def api_of(text: str) -> Api | None:
    """Give the API that was asked for, or None to choose."""
    from crm_sink.tickets import Api

    return None if text == "auto" else Api(text)


def load(text: str) -> LoadedMapping:
    """Load a mapping by its path or name.

    Raises:
        MappingError: The file has problems; all at once.
    """
    from crm_sink.errors import MappingError
    from crm_sink.mapping.load import load_mapping

    path = mapping_file(text)
    loaded, problems = load_mapping(path)
    if loaded is None or problems:
        raise MappingError(problems, hint=f"crm-sink validate {shlex.quote(str(path))}")
    return loaded


def listener_of(log: str) -> Listener:
    """Give the listener that tells progress on stderr."""
    from crm_sink.events import nobody

    if log == "none":
        return nobody
    if log == "json":
        from crm_sink.observe.log import json_listener

        return json_listener(sys.stderr, SystemClock())
    from crm_sink.observe.console import console_listener

    return console_listener(sys.stderr)


def settings_of(target: str | None) -> Settings:
    """Read the settings; `--target local` fills in the local org of this home.

    Raises:
        UsageError: A setting is wrong, or no local org is running.
    """
    from crm_sink.settings import load_settings

    settings = load_settings()
    if target != "local":
        return settings
    from crm_sink.cli.local_org import local_settings

    return local_settings(settings)


@contextmanager
def context_of(target: str | None, log: str = "none") -> Iterator[Context]:
    """Wire the product for one command."""
    from crm_sink.assemble import assemble
    from crm_sink.cli.signals import polite_stop
    from crm_sink.stopping import StoppableClock

    settings = settings_of(target)
    borrowed = None if target in (None, "local") else target
    with (
        polite_stop(as_json=log == "json") as stop,
        assemble(
            settings,
            target=borrowed,
            listener=listener_of(log),
            clock=StoppableClock(stop),
            environ=os.environ,
            stop=stop,
        ) as context,
    ):
        yield replace(context, target=target)


@contextmanager
def ledger_of() -> Iterator[SqlLedger]:
    """Open the ledger alone: no org is asked."""
    from crm_sink.assemble import assemble_ledger
    from crm_sink.settings import load_settings

    ledger = assemble_ledger(load_settings(), SystemClock())
    try:
        yield ledger
    finally:
        ledger.close()


def mapping_file(text: str) -> Path:
    """Find a mapping file by its path, or by its name in `mappings/`.

    Raises:
        UsageError: There is none; the nearest name is the hint.
    """
    path = Path(text)
    if path.is_file():
        return path
    for suffix in (".yaml", ".yml"):
        named = Path("mappings") / f"{text}{suffix}"
        if named.is_file():
            return named
    if path.is_dir():
        inside = sorted(path.glob("*.y*ml"))
        hint = (
            f"crm-sink validate {shlex.quote(str(inside[0]))}" if inside else "crm-sink init --help"
        )
        raise UsageError(f"{text} is a folder, not a mapping file", hint=hint)
    from difflib import get_close_matches

    known = sorted(str(file) for place in ("mappings", ".") for file in Path(place).glob("*.y*ml"))
    near = get_close_matches(text, [*known, *(Path(file).stem for file in known)], n=1)
    some = ", ".join(known[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "")
    hint = near[0] if near else (some or "crm-sink init --help")
    raise UsageError(f"there is no mapping file {text}", hint=hint)
