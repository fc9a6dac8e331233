"""`/updated` and `/deleted`: spans in minutes, as the REST guide tells of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running


@pytest.fixture
def api(org: Running, log_in: Any) -> Any:
    """Give a session in an org whose clock stands at ten seconds past a minute."""
    clock: Any = org.org.clock
    clock.time = clock.time.replace(second=10, microsecond=0)
    return log_in(org)


def minutes(api: Any, count: int) -> None:
    api.running.org.clock.advance(60 * count)


def span(api: Any, kind: str, start: int, end: int) -> Any:
    """Ask for a span that begins and ends so many minutes from now."""
    now = api.running.org.now()
    asked = {"start": start, "end": end}
    told = {key: (now + timedelta(minutes=at)).isoformat() for key, at in asked.items()}
    return api.get(f"sobjects/Lead/{kind}/", params=told)


def test_updated_tells_what_was_made_or_changed_in_the_span(api: Any) -> None:
    early = api.lead()
    minutes(api, 5)
    late, changed = api.lead(), early
    found = span(api, "updated", -3, 1).json()
    assert list(found) == ["ids", "latestDateCovered"]
    assert found["ids"] == [late]
    minutes(api, 1)
    api.patch(f"sobjects/Lead/{changed}", {"Title": "VP"})
    assert span(api, "updated", -3, 1).json()["ids"] == [late, changed]
    assert span(api, "updated", -10, -5).json()["ids"] == []


def test_the_seconds_of_both_ends_do_not_count(api: Any) -> None:
    lead = api.lead()  # at :10
    minutes(api, 2)
    assert span(api, "updated", -2, -1).json()["ids"] == [lead]
    covered = span(api, "updated", -2, 9).json()["latestDateCovered"]
    assert covered == f"{api.running.org.now():%Y-%m-%dT%H:%M}:00.000+0000"


def test_deleted_tells_when_and_updated_is_silent_of_them(api: Any) -> None:
    lead, kept = api.lead(), api.lead()
    minutes(api, 3)
    api.call("DELETE", f"sobjects/Lead/{lead}")
    moment = f"{api.running.org.now():%Y-%m-%dT%H:%M:%S}.000+0000"
    minutes(api, 1)
    found = span(api, "deleted", -2, 1).json()
    assert list(found) == ["deletedRecords", "earliestDateAvailable", "latestDateCovered"]
    assert found["deletedRecords"] == [{"deletedDate": moment, "id": lead}]
    assert span(api, "deleted", -10, -2).json()["deletedRecords"] == []
    assert span(api, "updated", -10, 1).json()["ids"] == [kept]


def test_a_record_that_is_gone_for_good_is_remembered(api: Any) -> None:
    lead = api.lead()
    minutes(api, 1)
    api.run_job(f"Id\n{lead}\n", "hardDelete")
    minutes(api, 1)
    (found,) = span(api, "deleted", -3, 1).json()["deletedRecords"]
    assert found["id"] == lead


@pytest.mark.parametrize("kind", ["updated", "deleted"])
def test_spans_that_cannot_be_answered_are_refused(api: Any, kind: str) -> None:
    for start, end in ((0, 0), (5, 1), (-60 * 24 * 31, 0)):
        reply = span(api, kind, start, end)
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (
            400, "INVALID_REPLICATION_DATE",
        )  # fmt: skip
    words = {"start": "now", "end": "soon"}
    told = api.get(f"sobjects/Lead/{kind}", params=words)
    assert told.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
    assert api.get(f"sobjects/Lead/{kind}").status_code == 400
    assert api.get(f"sobjects/Nope/{kind}?start=a&end=b").status_code == 404


def test_a_plus_sign_that_nobody_encoded_is_understood(api: Any) -> None:
    lead = api.lead()
    now: datetime = api.running.org.now()
    start, end = now - timedelta(minutes=1), now + timedelta(minutes=2)
    form = "%Y-%m-%dT%H:%M:%S+00:00"
    path = f"sobjects/lead/updated?start={start:{form}}&end={end:{form}}"
    assert api.get(path).json()["ids"] == [lead]
