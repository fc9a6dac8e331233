"""Plays a story against a local org, and tells of each exchange in what the answers differ."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulator.conformance.shape import differences

if TYPE_CHECKING:
    import requests

    from crm_sink.emulator.serve import Running
    from tests.emulator.conformance.exchange import Exchange, Story

# Header names that are not the org's: of the connection, of https, or of one release long ago.
NOT_COMPARED = {
    "connection": "the HTTP server's",
    "content-encoding": "depends on the client and on the size",
    "content-length": "the HTTP server's",
    "date": "the HTTP server's",
    "transfer-encoding": "the HTTP server's",
    "strict-transport-security": "only over https",
    "content-security-policy": "in recordings before 2026 only",
    "expires": "in recordings before 2026 only",
    "org.eclipse.jetty.server.include.etag": "in recordings of 2015 only",
    "x-content-type-options": "in recordings before 2026 only",
    "x-xss-protection": "in recordings before 2026 only",
}
SLOW = re.compile(r"/jobs/(ingest|query)/|/services/async/")


@dataclass(frozen=True)
class Played:
    """What became of one exchange."""

    exchange: Exchange
    differs: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Say "matched", "differs" or "aside"."""
        if self.exchange.aside is not None:
            return "aside"
        return "differs" if self.differs else "matched"


class Player:
    """Sends recorded requests to an org; remembers which of its ids stands for a recorded one."""

    def __init__(self, running: Running, session: requests.Session) -> None:
        self.running = running
        self.session = session
        self.token = running.token()
        who = running.org.credentials
        self.known: dict[str, str] = {}
        self.masked = {
            "<client_id>": who.client_id,
            "<client_secret>": who.client_secret,
            "<username>": who.username,
            "<password>": who.password,
            "<security_token>": who.security_token,
        }

    def play(self, story: Story) -> list[Played]:
        """Play all exchanges in order; those that are not judged are left out of the result."""
        for one in story.exchanges:
            org = self.running.org
            for named in re.findall(r"/id/(00D\w+)/|/Organization/(00D\w+)$", one.path):
                self.known |= {text: org.org_id for text in named if text}
            login = re.search(
                "<username>(.*?)</username><password>(.*?)</password>", one.body or ""
            )
            if login:
                secret = org.credentials.password + org.credentials.security_token
                self.known |= {login[1]: org.credentials.username, login[2]: secret}
            for named in re.findall(r"/id/\w+/(005\w+)$", one.path):
                self.known[named] = org.user_id
        told = [(one, [] if one.aside else self._send(one)) for one in story.exchanges]
        return [Played(one, tuple(differs)) for one, differs in told if one.judged]

    def _send(self, one: Exchange) -> list[str]:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}
        if "/services/async/" in one.path:
            headers["X-SFDC-Session"] = self.token
        if SLOW.search(one.path) and one.method == "GET":
            self.running.org.jobs.settle(20)
        body = None if one.body is None else self._ours(one.body).replace("<session>", self.token)
        if body and body.startswith("grant_type="):
            for mask, ours in self.masked.items():
                body = body.replace(mask, ours)
        headers |= {key: kind for key, kind in [("Content-Type", _sent(body))] if kind}
        headers |= one.headers
        reply = self.session.request(
            one.method,
            self.running.url + self._ours(one.path),
            params={key: self._ours(value) for key, value in one.query.items()} or None,
            data=body.encode() if body is not None else None,
            headers=headers,
            timeout=30,
        )
        if SLOW.search(one.path) and one.method in ("PATCH", "POST", "PUT"):
            self.running.org.jobs.settle(20)
        if one.answer:
            self._learn(one.answer, reply.text)
        return self._judge(one, reply) if one.judged else []

    def _judge(self, one: Exchange, reply: requests.Response) -> list[str]:
        found = []
        if reply.status_code != one.status:
            told = reply.text[:150]
            return [f"status {reply.status_code}, recorded {one.status}: {told}"]
        if one.header_names is not None:
            missing = (
                one.header_names - {name.lower() for name in reply.headers} - set(NOT_COMPARED)
            )
            found += [f"no header {name}" for name in sorted(missing)]
        if "/" in (one.content_type or "") and reply.content:
            one_type, other = (
                _plain(text) for text in (one.content_type, reply.headers["content-type"])
            )
            if one_type != other:
                found.append(f"content type {other}, recorded {one_type}")
        return found + differences(one.answer, reply.text, one.content_type)

    def _ours(self, text: str) -> str:
        for recorded, ours in self.known.items():
            text = text.replace(recorded, ours)
        return text

    def _learn(self, recorded: str, answered: str) -> None:
        """Pair the ids that were recorded with those that the org gave."""
        try:
            self._pair(json.loads(recorded), json.loads(answered))
        except json.JSONDecodeError:
            for tag in ("id", "jobId"):
                for one, two in zip(
                    re.findall(f"<{tag}>(\\w+)</{tag}>", recorded),
                    re.findall(f"<{tag}>(\\w+)</{tag}>", answered),
                    strict=False,
                ):
                    self.known.setdefault(one, two)

    def _pair(self, recorded: Any, ours: Any) -> None:
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key in recorded.keys() & ours.keys():
                one, two = recorded[key], ours[key]
                if key == "id" and isinstance(one, str) and isinstance(two, str):
                    if one != two and len(one) in (15, 18):
                        self.known.setdefault(one, two)
                elif key == "nextRecordsUrl" and isinstance(one, str) and isinstance(two, str):
                    told = (url.rpartition("/")[2].partition("-")[0] for url in (one, two))
                    self.known.setdefault(*told)
                else:
                    self._pair(one, two)
        if isinstance(recorded, list) and isinstance(ours, list):
            for one, two in zip(recorded, ours, strict=False):
                self._pair(one, two)


def _sent(body: str | None) -> str | None:
    if body is None:
        return None
    if body and body.startswith("grant_type="):
        return "application/x-www-form-urlencoded"
    if body and body.lstrip()[:1] not in "{[":
        return "text/xml" if body.lstrip().startswith("<") else "text/csv"
    return "application/json"


def _plain(content_type: str) -> str:
    return content_type.replace(" ", "").lower()
