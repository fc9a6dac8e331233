"""A process leaves a share of the org's daily calls to others."""

from __future__ import annotations

import threading

import pytest

from crm_sink.crm.budgeted import Budgeted
from crm_sink.crm.call import Allowance, Answer, Call
from crm_sink.crm.observed import Usage
from crm_sink.errors import CrmError, Fate

GET = Call("GET", "/x", "/x")


class Org:
    """An org that counts its calls, 100 a day."""

    def __init__(self, used: int | None) -> None:
        self.used = used
        self.sent = 0

    def __call__(self, call: Call) -> Answer:
        self.sent += 1
        self.used = (self.used or 0) + 1
        return Answer(200)

    def usage(self) -> Usage:
        return Usage(allowance=None if self.used is None else Allowance(self.used, 100))


def test_calls_are_made_up_to_the_share_and_not_one_beyond() -> None:
    org = Org(used=75)
    send = Budgeted(org, org.usage, 0.8)
    for _ in range(5):
        send(GET)
    with pytest.raises(CrmError, match="80 of the org's 100 calls a day are used") as raised:
        send(GET)
    assert (raised.value.code, raised.value.fate) == ("BUDGET_SPENT", Fate.STOP)
    assert org.sent == 5


def test_a_first_call_is_made_because_only_its_answer_tells() -> None:
    org = Org(used=None)
    Budgeted(org, org.usage, 0.8)(GET)
    assert org.sent == 1


def test_calls_in_flight_count_before_they_are_answered() -> None:
    org, entered, leave = Org(used=79), threading.Event(), threading.Event()

    def slow(call: Call) -> Answer:
        entered.set()
        leave.wait(10)
        return Answer(200)

    send = Budgeted(slow, org.usage, 0.8)
    thread = threading.Thread(target=send, args=(GET,))
    thread.start()
    entered.wait(10)
    with pytest.raises(CrmError, match="budget"):
        send(GET)
    leave.set()
    thread.join()
