"""The profile of the local org on the command line: how far, how busy and how generous it is.

Says nothing of single faults: those are `org_faults`.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from crm_sink.errors import CrmSinkError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crm_sink.cli.local_org import LocalOrg

SECONDS = 60
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """A time as people write it, `120ms` or `30s`, in seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a time."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(value))
        if found is None:
            self.fail(f"{value!r} is no time such as 120ms, 30s or 2m", param, ctx)
        return round(float(found[1]) * UNITS[found[2]], 6)


@dataclass(frozen=True, slots=True)
class Knob:
    """One option of `org start`: its setting in the org, and its option of the org's process."""

    option: str
    setting: str
    process: str
    kind: click.ParamType[Any]
    help: str

    @property
    def parameter(self) -> str:
        """The name under which click hands it over."""
        return self.option.removeprefix("--").replace("-", "_")


TIME = Duration()
KNOBS = (
    Knob(
        "--daily-calls", "daily_api_requests", "--daily-api-requests", click.IntRange(1),
        "Calls in 24 hours; then it refuses. At first 15,000.",
    ),
    Knob("--latency", "latency_seconds", "--latency", TIME, "How long each call takes on its way."),
    Knob(
        "--jobs-take", "job_seconds", "--jobs-take", TIME,
        "How long a bulk job takes at least, half of it in the queue.",
    ),
    Knob(
        "--batch-seconds", "batch_seconds", "--batch-seconds", TIME,
        "How long a write holds the locks of its records and their parents. At first 0s: nothing "
        "collides.",
    ),
    Knob(
        "--lock-wait", "lock_wait_seconds", "--lock-wait", TIME,
        "How long a write waits for the locks of others before its rows fail. At first 10s.",
    ),
    Knob(
        "--memory-limit", "memory_limit", "--memory-limit", click.STRING,
        "Of the org's database. At first 700MB.",
    ),
)  # fmt: skip


def profile_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a profile; what is not given is None."""
    for knob in reversed(KNOBS):
        verb = click.option(knob.option, type=knob.kind, help=knob.help)(verb)
    return verb


def as_arguments(given: Mapping[str, Any]) -> list[str]:
    """Give the options of the org's process for what was asked for."""
    asked = [(knob, given[knob.parameter]) for knob in KNOBS]
    return [
        part for knob, value in asked if value is not None for part in (knob.process, f"{value}")
    ]


def refuse_another(found: LocalOrg, given: Mapping[str, Any]) -> None:
    """Refuse options that the running org does not have: they hold from a start on.

    Raises:
        UsageError: It runs with others.
    """
    settings = settings_of(found)
    for knob in KNOBS:
        value = given[knob.parameter]
        if value is not None and value != settings[knob.setting]:
            raise UsageError(
                f"the local org runs already, with another {knob.option}",
                where=found.url,
                hint="crm-sink org stop",
            )


def settings_of(found: LocalOrg) -> dict[str, Any]:
    """Ask a running org how it behaves.

    Raises:
        CrmSinkError: It does not answer.
    """
    try:
        request = urllib.request.Request(f"{found.url}/__settings__")
        with found.open(request, seconds=SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.URLError as error:
        raise CrmSinkError(
            f"the local org does not answer: {error.reason}",
            where=found.url,
            hint="crm-sink org stop",
        ) from None


def columns_of(found: LocalOrg | None) -> dict[str, Any]:
    """Give the profile for `--format json` and csv; all null when no org runs."""
    settings = settings_of(found) if found else {}
    return {knob.setting: settings.get(knob.setting) for knob in KNOBS}


def in_words(profile: Mapping[str, Any]) -> str:
    """Say in a line how an org behaves."""
    parts = [f"{profile['daily_api_requests']:,} calls a day"]
    words = {
        "latency_seconds": "{} on the way of each call",
        "job_seconds": "jobs take {}",
        "batch_seconds": "writes hold locks for {} and wait {wait} for those of others",
    }
    wait = _time(profile["lock_wait_seconds"])
    parts += [
        text.format(_time(profile[setting]), wait=wait)
        for setting, text in words.items()
        if profile[setting]
    ]
    return ", ".join(parts)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if 0 < seconds < 1 else f"{seconds:g} s"
