"""The profile of a local org: the settings that it was started with, kept for its next start.

Beside the settings of `OrgSettings` it holds whether the org is served over https, as `tls`.

`profile.json` in the org's folder. What a start says anew replaces what an earlier one said.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "profile.json"
# What a person waits for a lock; tests, which wait for nothing, have 0 in `OrgSettings`.
FIRST = {"lock_wait_seconds": 10.0}
# Each option of a start: the setting, its type.
OPTIONS: dict[str, tuple[str, type]] = {
    "--daily-api-requests": ("daily_api_requests", int),
    "--memory-limit": ("memory_limit", str),
    "--parallel-jobs": ("parallel_jobs", int),
    "--batch-rows": ("batch_rows", int),
    "--batch-seconds": ("batch_seconds", float),
    "--lock-wait": ("lock_wait_seconds", float),
    "--latency": ("latency_seconds", float),
    "--jobs-take": ("job_seconds", float),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser read the options; what is not given is None."""
    for option, (setting, kind) in OPTIONS.items():
        parser.add_argument(option, dest=setting, type=kind)
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction)


def profile_of(folder: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of a start: as given, else as at the last start, else as at the first."""
    path = folder / FILE
    stored = json.loads(path.read_text()) if path.exists() else {}
    known = {*(setting for setting, _ in OPTIONS.values()), "tls"}
    kept = {key: value for key, value in stored.items() if key in known}
    said = {key: given[key] for key in known if given.get(key) is not None}
    return {**FIRST, **kept, **said}


def save(folder: Path, profile: Mapping[str, Any]) -> None:
    """Keep a profile for the next start."""
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(dict(profile), indent=2))
    part.replace(folder / FILE)
