"""The bound on what is in flight halves on trouble, and climbs back one by one."""

from __future__ import annotations

import pytest

from crm_sink.crm.call import Answer, Call
from crm_sink.crm.gauge import Gauge
from crm_sink.crm.throttled import Throttled
from crm_sink.errors import CrmError, Fate
from crm_sink.events import Event, ParallelismChanged

GET = Call("GET", "/x", "/x")


def now(gauge: Gauge) -> int:
    return int(gauge.story()["now"])


def test_it_halves_on_trouble_and_never_falls_below_one() -> None:
    gauge, bounds = Gauge("calls", 8), []
    for _ in range(5):
        with gauge.place() as place:
            place.trouble("SERVER_UNAVAILABLE")
        bounds.append(now(gauge))
    assert bounds == [4, 2, 1, 1, 1]


def test_it_climbs_by_one_when_all_in_flight_have_gone_well() -> None:
    gauge = Gauge("calls", 8)
    gauge.fall("UNABLE_TO_LOCK_ROW", seen=0)
    bounds = []
    for _ in range(30):
        with gauge.place() as place:
            place.success()
        bounds.append(now(gauge))
    assert [bounds.index(bound) for bound in (5, 6, 7, 8)] == [3, 8, 14, 21]
    assert max(bounds) == 8


def test_those_that_meet_the_same_trouble_together_make_it_fall_once() -> None:
    gauge = Gauge("chunks", 8)
    with gauge.place() as first, gauge.place() as second:
        first.trouble("UNABLE_TO_LOCK_ROW")
        second.trouble("UNABLE_TO_LOCK_ROW")
    assert now(gauge) == 4


def test_it_tells_what_happened() -> None:
    events: list[Event] = []
    gauge = Gauge("calls", 4, events.append)
    with gauge.place() as place:
        place.trouble("REQUEST_LIMIT_EXCEEDED")
    for _ in range(2):
        with gauge.place() as place:
            place.success()
    assert events == [
        ParallelismChanged("calls", 2, "REQUEST_LIMIT_EXCEEDED"),
        ParallelismChanged("calls", 3, ""),
    ]
    falls = {"REQUEST_LIMIT_EXCEEDED": 1}
    assert gauge.story() == {"most": 4, "least": 2, "now": 3, "falls": falls}


@pytest.mark.parametrize(
    ("fate", "bound"), [(Fate.RETRY_SLOWER, 4), (Fate.RETRY, 8), (Fate.STOP, 8), (Fate.REJECT, 8)]
)
def test_only_an_org_that_asks_for_less_makes_calls_fewer(fate: Fate, bound: int) -> None:
    """503, 420, 429 and concurrency are RETRY_SLOWER; a broken connection is not."""
    gauge = Gauge("calls", 8)

    def refuse(call: Call) -> Answer:
        raise CrmError("no", code="X", fate=fate)

    with pytest.raises(CrmError):
        Throttled(refuse, gauge)(GET)
    assert now(gauge) == bound
