"""Calls to the org as the tests of a session make them, and the error of one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crm_sink.crm.call import Call, Repeat
from crm_sink.errors import CrmError
from crm_sink.salesforce.auth import Login
from crm_sink.salesforce.session import Session
from tests.salesforce.conftest import ROOT, TOKEN, Reply, Wire

GET = Call("GET", f"{ROOT}/limits", "/limits")
WRITE = Call("PATCH", f"{ROOT}/composite/sobjects", "/composite/sobjects", body=b"{}")
SETTLE = Call("PATCH", WRITE.path, WRITE.label, body=b"{}", repeat=Repeat.SETTLE)


@contextmanager
def session_of(url: str, *tokens: str) -> Iterator[Session]:
    """Open a session that logs in with one token after the other."""
    pending = list(tokens or [TOKEN])
    session = Session(
        lambda: Login(url, pending.pop(0) if len(pending) > 1 else pending[0]), timeouts=(2.0, 0.3)
    )
    yield session
    session.close()


def failure(wire: Wire, call: Call, reply: Reply) -> CrmError:
    """Make a call to which the org answers so, and give the error."""
    wire.on(call.method, call.path, reply)
    with session_of(wire.url) as session, pytest.raises(CrmError) as raised:
        session(call)
    return raised.value
