"""Every way in which a call can fail becomes one CrmError with a fate, or is mended."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from crm_sink.clock import Clock
from crm_sink.crm.call import Allowance, Call
from crm_sink.errors import AnswerLost, CrmError, Fate
from tests.salesforce.calls import GET, SETTLE, WRITE, failure, session_of
from tests.salesforce.conftest import TOKEN, Reply, Wire, client_of


def test_an_answer_is_parsed_and_tells_the_allowance(wire: Wire) -> None:
    header = "api-usage=17/15000; per-app-api-usage=17/250(appName=x)"
    wire.on("GET", "/limits", Reply({"a": 1}, headers={"Sforce-Limit-Info": header}, zipped=True))
    with session_of(wire.url) as session:
        answer = session(GET)
    assert answer.document == {"a": 1}
    assert answer.allowance == Allowance(17, 15000)


def test_every_write_says_that_assignment_rules_must_not_run(wire: Wire) -> None:
    wire.on("PATCH", "/composite/sobjects", Reply([]))
    wire.on("GET", "/limits", Reply({}))
    with session_of(wire.url) as session:
        session(WRITE)
        session(GET)
    write, read = wire.asked
    assert write.headers["sforce-auto-assign"] == "FALSE"
    assert "sforce-auto-assign" not in read.headers
    assert write.headers["sforce-call-options"].startswith("client=crm_sink/")
    assert write.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("status", "code", "message", "fate"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Fate.STOP),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentPerOrgLongTxn Limit exceeded.",
            Fate.RETRY_SLOWER,
        ),
        (503, "SERVER_UNAVAILABLE", "server too busy", Fate.RETRY_SLOWER),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", Fate.RETRY),
        (400, "INVALID_FIELD", "No such column 'X' on sobject of type Lead", Fate.REJECT),
        (400, "MALFORMED_QUERY", "unexpected token: 'x'", Fate.STOP),
    ],
)
def test_salesforces_codes_decide_the_fate(
    wire: Wire, status: int, code: str, message: str, fate: Fate
) -> None:
    error = failure(wire, GET, Reply([{"message": message, "errorCode": code}], status))
    assert (error.code, error.fate, error.status, error.message) == (code, fate, status, message)
    assert error.hint


def test_a_query_is_refused_without_its_keys_in_the_message(wire: Wire) -> None:
    """Salesforce quotes the query before its reason; keys may be e-mail addresses."""
    query = "\nWHERE Email IN ('jane@acme.example')\n   ^\nERROR at Row:1:Column:8\n"
    said = {"message": f"{query}No such column 'X'", "errorCode": "INVALID_FIELD"}
    assert failure(wire, GET, Reply([said], 400)).message == "No such column 'X'"


@pytest.mark.parametrize("status", [420, 429, 503])
def test_a_refusal_of_the_edge_is_tried_again_slower(wire: Wire, status: int) -> None:
    reply = Reply(b"<html>busy</html>", status, kind="text/html", headers={"Retry-After": "7"})
    error = failure(wire, GET, reply)
    assert (error.fate, error.after, error.code) == (Fate.RETRY_SLOWER, 7.0, f"HTTP_{status}")


def test_a_refused_write_is_not_a_lost_one(wire: Wire) -> None:
    busy = Reply([{"message": "server too busy", "errorCode": "SERVER_UNAVAILABLE"}], 503)
    assert not isinstance(failure(wire, SETTLE, busy), AnswerLost)


def test_a_503_of_a_gateway_leaves_a_write_lost_and_its_wait_is_kept(wire: Wire) -> None:
    """A load balancer says so, too, when the org was at work for too long."""
    page = Reply(b"<html>busy</html>", 503, kind="text/html", headers={"Retry-After": "7"})
    error = failure(wire, SETTLE, page)
    assert isinstance(error, AnswerLost)
    assert (error.fate, error.after) == (Fate.RETRY_SLOWER, 7.0)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_gateway_that_gives_up_on_a_write_leaves_its_answer_lost(wire: Wire, status: int) -> None:
    assert isinstance(failure(wire, SETTLE, Reply(b"", status)), AnswerLost)
    assert not isinstance(failure(wire, WRITE, Reply(b"", status)), AnswerLost)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(b"<html>maintenance</html>", kind="text/html"), "NOT_THE_API"),
        (Reply(b'[{"id": "00Q', kind="application/json"), "TRUNCATED"),
        (Reply({"a": "b" * 1000}, cut=100), "TRUNCATED"),
        (Reply({"a": 1}, cut=0), "CONNECTION_LOST"),
    ],
)
def test_an_answer_that_cannot_be_read_is_asked_for_again_but_not_written_again(
    wire: Wire, reply: Reply, code: str
) -> None:
    read, write = failure(wire, GET, reply), failure(wire, SETTLE, reply)
    assert (read.code, read.fate) == (code, Fate.RETRY)
    assert isinstance(write, AnswerLost)


def test_a_redirect_is_not_followed_with_the_token(wire: Wire) -> None:
    other = Wire()
    try:
        error = failure(wire, GET, Reply(b"", 302, headers={"Location": other.url + "/x?y=z"}))
    finally:
        other.close()
    assert (error.code, error.fate) == ("REDIRECTED", Fate.STOP)
    assert other.url + "/x" in error.message
    assert other.asked == []


def test_a_path_that_would_lead_to_another_host_is_not_called(wire: Wire) -> None:
    with session_of(wire.url) as session, pytest.raises(CrmError, match="slash"):
        session(Call("GET", "@127.0.0.2/services", "/query/{locator}"))
    assert wire.asked == []


def test_an_org_that_does_not_answer_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with session_of(url) as session, pytest.raises(CrmError) as raised:
            session(GET)
        with session_of(url) as session, pytest.raises(AnswerLost):
            session(SETTLE)
    assert (raised.value.code, raised.value.fate) == ("TIMED_OUT", Fate.RETRY)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_org_that_was_never_there_is_a_wrong_address() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with session_of(url) as session, pytest.raises(CrmError) as raised:
        session(SETTLE)
    assert (raised.value.code, raised.value.fate) == ("CONNECTION_REFUSED", Fate.STOP)
    assert raised.value.message == f"nothing answers at {url.removeprefix('http://')}"
    assert "CRM_SINK_INSTANCE_URL" in str(raised.value.hint)


def test_an_org_that_went_away_is_waited_for(wire: Wire) -> None:
    wire.on("GET", "/limits", Reply({}, headers={"Connection": "close"}))
    with session_of(wire.url) as session:
        session(GET)
        wire.close()
        with pytest.raises(CrmError) as raised:
            session(GET)
    assert (raised.value.code, raised.value.fate) == ("CONNECTION_REFUSED", Fate.RETRY)


def test_an_unknown_host_is_named() -> None:
    url = "https://acme.my.salesforce.invalid"
    with session_of(url) as session, pytest.raises(CrmError) as raised:
        session(GET)
    assert raised.value.code in {"HOST_UNKNOWN", "PROXY_FAILED"}
    assert "acme.my.salesforce.invalid" in raised.value.message


def test_proxies_are_not_used_for_this_machine(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    wire.on("GET", "/limits", Reply({}))
    with session_of(wire.url) as session:
        assert session(GET).status == 200


def test_a_password_in_netrc_does_not_replace_the_token(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    wire.on("GET", "/limits", Reply({}))
    with session_of(wire.url) as session:
        session(GET)
    assert wire.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_full_stack_waits_and_sends_again(wire: Wire, clock: Clock) -> None:
    busy = Reply([{"message": "server too busy", "errorCode": "SERVER_UNAVAILABLE"}], 503)
    wire.on("GET", "/limits", busy, Reply({"ok": True}))
    client = client_of(wire.url, clock)
    assert client.send(GET).document == {"ok": True}
    assert client.observed.usage().calls == 2
    client.session.close()
