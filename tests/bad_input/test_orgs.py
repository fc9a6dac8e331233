"""Orgs that cannot be reached, and servers that are no org: said, and nothing hangs."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Counter

FIELDS = "  Score__c: x\n"
ROWS = "select 'a' as id, 7 as x"


@contextmanager
def server(status: int, body: str, kind: str) -> Iterator[str]:
    """Run a web server that gives one answer to everything, and no more than that."""

    class Always(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Always) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_an_org_that_does_not_answer_is_named(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        port = taken.getsockname()[1]
        monkeypatch.setenv("CRM_SINK_INSTANCE_URL", f"http://127.0.0.1:{port}")
        said = counter.sync(FIELDS, ROWS)
    assert said.code == 1
    assert f"127.0.0.1:{port}" in said.err
    assert "try: " in said.err


def test_a_host_that_does_not_exist_is_named(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", "https://no-such-org.invalid")
    said = counter.sync(FIELDS, ROWS)
    assert said.code == 1
    assert "the host no-such-org.invalid is not known" in said.err
    assert "CRM_SINK_INSTANCE_URL" in said.err


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>Welcome to nginx!</html>", "text/html"),
        (200, "{}", "application/json"),
        (200, "[1, 2", "application/json"),
        (404, "<html>not here</html>", "text/html"),
    ],
)
def test_a_server_that_is_no_org_is_told(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, status: int, body: str, kind: str
) -> None:
    with server(status, body, kind) as url:
        monkeypatch.setenv("CRM_SINK_INSTANCE_URL", url)
        said = counter.sync(FIELDS, ROWS)
    assert said.code == 1
    assert "/services/oauth2/token" in said.err
    assert "try: is CRM_SINK_INSTANCE_URL" in said.err


@pytest.mark.parametrize("secret", ["", "wrong", "ümlaut"])
def test_a_wrong_secret_is_12_and_never_shown(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CRM_SINK_CLIENT_SECRET", secret)
    said = counter.sync(FIELDS, ROWS)
    assert said.code == 12
    assert not secret or secret not in said.err
    assert counter.holds("Score__c")["a"] == 1


@pytest.mark.parametrize("field", ["Scor__c", "CreatedDate", "Name", "score__c.x"])
def test_a_field_that_cannot_be_written_is_named(counter: Counter, field: str) -> None:
    said = counter.sync(f"  {field}: x\n", ROWS)
    assert said.code == 2
    assert "lead.yaml:5:3" in said.err


def test_a_secret_in_the_url_is_never_shown(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SINK_INSTANCE_URL", "http://u:hunter2@127.0.0.1:1")
    said = counter.sync(FIELDS, ROWS)
    assert said.code == 1
    assert "hunter2" not in said.err
    assert "hunter2" not in counter.desk.crm_sink("runs", "--format", "json").out
