"""Whatever is run, and however it fails, no secret is said, logged or written down."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from crm_sink import sync
from crm_sink.clock import SystemClock
from crm_sink.errors import CrmSinkError
from crm_sink.observe.log import json_listener

if TYPE_CHECKING:
    from tests.conftest import Desk

# Beside a rule for the writes, one that ends sessions on the way: a new login, a new token.
FAULTS = (
    {"kind": "status", "status": 503, "path": "composite/*", "count": 1},
    {"kind": "truncated", "path": "query*", "count": 1},
    {"kind": "expired", "revoke": True, "path": "composite/*", "count": 1},
    {"kind": "drop-after", "path": "composite/*", "count": 1},
)
A_TOKEN = re.compile(rb"00D\w{12,15}!|eyJ[\w-]{20,}\.")  # of a session, or a signed assertion


def logins(desk: Desk) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Give the variables of each way to log in, and those of one that is refused."""
    who = desk.org.org.credentials
    user = {"CLIENT_ID": who.client_id, "USERNAME": who.username}
    key = str(who.private_key_file)
    return {
        "secret": (
            {"CLIENT_ID": who.client_id, "CLIENT_SECRET": who.client_secret},
            {"CLIENT_ID": "somebody-else", "CLIENT_SECRET": who.client_secret},
        ),
        "key": ({**user, "JWT_KEY_FILE": key}, {**user, "USERNAME": "no", "JWT_KEY_FILE": key}),
        "token": ({"ACCESS_TOKEN": desk.org.token()}, {"ACCESS_TOKEN": desk.org.token() + "x"}),
    }


def secrets_of(variables: dict[str, str]) -> list[bytes]:
    """Give what must not be seen: each line of a key, but for those that every key has."""
    found = [variables[name] for name in ("CLIENT_SECRET", "ACCESS_TOKEN") if name in variables]
    if "JWT_KEY_FILE" in variables:
        pem = Path(variables["JWT_KEY_FILE"]).read_text().splitlines()
        found += [line for line in pem if not line.startswith("-----")]
    assert found
    return [secret.encode() for secret in found]


def everything(desk: Desk, log: str) -> Iterator[tuple[str, bytes]]:
    """Give what was said and logged, and each file below the folder: ledger, runs, rejects."""
    yield "log", log.encode()
    for said in desk.said:
        yield "stdout and stderr", (said.out + said.err).encode()
    for path in desk.folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()


@pytest.mark.parametrize("way", ["secret", "key", "token"])
def test_no_secret_is_said_logged_or_written(
    two: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """Doctor, a plan, an org that fails, rejects, a login that is refused; all at DEBUG."""
    caplog.set_level(logging.DEBUG)
    good, refused = logins(two)[way]
    events = io.StringIO()
    listener = json_listener(events, SystemClock(), level=logging.DEBUG)
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"CRM_SINK_{name}")
    for name, value in good.items():
        monkeypatch.setenv(f"CRM_SINK_{name}", value)
    two.predict("from (values ('a', 0.9), ('b', 0.1), ('nobody', 0.5)) t(id, score)")

    assert two.crm_sink("doctor").code == 0
    assert two.crm_sink("plan", "lead.yaml", "--log", "json").code == 3
    requests.post(f"{two.org.url}/__faults__", json=list(FAULTS), timeout=30).raise_for_status()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "sleep", lambda *_: None)
        try:
            assert sync("lead.yaml", listener=listener).run.totals.updated == 2
        except CrmSinkError as error:  # a ready token that was revoked cannot be renewed
            assert way == "token"
            events.write(str(error))
    requests.delete(f"{two.org.url}/__faults__", timeout=30).raise_for_status()
    for name, value in refused.items():
        monkeypatch.setenv(f"CRM_SINK_{name}", value)
    assert two.crm_sink("sync", "lead.yaml", "--log", "json").code == 12
    assert two.crm_sink("doctor", "--format", "json").code == 12
    for verb in ("show", "runs"):
        assert two.crm_sink(verb, "--format", "json").code == 0

    log = caplog.text + events.getvalue()
    assert '"event": "call_made"' in log
    assert '"event": "retry_scheduled"' in log
    seen = list(everything(two, log))
    assert any(place.endswith("ledger.db") for place, _ in seen)
    for place, content in seen:
        assert not A_TOKEN.search(content), place
        for secret in secrets_of(good) + secrets_of(refused):
            assert secret not in content, place


def test_a_secret_that_is_written_somewhere_is_noticed(two: Desk) -> None:
    """The search itself: a token in a file of the folder is found."""
    two.write(".crm_sink/runs/x/note.txt", f"Bearer {two.org.token()}")
    assert any(A_TOKEN.search(content) for _, content in everything(two, ""))
