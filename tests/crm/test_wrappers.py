"""Retrying, throttling and observing wrap the sending of one call, each without the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_sink.clock import Clock
from crm_sink.crm.call import Allowance, Answer, Call
from crm_sink.crm.contract import Action, Api, Chunk
from crm_sink.crm.dry_run import DryRun
from crm_sink.crm.gauge import Gauge
from crm_sink.crm.memory import Memory
from crm_sink.crm.observed import Observed, Usage
from crm_sink.crm.policy import Policy
from crm_sink.crm.retrying import Retrying
from crm_sink.crm.throttled import Throttled
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.events import AnswerMissed, BudgetSeen, CallMade, Event, RetryScheduled
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema

GET = Call("GET", "/services/data/v62.0/sobjects/Lead/00Q000000000001AAA", "/sobjects/Lead/{id}")
POLICY = Policy(tries=3, first_wait=2.0, max_wait=60.0, total_seconds=600.0)


def sender(*results: Answer | CrmError) -> Callable[[Call], Answer]:
    """Give the results one after the other."""
    pending = list(results)

    def send(call: Call) -> Answer:
        result = pending.pop(0)
        if isinstance(result, CrmError):
            raise result
        return result

    return send


def busy() -> CrmError:
    return CrmError("server too busy", code="SERVER_UNAVAILABLE", fate=Fate.RETRY, status=503)


def test_a_passing_failure_is_sent_again_after_the_wait(clock: Clock) -> None:
    events: list[Event] = []
    send = Retrying(sender(busy(), Answer(200)), POLICY, clock, lambda: 1.0, events.append)
    assert send(GET).status == 200
    assert clock.monotonic() == 2.0
    assert events == [RetryScheduled("GET", "/sobjects/Lead/{id}", "SERVER_UNAVAILABLE", 1, 2.0)]


def test_the_last_failure_is_raised_as_it_is(clock: Clock) -> None:
    last = busy()
    send = Retrying(sender(busy(), busy(), last), POLICY, clock, lambda: 0.0)
    with pytest.raises(CrmError) as raised:
        send(GET)
    assert raised.value is last


def test_a_lost_answer_goes_straight_to_who_can_settle_it(clock: Clock) -> None:
    lost = AnswerLost("gone", code="TIMED_OUT", fate=Fate.RETRY)
    events: list[Event] = []
    with pytest.raises(AnswerLost):
        Retrying(sender(lost), POLICY, clock, lambda: 0.0, events.append)(GET)
    assert clock.monotonic() == 0.0
    assert events == [AnswerMissed("GET", "/sobjects/Lead/{id}", "TIMED_OUT")]


def test_calls_and_bytes_are_counted_failed_attempts_too(clock: Clock, tmp_path: Path) -> None:
    body = tmp_path / "part.csv"
    body.write_bytes(b"Id\n1234567\n")
    put = Call("PUT", "/x", "/x", body=body)
    observed = Observed(sender(busy(), Answer(201, received_bytes=5)), clock)
    with pytest.raises(CrmError):
        observed(GET)
    observed(put)
    assert observed.usage() == Usage(calls=2, sent_bytes=11, received_bytes=5)


def test_a_call_is_told_by_its_label_which_holds_no_key(clock: Clock) -> None:
    events: list[Event] = []
    Observed(sender(Answer(200, received_bytes=7)), clock, events.append)(GET)
    assert events == [CallMade("GET", "/sobjects/Lead/{id}", 200, 0.0, 0, 7)]


def test_the_allowance_is_told_when_it_changes(clock: Clock) -> None:
    events: list[Event] = []
    seen = Answer(200, allowance=Allowance(17, 15000))
    observed = Observed(sender(seen, seen, Answer(204)), clock, events.append)
    for _ in range(3):
        observed(GET)
    assert [event for event in events if isinstance(event, BudgetSeen)] == [BudgetSeen(17, 15000)]
    assert observed.usage().allowance == Allowance(17, 15000)


def test_no_more_calls_are_in_flight_than_allowed() -> None:
    inside: list[int] = []
    most: list[int] = []
    lock, two_are_in = threading.Lock(), threading.Barrier(2, timeout=5)

    def send(call: Call) -> Answer:
        with lock:
            inside.append(1)
            most.append(len(inside))
        two_are_in.wait()
        with lock:
            inside.pop()
        return Answer(200)

    throttled = Throttled(send, Gauge("calls", 2))
    threads = [threading.Thread(target=throttled, args=(GET,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert max(most) == 2


def test_a_failed_call_gives_its_place_back() -> None:
    throttled = Throttled(sender(busy(), Answer(200)), Gauge("calls", 1))
    with pytest.raises(CrmError):
        throttled(GET)
    assert throttled(GET).status == 200


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as opened:
        yield opened


def test_a_dry_run_refuses_to_write(tmp_path: Path, engine: Engine) -> None:
    key = FieldSchema("Ext__c", FieldType.STRING)
    chunk = Chunk(
        "r", 0, "Lead", Action.UPDATE, Api.BULK, key, (), Relation(tmp_path / "c.parquet", 7)
    )
    with pytest.raises(CrmError, match="7 changes of Lead") as raised:
        DryRun(Memory({})).submit(chunk, engine, lambda ticket: None)
    assert (raised.value.code, raised.value.fate) == ("DRY_RUN", Fate.STOP)


def test_a_dry_run_reads_as_before() -> None:
    schema = ObjectSchema("Lead", "Lead", "00Q")
    dry = DryRun(Memory({"Lead": schema}))
    assert dry.describe("Lead") == schema
    assert dry.budget().limit == 100_000
