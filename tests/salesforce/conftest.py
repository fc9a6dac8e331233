"""What the tests of this room share: an HTTP server that gives literal answers, and a client."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crm_sink.crm.contract import Action, Api, Chunk
from crm_sink.crm.observed import Observed
from crm_sink.crm.policy import Policy
from crm_sink.crm.retrying import Retrying
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.salesforce.auth import Login
from crm_sink.salesforce.salesforce import Salesforce
from crm_sink.salesforce.session import Session
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Ticket

if TYPE_CHECKING:
    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send

ROOT = "/services/data/v62.0"
TOKEN = "00D000000000001!secret.token"

SCORE = FieldSchema("Score__c", FieldType.DOUBLE, precision=3)
BAND = FieldSchema("Band__c", FieldType.PICKLIST, length=255)
NOTE = FieldSchema("Note__c", FieldType.TEXTAREA, length=1024)
HOT = FieldSchema("Hot__c", FieldType.BOOLEAN)
AT = FieldSchema("At__c", FieldType.DATETIME)
EXT = FieldSchema("Ext__c", FieldType.STRING, length=36, external_id=True, id_lookup=True)
ID = FieldSchema("Id", FieldType.ID, length=18)
ACCOUNT = FieldSchema("Account.Ext__c", FieldType.STRING, length=36, lookup="AccountId")


@dataclass(frozen=True)
class Reply:
    """One literal answer. `cut` closes the connection after that many bytes of the body."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str | None = None
    cut: int | None = None
    zipped: bool = False

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

    def content_type(self) -> str:
        if self.kind is not None:
            return self.kind
        return "text/csv" if isinstance(self.body, str) else "application/json;charset=UTF-8"


@dataclass(frozen=True)
class Asked:
    """One request that the server got."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answering = Callable[[Asked], Reply]


class Wire:
    """An HTTP server that gives literal answers and remembers what it was asked.

    Of several answers to one method and path each is given once, the last for ever.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply | Answering]] = {}
        self._lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, headers, body)
                self.write(wire.take(asked))

            def write(self, reply: Reply) -> None:
                content = gzip.compress(reply.content()) if reply.zipped else reply.content()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type())
                if reply.zipped:
                    self.send_header("Content-Encoding", "gzip")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                if reply.cut == 0:  # not even a status line
                    self.close_connection = True
                    self._headers_buffer: list[bytes] = []
                    return
                self.end_headers()
                self.wfile.write(content[: reply.cut])
                self.close_connection = reply.cut is not None

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def on(self, method: str, path: str, *replies: Reply | Answering) -> None:
        """Say how to answer; a path that does not start with /services is below the root."""
        path = path if path.startswith("/services") else ROOT + path
        self._replies[method, path] = list(replies)

    def take(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            replies = self._replies.get((asked.method, asked.path))
            if not replies:
                text = "The requested resource does not exist"
                return Reply([{"errorCode": "NOT_FOUND", "message": text}], 404)
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Reply) else reply(asked)

    def paths(self, method: str | None = None) -> list[str]:
        """Give `METHOD path` of what was asked, below the root."""
        return [
            f"{asked.method} {asked.path.removeprefix(ROOT)}"
            for asked in self.asked
            if method in (None, asked.method)
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Client:
    """A client of the wire, wired as the product is, with a clock that does not wait."""

    crm: Salesforce
    send: Send
    session: Session
    observed: Observed


def client_of(url: str, clock: Clock, token: str = TOKEN) -> Client:
    session = Session(lambda: Login(url, token), timeouts=(2.0, 2.0))
    observed = Observed(session, clock)
    send = Retrying(observed, Policy(tries=3), clock, lambda: 0.5)
    return Client(Salesforce(send, clock, observed.usage, "62.0"), send, session, observed)


@pytest.fixture
def client(wire: Wire, clock: Clock) -> Iterator[Client]:
    made = client_of(wire.url, clock)
    yield made
    made.session.close()


def changes(engine: Engine, path: Path, rows: str, fields: str) -> Relation:
    """Store table `changes` from `values` rows of: id, key, then F and whether it is written."""
    return engine.save(
        "select 0 as chunk, row_number() over () as row, key, id, 'update' as action, "
        f"cast(null as timestamp) as modified, * exclude (id, key) from (values {rows}) "
        f"t(id, key, {fields})",
        path,
    )


def chunk_of(
    relation: Relation,
    *fields: FieldSchema,
    action: Action = Action.UPDATE,
    api: Api = Api.BULK,
    ticket: Ticket | None = None,
) -> Chunk:
    return Chunk("run-1", 0, "Lead", action, api, EXT, fields, relation, ticket)


def nothing(ticket: Ticket) -> None:
    """Remember a ticket nowhere."""
