"""Reads the cassettes of CumulusCI: YAML with included files and XML templates.

Their recorder left headers out (but the content type) and wrote `vxx.0` for each version.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ruamel.yaml import YAML

from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSING = "a passing state: the local org is done before anyone asks"
ASIDE = {
    "TYPEOF": "of events, which the local org does not have",
    "sobjects/Event/describe": "described by hand: an event's several invitees",
}
_READER = YAML(typ="safe")
_READER.allow_duplicate_keys = True  # one was arranged by hand
SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")
CHUNK = re.compile(r"\A[0-9a-f]+\r\n")


def cumulusci(folder: Path) -> list[Story]:
    """Read every cassette; a shared one that no other includes is a story of its own."""
    root = folder / "cumulusci"
    shared = root / "tests" / "shared_cassettes"
    made, included = [], set()
    for path in sorted(root.rglob("cassettes/*.yaml")):
        told = []
        for one in _load(path)["interactions"]:
            name = one.get("include_file")
            included.add(name)
            told.append(_exchange(path.stem, _load(shared / name) if name else one, shared))
        made.append(Story("cumulusci", path.stem, tuple(told)))
    for path in sorted(shared.glob("*.yaml")):
        if path.name not in included:
            told = [_exchange(path.stem, _load(path), shared)]
            made.append(Story("cumulusci", path.stem, tuple(told)))
    return made


@cache
def _load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = _READER.load(path.read_text())
    return found


def _exchange(name: str, one: dict[str, Any], shared: Path) -> Exchange:
    asked, told = one["request"], one["response"]
    url = urlsplit(asked["uri"].replace("vxx.0", "v60.0").replace("async/v60.0", "async/60.0"))
    headers = told.get("headers") or {}
    headers = headers.get("Response-Headers", headers)
    listed = headers.get("Content-Type") or [None]
    body = asked.get("body")
    answer = _text((told.get("body") or {}).get("string"), shared)
    return Exchange(
        "cumulusci",
        name,
        asked["method"],
        url.path,
        told["status"]["code"],
        answer.replace("vxx.0", "v60.0") if answer else None,
        query=dict(parse_qsl(url.query)),
        body=_whole(body).replace("vxx.0", "v60.0") if body else None,
        headers={"X-PrettyPrint": "1"} if answer and '" : ' in answer else {},
        content_type=listed[0] if isinstance(listed, list) else listed,
        aside=_aside(f"{name} {asked['method']} {asked['uri']} {body}", answer or ""),
    )


def _aside(asked: str, answer: str) -> str | None:
    if "GET https" in asked and re.search("<state>(Queued|InProgress)<", answer):
        return PASSING
    if asked.startswith("TestSelect") and "/services/async/" in asked:
        return "arranged by hand by those who recorded it"
    return next((reason for word, reason in ASIDE.items() if word in asked), None)


def _text(told: Any, shared: Path) -> str | None:
    if not isinstance(told, dict):
        return None if told is None else str(told)
    template = (shared / "vcr_string_templates" / told["include_template"]).read_text()
    given = told.get("vars", {})
    filled = SLOT.sub(lambda found: str(given.get(found[1], found[2] or "")), template)
    return filled.replace("<apiVersion>vxx.0", "<apiVersion>60.0")


def _whole(body: str) -> str:
    """Give a body that was recorded in its chunks as one text."""
    if not CHUNK.match(body):
        return body
    return "".join(_chunks(body.encode())).rstrip("\0")


def _chunks(body: bytes) -> Iterator[str]:
    while body:
        size, _, rest = body.partition(b"\r\n")
        # The recorder wrote CRLF after each chunk; sizes are hexadecimal.
        length = int(size, 16)
        yield rest[:length].decode()
        body = rest[length:].lstrip(b"\r\n")
        if not length:
            return


def seen_before(stories: list[Story]) -> list[Story]:
    """Let a repetition of the same call with the same answer only be played, not counted."""
    known: set[str] = set()
    made = []
    for story in stories:
        told = []
        for one in story.exchanges:
            key = _key(one)
            told.append(one.at(judged=False) if key in known else one)
            known.add(key)
        made.append(Story(story.group, story.name, tuple(told), story.fields))
    return made


ID = re.compile(r"\b(?=\w*\d)[0-9A-Za-z]{3}[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?\b")


def _key(one: Exchange) -> str:
    asked = [one.group, one.method, one.path, sorted(one.query.items()), one.body, one.status]
    return ID.sub("<id>", json.dumps([*asked, one.answer]))
