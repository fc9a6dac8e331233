"""Sessions: access tokens that the org signs, so that they outlive a restart without a table.

A token is `00D…!` and letters, digits and dots (facts 1.3); it carries when it was issued and for
whom. It lives as long as the session timeout after its last use (facts 1.3: an activity renews it).

Not imitated: JWT-shaped access tokens, session security levels, refresh tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crm_sink.emulator.clock import Clock

FILE = "sessions.json"


class Sessions:
    """Issues, checks, revokes and expires access tokens."""

    def __init__(self, folder: Path, org_id: str, key: str, clock: Clock) -> None:
        self.seconds = 7200
        self.fixed: frozenset[str] = frozenset()
        self._path = folder / FILE
        self._org = org_id[:15]
        self._key = key.encode()
        self._clock = clock
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()
        stored = json.loads(self._path.read_text()) if self._path.exists() else {}
        # Raised by `expire_all`; a token of an earlier epoch is dead.
        self._epoch: int = stored.get("epoch", 0)
        self._revoked: set[str] = set(stored.get("revoked", []))

    def allow(self, tokens: Iterable[str], seconds: int) -> None:
        """Let these tokens always pass, and set the session timeout."""
        self.fixed = frozenset(tokens)
        self.seconds = seconds

    def issue(self) -> str:
        """Make a new access token."""
        issued = f"{int(self._now() * 1000):012x}"
        body = f"{issued}{self._epoch:04x}{secrets.token_hex(8)}"
        return f"{self._org}!AQ{body}.{self._sign(body)}"

    def is_valid(self, token: str) -> bool:
        """Say whether a token may pass now, and renew it if so."""
        if token in self.fixed:
            return True
        start, _, signature = token.partition(".")
        body = start.removeprefix(f"{self._org}!AQ")
        # Only ASCII can be compared, or be a token of ours.
        if body == start or not token.isascii():
            return False
        if not hmac.compare_digest(signature, self._sign(body)):
            return False
        issued = int(body[:12], 16) / 1000
        with self._lock:
            last = self._used.get(token, issued)
            if token in self._revoked or int(body[12:16], 16) < self._epoch:
                return False
            if self._now() - last >= self.seconds:
                return False
            self._used[token] = self._now()
        return True

    def revoke(self, token: str) -> None:
        """End one session."""
        with self._lock:
            self._revoked.add(token)
            self._save()

    def expire_all(self) -> None:
        """End all sessions issued so far; tokens handed in by a setting too."""
        with self._lock:
            self._epoch += 1
            self.fixed = frozenset()
            self._used.clear()
            self._save()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()[:40]

    def _save(self) -> None:
        state = {"epoch": self._epoch, "revoked": sorted(self._revoked)}
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(state))
        part.replace(self._path)  # at once: half a file would keep the org from starting
